using System.Text.Json;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>Turns config.json into <see cref="ModelInfo"/> and its kin. Takes any configuration: what is absent or absurd is null.</summary>
internal static class HuggingFaceModelInfo
{
    /// <summary>Model types that give hidden states, for configurations that name no class. Source: transformers, <c>models/auto/modeling_auto.py</c>.</summary>
    private static readonly HashSet<string> s_encoders =
    [
        "bert", "roberta", "xlm-roberta", "distilbert", "mpnet", "electra", "albert", "nomic_bert", "modernbert", "camembert", "deberta", "deberta-v2", "eurobert", "new", "layoutlm",
    ];

    /// <summary>Classes that do not end in …Model and give logits.</summary>
    private static readonly string[] s_generative = ["ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "DoubleHeadsModel", "ChatGLMModel", "ForCausalLMWithValueHead"];

    /// <summary>The facts of the weights, completed by the folder's.</summary>
    public static ModelInfo Read(HuggingFaceFolder folder, ModelInfo weights, IReadOnlyList<TensorInfo> tensors, string format)
    {
        JsonMetadata config = folder.Config;
        string? modelClass = config.TryGet("architectures", out MetadataValue? classes) && classes.TryGetStrings(out IReadOnlyList<string>? names) && names.Count > 0 ? names[0] : null;
        string? modelType = config.Text("model_type");
        int? Fact(ConfigName name) => Int(config, name) ?? ClassDefaults.Find(config, modelType, name);
        int? embedding = Fact(ConfigNames.EmbeddingLength);
        int? heads = First(config, ConfigNames.Heads.HuggingFace) ?? ClassDefaults.Find(config, modelType, ConfigNames.Heads);
        // Falcon's first generation writes both: then one head serves all.
        bool isMultiQuery = config.Bool("multi_query") == true && config.Bool("new_decoder_architecture") != true;
        int? kvHeads = isMultiQuery ? 1 : First(config, ConfigNames.KvHeads.HuggingFace) ?? ClassDefaults.Find(config, modelType, ConfigNames.KvHeads) ?? heads;
        // Latent attention joins a part without and a part with rotation; its head_dim, where given, means the latter alone.
        int? latent = Positive(config, "kv_lora_rank") is null ? null : (int?)(Positive(config, "qk_nope_head_dim") + Positive(config, "qk_rope_head_dim"));
        int? headDim = latent ?? Fact(ConfigNames.HeadDim) ?? (int?)Positive(config, "d_kv") ?? (heads > 0 ? embedding / heads : null);
        bool isEncoder = IsEncoder(modelClass, modelType);
        TokenizerInfo? tokenizer = HuggingFaceTokenizerInfo.Read(folder);
        int? layers = Fact(ConfigNames.Layers);
        return weights with
        {
            Format = format,
            Architecture = modelType,
            ModelClass = modelClass,
            Name = folder.Name,
            License = folder.License(),
            Parameters = Parameters(config, weights, tensors),
            Quantization = Quantization(config) ?? weights.Quantization,
            ContextLength = Fact(ConfigNames.ContextLength),
            EmbeddingLength = embedding,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            Vocabulary = Fact(ConfigNames.Vocabulary) ?? tokenizer?.Vocabulary,
            KvBytesPerToken = isEncoder ? null : HuggingFaceKvCache.BytesPerToken(config, layers, kvHeads, headDim),
            Tokenizer = tokenizer,
            HasChatTemplate = folder.ChatTemplate is not null,
            IsEncoder = isEncoder,
        };
    }

    /// <summary>The settings of generation_config.json that lie in range. <c>do_sample: false</c> means greedy, whatever temperature says.</summary>
    public static GenerateOptions Generation(JsonElement? file)
    {
        if (file is not { } root)
        {
            return new GenerateOptions();
        }

        JsonMetadata settings = new(root);
        float? Within(string key, double least, double most) => settings.Double(key) is { } value && value >= least && value <= most ? (float)value : null;
        return new GenerateOptions
        {
            Temperature = settings.Bool("do_sample") == false ? 0 : Within("temperature", 0, 100),
            TopK = settings.Int64("top_k") is { } topK and >= 0 and <= int.MaxValue ? (int)topK : null,
            TopP = Within("top_p", 0, 1),
            MinP = Within("min_p", 0, 1),
            TypicalP = Within("typical_p", 0, 1),
            RepetitionPenalty = Within("repetition_penalty", float.Epsilon, 100),
        };
    }

    /// <summary>The ids that end an answer: generation_config.json's, which is authoritative, and config.json's.</summary>
    public static IReadOnlyList<int> EndTokens(HuggingFaceFolder folder)
    {
        List<int> ids = [];
        if (folder.Generation is { } generation)
        {
            ids.AddRange(Ids(new JsonMetadata(generation), "eos_token_id"));
        }

        ids.AddRange(Ids(folder.Config, "eos_token_id"));
        return [.. ids.Distinct()];
    }

    /// <summary>An id or a list of ids; those that no token can have are left out.</summary>
    public static IEnumerable<int> Ids(IModelMetadata metadata, string key)
    {
        if (!metadata.TryGet(key, out MetadataValue? value))
        {
            return [];
        }

        IReadOnlyList<long> all = value.TryGetInt64(out long one) ? [one] : value.TryGetInt64s(out IReadOnlyList<long>? many) ? many : [];
        return all.Where(id => id is >= 0 and <= int.MaxValue).Select(id => (int)id);
    }

    private static bool IsEncoder(string? modelClass, string? modelType) => modelClass is null
        ? modelType is not null && s_encoders.Contains(modelType)
        : !s_generative.Any(g => modelClass.EndsWith(g, StringComparison.Ordinal))
            && (modelClass.EndsWith("Model", StringComparison.Ordinal) || modelClass.Contains("For", StringComparison.Ordinal));

    /// <summary>The quantization in a word, such as <c>gptq-4bit</c>; null: the weights' own types say it.</summary>
    private static string? Quantization(JsonMetadata config)
    {
        if (config.Text("quantization_config.quant_method") is not { } method)
        {
            return null;
        }

        switch (method)
        {
            case "bitsandbytes":
                return config.Bool("quantization_config.load_in_4bit", "quantization_config._load_in_4bit") == true
                    ? $"bnb-{config.Text("quantization_config.bnb_4bit_quant_type") ?? "4bit"}"
                    : "bnb-8bit";
            default:
                return config.Int64("quantization_config.bits", "quantization_config.w_bit") is { } bits and > 0 and <= 64 ? $"{method}-{bits}bit" : method;
        }
    }

    /// <summary>The weights' own count, without an output matrix that is stored beside the embedding it is tied to.</summary>
    private static long? Parameters(JsonMetadata config, ModelInfo weights, IReadOnlyList<TensorInfo> tensors)
    {
        long? bits = config.Int64("quantization_config.config_groups.group_0.weights.num_bits");
        long? count = bits is null or 4 ? weights.Parameters : LogicalParameters.Count(tensors, bits);
        if (config.Bool("tie_word_embeddings") != true)
        {
            return count;
        }

        TensorInfo? output = tensors.FirstOrDefault(t => t.Name.EndsWith("lm_head.weight", StringComparison.Ordinal));
        TensorInfo? embedding = tensors.FirstOrDefault(t => t.Name.EndsWith("embed_tokens.weight", StringComparison.Ordinal) || t.Name.EndsWith("wte.weight", StringComparison.Ordinal) || t.Name.EndsWith("shared.weight", StringComparison.Ordinal));
        bool isStoredTwice = output is not null && embedding is not null && output.Shape == embedding.Shape && (output.File.Path, output.Offset) != (embedding.File.Path, embedding.Offset);
        return isStoredTwice ? count - output!.Shape.Elements : count;
    }

    /// <summary>A number that may be given once or for each layer: the first that is not 0.</summary>
    private static int? First(JsonMetadata config, IReadOnlyList<string> keys)
    {
        foreach (string key in keys)
        {
            if (config.TryGet(key, out MetadataValue? value) && value.TryGetInt64s(out IReadOnlyList<long>? many))
            {
                return many.FirstOrDefault(n => n > 0) is long n and > 0 and <= int.MaxValue ? (int)n : null;
            }
        }

        return config.Int64([.. keys]) is { } one and >= 0 and <= int.MaxValue ? (int)one : null;
    }

    private static int? Int(JsonMetadata config, ConfigName name) =>
        config.Int64([.. name.HuggingFace]) is { } value and >= 0 and <= int.MaxValue ? (int)value : null;

    private static long? Positive(JsonMetadata config, params string[] keys) => config.Int64(keys) is { } value and > 0 and <= int.MaxValue ? value : null;
}
