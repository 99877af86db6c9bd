namespace LlmToolkit;

/// <summary>What is known of a model, the same facts for every container. Absent facts are null.</summary>
public sealed record ModelInfo
{
    /// <summary>Name of the container's format: <c>gguf</c>, <c>safetensors</c>, <c>pytorch</c>, <c>huggingface</c>.</summary>
    public required string Format { get; init; }

    /// <summary>Version of the container, as the format writes it.</summary>
    public string? Version { get; init; }

    /// <summary><c>little</c> or <c>big</c>; null: not known, as in a file that is cut.</summary>
    public string? ByteOrder { get; init; } = "little";

    /// <summary>Architecture by the container's own name: <c>llama</c>, <c>qwen2</c> … (GGUF's <c>general.architecture</c>, or <c>model_type</c>).</summary>
    public string? Architecture { get; init; }

    /// <summary>The class in <c>architectures[0]</c> of a config.json, for example <c>LlamaForCausalLM</c>.</summary>
    public string? ModelClass { get; init; }

    /// <summary>The model's name.</summary>
    public string? Name { get; init; }

    /// <summary>Licence, as the file writes it.</summary>
    public string? License { get; init; }

    /// <summary>Number of parameters, counted from the tensors: tied ones once, packed ones for what they hold, without the scales beside them.</summary>
    public long? Parameters { get; init; }

    /// <summary>The quantization in a word: <c>Q4_K_M</c>, <c>BF16</c>, <c>gptq-4bit</c>.</summary>
    public string? Quantization { get; init; }

    /// <summary>Bytes of the files that make up the model.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Longest sequence, in tokens.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Width of the hidden state.</summary>
    public int? EmbeddingLength { get; init; }

    /// <summary>Number of layers.</summary>
    public int? Layers { get; init; }

    /// <summary>Number of query heads (of the first layer that has any).</summary>
    public int? Heads { get; init; }

    /// <summary>Number of key and value heads (of the first layer that has any).</summary>
    public int? KvHeads { get; init; }

    /// <summary>Width of a head.</summary>
    public int? HeadDim { get; init; }

    /// <summary>Number of entries of the vocabulary.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>Bytes of an F16 KV cache for one token, over all layers that keep one; 0 for a model without attention; null where its files do not tell.</summary>
    public long? KvBytesPerToken { get; init; }

    /// <summary>What is known of the tokenizer, without building it.</summary>
    public TokenizerInfo? Tokenizer { get; init; }

    /// <summary>True when the model carries a chat template.</summary>
    public bool HasChatTemplate { get; init; }

    /// <summary>For an adapter: the model it belongs to.</summary>
    public string? AdapterOf { get; init; }

    /// <summary>True for models that give hidden states instead of logits (BERT and its kin).</summary>
    public bool IsEncoder { get; init; }

    /// <summary>Stored bytes that cannot be used where they lie (strided, big-endian, compressed) and are copied when the model is loaded.</summary>
    public long CopiedBytes { get; init; }

    /// <summary>Stored bytes by type name, largest first: the quantization mix.</summary>
    public IReadOnlyDictionary<string, long> BytesByType { get; init; } = new Dictionary<string, long>();

    /// <summary>Number of tensors by type name, in the same order.</summary>
    public IReadOnlyDictionary<string, int> TensorsByType { get; init; } = new Dictionary<string, int>();
}

/// <summary>What a container says of its tokenizer.</summary>
/// <param name="Kind">The model: <c>bpe</c>, <c>spm</c>, <c>unigram</c>, <c>wordpiece</c>; as the container writes it if unknown.</param>
/// <param name="Pre">Name of the pre-tokenizer, GGUF's <c>tokenizer.ggml.pre</c>.</param>
/// <param name="Vocabulary">Number of tokens.</param>
/// <param name="Special">Special tokens by role (<c>bos</c>, <c>eos</c>, <c>eot</c>, <c>pad</c>, <c>unk</c> …) and id.</param>
public sealed record TokenizerInfo(string Kind, string? Pre, int? Vocabulary, IReadOnlyDictionary<string, int> Special);
