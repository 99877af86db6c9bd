using LlmToolkit.Engine.Blocks;

namespace LlmToolkit.Engine.Model;

/// <summary>Reads a rope's frequencies from either vocabulary: GGUF's keys and tensors, or config.json in its spellings before and since version 5.</summary>
/// <param name="config">The configuration.</param>
/// <param name="binder">For the factors that a GGUF stores as tensors.</param>
/// <param name="headDim">Width of a key.</param>
/// <param name="context">Context length of the load: what a GGUF chooses its LongRoPE factors by.</param>
internal sealed class RopeReader(ModelConfig config, WeightBinder binder, int headDim, int context)
{
    /// <summary>Layers that see everything.</summary>
    public const string Full = "full_attention";

    /// <summary>Layers with a sliding window.</summary>
    public const string Sliding = "sliding_attention";

    private const double DefaultBase = 10000;

    /// <summary>The frequencies of a kind of layers.</summary>
    public RopeFrequencies Read(string kind) => config.Scheme == NamingScheme.Gguf ? ReadGguf(kind) : ReadHuggingFace(kind);

    private FixedFrequencies ReadGguf(string kind)
    {
        double theta = config.Number(ConfigKeys.RopeBase) ?? DefaultBase;
        int dims = Dims(config.Number(ConfigKeys.RopeDims) ?? headDim);
        if (kind == Sliding && config.Number(ConfigKeys.RopeBaseSliding) is { } local)
        {
            return new FixedFrequencies(RopeRules.Plain(local, dims));
        }

        float[] inverse = RopeRules.Plain(theta, dims);
        double original = config.Number(ConfigKeys.RopeOriginal) ?? config.Number(ConfigNames.ContextLength) ?? context;
        string factors = context > original ? "rope_factors_long" : "rope_factors_short";
        if ((binder.Values("rope_freqs", 0, dims / 2) ?? binder.Values(factors, 0, dims / 2)) is { } divisors)
        {
            inverse = RopeRules.Divide(inverse, divisors);
        }

        double factor = Key("rope.scaling.factor") is { } stated and > 0 ? stated : Key("rope.scale_linear") is { } old and > 0 ? old : 1;
        double magnitude = Key("rope.scaling.attn_factor") ?? 1;
        switch (KeyText("rope.scaling.type") ?? "linear")
        {
            case "linear":
                return new FixedFrequencies(factor == 1 ? inverse : RopeRules.Linear(inverse, factor), (float)magnitude);
            case "yarn":
                float[] scaled = RopeRules.Yarn(inverse, theta, factor, original, Key("rope.scaling.yarn_beta_fast") ?? 32, Key("rope.scaling.yarn_beta_slow") ?? 1, truncate: true);
                return new FixedFrequencies(scaled, (float)(magnitude * RopeRules.YarnMagnitude(factor)));
            case "none" or "longrope" or "su":
                return new FixedFrequencies(inverse, (float)magnitude);
            case var other:
                throw EngineErrors.UnsupportedConfig(config.File, $"{config.Architecture}.rope.scaling.type", other, "none, linear, yarn, longrope");
        }

        double? Key(string name) => config.Metadata.Double($"{config.Architecture}.{name}");
        string? KeyText(string name) => config.Metadata.Text($"{config.Architecture}.{name}");
    }

    private RopeFrequencies ReadHuggingFace(string kind)
    {
        bool nested = Is($"rope_parameters.{kind}.rope_theta") || Is($"rope_parameters.{kind}.rope_type");
        double share = Number("partial_rotary_factor") ?? config.Number(ConfigKeys.RopeShare) ?? 1;
        int dims = Dims(config.Number(ConfigKeys.RopeDims) ?? Math.Truncate(headDim * share));
        if (kind == Sliding && !nested && config.Number(ConfigKeys.RopeBaseSliding) is { } local)
        {
            return new FixedFrequencies(RopeRules.Plain(local, dims));
        }

        double theta = Number("rope_theta") ?? config.Number(ConfigKeys.RopeBase) ?? DefaultBase;
        double trained = config.Number(ConfigNames.ContextLength) ?? context;
        double original = Number("original_max_position_embeddings") ?? config.Number(ConfigKeys.RopeOriginal) ?? trained;
        double factor = Number("factor") ?? trained / original;
        float[] inverse = RopeRules.Plain(theta, dims);
        switch (Text("rope_type") ?? Text("type") ?? "default")
        {
            case "default" or "mrope":
                return new FixedFrequencies(inverse);
            case "linear":
                return new FixedFrequencies(RopeRules.Linear(inverse, factor));
            case "dynamic":
                return new DynamicFrequencies(theta, dims, factor, (int)trained);
            case "llama3":
                return new FixedFrequencies(RopeRules.Llama3(inverse, (float)factor, (float)(Number("low_freq_factor") ?? 1), (float)(Number("high_freq_factor") ?? 4), (float)original));
            case "yarn":
                bool truncate = config.Metadata.Bool(Paths("truncate")) ?? true;
                float[] scaled = RopeRules.Yarn(inverse, theta, factor, original, Number("beta_fast") ?? 32, Number("beta_slow") ?? 1, truncate);
                double magnitude = Number("attention_factor")
                    ?? (Number("mscale") is { } m and not 0 && Number("mscale_all_dim") is { } all and not 0
                        ? RopeRules.YarnMagnitude(factor, m) / RopeRules.YarnMagnitude(factor, all)
                        : RopeRules.YarnMagnitude(factor));
                return new FixedFrequencies(scaled, (float)magnitude);
            case "longrope" or "su":
                float[] shorter = RopeRules.Divide(inverse, Factors("short_factor", dims / 2));
                float[] longer = RopeRules.Divide(inverse, Factors("long_factor", dims / 2));
                return new LongRopeFrequencies(shorter, longer, (int)original, (float)(Number("attention_factor") ?? RopeRules.LongRopeMagnitude(factor, original)));
            case var other:
                throw EngineErrors.UnsupportedConfig(config.File, "rope_type", other, "default, linear, dynamic, llama3, yarn, longrope");
        }

        bool Is(string key) => config.Metadata.TryGet(key, out _);
        string[] Paths(string name) => nested ? [$"rope_parameters.{kind}.{name}"] : [$"rope_parameters.{name}", $"rope_scaling.{name}"];
        double? Number(string name) => config.Metadata.Double(Paths(name));
        string? Text(string name) => config.Metadata.Text(Paths(name));
        float[] Factors(string name, int count)
        {
            foreach (string path in Paths(name))
            {
                if (config.Metadata.TryGet(path, out MetadataValue? value) && value.TryGetDoubles(out IReadOnlyList<double>? factors))
                {
                    return factors.Count == count
                        ? [.. factors.Select(f => (float)f)]
                        : throw EngineErrors.BadConfig(config.File, path, $"a list of {factors.Count}", $"{count} factors, one for each rotated pair");
                }
            }

            throw EngineErrors.MissingConfig(config.File, Paths(name)[0]);
        }
    }

    private int Dims(double dims) =>
        dims >= 2 && dims <= headDim ? (int)dims & ~1 : throw EngineErrors.BadConfig(config.File, config.Key(ConfigKeys.RopeDims), $"{dims}", $"from 2 to the head's width of {headDim}");
}
