using System.Text.Json;

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

    private static readonly string[] s_attentionKinds = ["full_attention", "sliding_attention", "chunked_attention", "attention", "hybrid"];

    /// <summary>The facts of the weights, completed by the folder's.</summary>
    public static ModelInfo Read(HuggingFaceFolder folder, ModelInfo weights, string format)
    {
        JsonMetadata config = folder.Config;
        string? modelClass = config.TryGet("architectures", out MetadataValue? classes) && classes.TryGetStrings(out IReadOnlyList<string>? names) && names.Count > 0 ? names[0] : null;
        string? modelType = config.Text("model_type");
        int? embedding = Int(config, ConfigNames.EmbeddingLength);
        int? heads = First(config, ConfigNames.Heads.HuggingFace);
        int? kvHeads = First(config, ConfigNames.KvHeads.HuggingFace) ?? (config.Bool("multi_query") == true ? 1 : heads);
        // Latent attention joins a part without and a part with rotation; its head_dim, where given, means the latter alone.
        int? latent = Positive(config, "kv_lora_rank") is null ? null : (int?)(Positive(config, "qk_nope_head_dim") + Positive(config, "qk_rope_head_dim"));
        int? headDim = latent ?? Int(config, ConfigNames.HeadDim) ?? (int?)Positive(config, "d_kv") ?? (heads > 0 ? embedding / heads : null);
        bool isEncoder = IsEncoder(modelClass, modelType);
        TokenizerInfo? tokenizer = HuggingFaceTokenizerInfo.Read(folder);
        int? layers = Int(config, ConfigNames.Layers);
        return weights with
        {
            Format = format,
            Architecture = modelType,
            ModelClass = modelClass,
            Name = folder.Name,
            License = folder.License(),
            Quantization = Quantization(config) ?? weights.Quantization,
            ContextLength = Int(config, ConfigNames.ContextLength),
            EmbeddingLength = embedding,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            Vocabulary = Int(config, ConfigNames.Vocabulary) ?? tokenizer?.Vocabulary,
            KvBytesPerToken = isEncoder ? null : KvBytes(config, layers, kvHeads, headDim),
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

    private static long? KvBytes(JsonMetadata config, int? layers, int? kvHeads, int? headDim)
    {
        if (layers is not > 0)
        {
            return null;
        }

        UInt128 width;
        if (Positive(config, "kv_lora_rank") is { } rank)
        {
            // Latent attention caches one compressed row that serves as key and as value.
            width = (UInt128)(rank + (Positive(config, "qk_rope_head_dim") ?? 0));
        }
        else if (kvHeads is >= 0 && headDim is >= 0)
        {
            width = (UInt128)kvHeads * (UInt128)headDim * 2;
        }
        else
        {
            return null;
        }

        UInt128 bytes = (UInt128)AttentionLayers(config, layers.Value) * width * 2;
        return bytes <= long.MaxValue ? (long)bytes : null;
    }

    /// <summary>How many layers keep keys and values of their own.</summary>
    private static long AttentionLayers(JsonMetadata config, int layers)
    {
        long own = layers - Math.Clamp(config.Int64("num_kv_shared_layers") ?? 0, 0, layers);
        foreach (string key in (string[])["layer_types", "layers_block_type"])
        {
            if (config.TryGet(key, out MetadataValue? value) && value.TryGetStrings(out IReadOnlyList<string>? kinds))
            {
                return kinds.Take((int)own).Count(k => s_attentionKinds.Contains(k));
            }
        }

        if (config.Text("hybrid_override_pattern") is { } pattern)
        {
            return pattern.Count(c => c == '*');
        }

        if (config.TryGet("full_attn_idxs", out MetadataValue? indices) && indices.TryGetInt64s(out IReadOnlyList<long>? full))
        {
            return full.Count;
        }

        return Positive(config, "attn_layer_period", "full_attention_interval") is { } period ? own / period : own;
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
