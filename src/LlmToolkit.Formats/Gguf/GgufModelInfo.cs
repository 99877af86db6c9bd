using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>Turns GGUF's keys and tensors into <see cref="ModelInfo"/> and its kin. Takes any metadata: what is absent or absurd is null.</summary>
internal static class GgufModelInfo
{
    /// <summary>The facts of a file or a split set.</summary>
    public static ModelInfo Read(GgufHeader first, IReadOnlyList<TensorInfo> tensors, IReadOnlyList<ArtifactFile> files)
    {
        GgufMetadata metadata = first.Metadata;
        string? architecture = metadata.Text("general.architecture");
        Dictionary<string, long> bytesByType = TensorSums.BytesByType(tensors);
        int? heads = PerLayer(metadata, architecture, ConfigNames.Heads)?.FirstOrDefault(h => h > 0) is int h and > 0 ? h : null;
        int? kvHeads = PerLayer(metadata, architecture, ConfigNames.KvHeads)?.FirstOrDefault(k => k > 0) is int k and > 0 ? k : heads;
        int? embedding = Int(metadata, architecture, ConfigNames.EmbeddingLength);
        // Latent attention caches one compressed row of key_length for all; each head's own keys and values, key_length_mla wide, are made from it.
        int? latent = Int(metadata, $"{architecture}.attention.key_length_mla");
        kvHeads = latent is null ? kvHeads : heads;
        int? headDim = latent ?? Int(metadata, architecture, ConfigNames.HeadDim) ?? (heads > 0 ? embedding / heads : null);
        TokenizerInfo? tokenizer = Tokenizer(metadata);
        bool isEncoder = architecture is not null && GgufConstants.IsEncoder(architecture);
        int? layers = Layers(metadata, architecture);
        return new ModelInfo
        {
            Format = GgufFormat.FormatName,
            Version = first.Version is { } version ? $"{version}" : null,
            ByteOrder = first.Version is null ? null : first.BigEndian ? "big" : "little",
            Architecture = architecture,
            Name = metadata.Text("general.name"),
            License = metadata.Text("general.license"),
            Parameters = first.HasAllTensors ? TensorSums.Parameters(tensors) : null,
            Quantization = metadata.Int64("general.file_type") is { } type && GgufConstants.FileType(type) is { } word ? word : bytesByType.Keys.FirstOrDefault(),
            FileBytes = files.Sum(f => f.Length),
            ContextLength = Int(metadata, architecture, ConfigNames.ContextLength),
            EmbeddingLength = embedding,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            Vocabulary = Int(metadata, architecture, ConfigNames.Vocabulary) is { } size and > 0 ? size : tokenizer?.Vocabulary,
            KvBytesPerToken = isEncoder ? null : GgufKvCache.BytesPerToken(metadata, architecture, layers, headDim, tensors),
            Tokenizer = tokenizer,
            HasChatTemplate = ChatTemplate(metadata) is not null,
            AdapterOf = metadata.Text("general.type") == "adapter" ? metadata.Text("general.base_model.0.name", "general.base_model.0.repo_url") ?? architecture : null,
            IsEncoder = isEncoder,
            BytesByType = bytesByType,
            TensorsByType = TensorSums.TensorsByType(tensors),
            CopiedBytes = TensorSums.Copied(tensors),
        };
    }

    /// <summary>The chat template: the plain one, else the one named default.</summary>
    public static string? ChatTemplate(IModelMetadata metadata) => metadata.Text("tokenizer.chat_template", "tokenizer.chat_template.default");

    /// <summary>The recommended sampler settings that lie in range.</summary>
    public static GenerateOptions Sampling(IModelMetadata metadata)
    {
        float? Within(string key, double least, double most) => metadata.Double("general.sampling." + key) is { } value && value >= least && value <= most ? (float)value : null;
        int? AtLeast(string key, int least) => metadata.Int64("general.sampling." + key) is { } value && value >= least && value <= int.MaxValue ? (int)value : null;
        return new GenerateOptions
        {
            Temperature = Within("temp", 0, 100),
            TopK = AtLeast("top_k", 0),
            TopP = Within("top_p", 0, 1),
            MinP = Within("min_p", 0, 1),
            RepetitionPenalty = Within("penalty_repeat", float.Epsilon, 100),
            PenaltyWindow = AtLeast("penalty_last_n", -1),
        };
    }

    /// <summary>The ids that end an answer.</summary>
    public static IReadOnlyList<int> EndTokens(IModelMetadata metadata) =>
        [.. new[] { "eos", "eot", "eom" }.Select(role => TokenId(metadata, role)).OfType<int>().Distinct()];

    /// <summary>Pooling of an embedding model. Source: llama.cpp, <c>include/llama.h</c> (llama_pooling_type); its tools scale pooled embeddings to length 1.</summary>
    public static PoolingOptions Pooling(IModelMetadata metadata)
    {
        string? mode = metadata.Int64($"{metadata.Text("general.architecture")}.pooling_type") switch
        {
            0 => "none",
            1 => "mean",
            2 or 4 => "cls",
            3 => "lasttoken",
            _ => null,
        };
        return mode is null ? new PoolingOptions() : new PoolingOptions { Mode = mode, Normalize = mode != "none" };
    }

    private static TokenizerInfo? Tokenizer(GgufMetadata metadata)
    {
        if (metadata.Text("tokenizer.ggml.model") is not { } model || model is "none" or "no_vocab")
        {
            return null;
        }

        Dictionary<string, int> special = [];
        foreach ((string key, string role) in GgufConstants.SpecialTokens)
        {
            if (TokenId(metadata, key) is { } id)
            {
                special.TryAdd(role, id);
            }
        }

        int? vocabulary = metadata.TryGet("tokenizer.ggml.tokens", out MetadataValue? tokens) && tokens.Element is not null ? (int)tokens.Count : null;
        return new TokenizerInfo(GgufConstants.TokenizerKind(model), metadata.Text("tokenizer.ggml.pre"), vocabulary, special);
    }

    private static int? TokenId(IModelMetadata metadata, string key) =>
        metadata.Int64($"tokenizer.ggml.{key}_token_id") is { } id and >= 0 and <= int.MaxValue ? (int)id : null;

    /// <summary>Layers of the ordinary forward: the trailing multi-token-prediction blocks are not part of it.</summary>
    private static int? Layers(GgufMetadata metadata, string? architecture)
    {
        int? blocks = Int(metadata, architecture, ConfigNames.Layers);
        return metadata.Int64($"{architecture}.nextn_predict_layers") is { } extra && extra > 0 && extra < blocks ? blocks - (int)extra : blocks;
    }

    /// <summary>A number that may be given once or for each layer; null when absent or out of range.</summary>
    public static int[]? PerLayer(GgufMetadata metadata, string? architecture, ConfigName name)
    {
        if (!metadata.TryGet($"{architecture}.{name.Gguf}", out MetadataValue? value))
        {
            return null;
        }

        if (value.TryGetInt64(out long one))
        {
            return one is >= 0 and <= int.MaxValue ? [(int)one] : null;
        }

        return value.TryGetInt64s(out IReadOnlyList<long>? many) && many.All(n => n is >= 0 and <= int.MaxValue) ? [.. many.Select(n => (int)n)] : null;
    }

    private static int? Int(GgufMetadata metadata, string? architecture, ConfigName name) => Int(metadata, $"{architecture}.{name.Gguf}");

    private static int? Int(GgufMetadata metadata, string key) => metadata.Int64(key) is { } value and >= 0 and <= int.MaxValue ? (int)value : null;
}
