namespace LlmToolkit;

/// <summary>Every spelling of the facts in <see cref="ModelInfo"/>, once. GGUF names stand after <c>{architecture}.</c>; Hugging Face names are dotted paths.</summary>
public static class ConfigNames
{
    /// <summary>Longest sequence.</summary>
    public static ConfigName ContextLength { get; } = new("context_length", "max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length", "max_sequence_length", "model_max_length");

    /// <summary>Width of the hidden state.</summary>
    public static ConfigName EmbeddingLength { get; } = new("embedding_length", "hidden_size", "n_embd", "d_model", "dim");

    /// <summary>Number of layers.</summary>
    public static ConfigName Layers { get; } = new("block_count", "num_hidden_layers", "n_layer", "n_layers", "num_layers");

    /// <summary>Query heads.</summary>
    public static ConfigName Heads { get; } = new("attention.head_count", "num_attention_heads", "n_head", "n_heads", "num_heads");

    /// <summary>Key and value heads.</summary>
    public static ConfigName KvHeads { get; } = new("attention.head_count_kv", "num_key_value_heads", "n_head_kv", "num_kv_heads", "multi_query_group_num");

    /// <summary>Width of a head.</summary>
    public static ConfigName HeadDim { get; } = new("attention.key_length", "head_dim", "kv_channels", "attention_head_dim");

    /// <summary>Entries of the vocabulary.</summary>
    public static ConfigName Vocabulary { get; } = new("vocab_size", "vocab_size", "padded_vocab_size");
}

/// <summary>One fact under its GGUF name and its Hugging Face names.</summary>
public sealed class ConfigName
{
    private readonly string[] _huggingFace;

    /// <summary>Names a fact.</summary>
    /// <param name="gguf">The key after the architecture's prefix.</param>
    /// <param name="huggingFace">Dotted paths in config.json; the first that is present wins.</param>
    public ConfigName(string gguf, params string[] huggingFace) => (Gguf, _huggingFace) = (gguf, huggingFace);

    /// <summary>The GGUF key after the architecture's prefix.</summary>
    public string Gguf { get; }

    /// <summary>The Hugging Face paths.</summary>
    public IReadOnlyList<string> HuggingFace => _huggingFace;

    /// <summary>The keys to look up in a container of that scheme.</summary>
    public string[] Keys(NamingScheme scheme, string? architecture) => scheme == NamingScheme.Gguf ? [$"{architecture}.{Gguf}"] : _huggingFace;
}
