using System.Globalization;
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
        double theta = config.Positive(ConfigKeys.RopeBase) ?? DefaultBase;
        int dims = Dims(config.Number(ConfigKeys.RopeDims), headDim);
        if (kind == Sliding && config.Positive(ConfigKeys.RopeBaseSliding) is { } local)
        {
            return new FixedFrequencies(RopeRules.Plain(local, dims));
        }

        float[] inverse = RopeRules.Plain(theta, dims);
        double original = config.Positive(ConfigKeys.RopeOriginal) ?? Trained();
        string factors = context > original ? "rope_factors_long" : "rope_factors_short";
        if ((binder.Values("rope_freqs", 0, dims / 2) ?? binder.Values(factors, 0, dims / 2)) is { } divisors)
        {
            inverse = RopeRules.Divide(inverse, divisors);
        }

        double factor = Scale("rope.scaling.factor") ?? Scale("rope.scale_linear") ?? 1;
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

        // 0 says, as silence does, that nothing is scaled.
        double? Scale(string name) => Key(name) is not { } scale || scale == 0 ? null : scale > 0 && double.IsFinite(scale) ? scale : throw Bad($"{config.Architecture}.{name}", scale);
        string? KeyText(string name) => config.Metadata.Text($"{config.Architecture}.{name}");
    }

    private RopeFrequencies ReadHuggingFace(string kind)
    {
        bool nested = Is($"rope_parameters.{kind}.rope_theta") || Is($"rope_parameters.{kind}.rope_type");
        double share = Number("partial_rotary_factor") ?? config.Number(ConfigKeys.RopeShare) ?? 1;
        int dims = Dims(config.Number(ConfigKeys.RopeDims), Math.Truncate(headDim * share));
        if (kind == Sliding && !nested && config.Positive(ConfigKeys.RopeBaseSliding) is { } local)
        {
            return new FixedFrequencies(RopeRules.Plain(local, dims));
        }

        double theta = Positive("rope_theta") ?? config.Positive(ConfigKeys.RopeBase) ?? DefaultBase;
        double trained = Trained();
        double original = Positive("original_max_position_embeddings") ?? config.Positive(ConfigKeys.RopeOriginal) ?? trained;
        double factor = Positive("factor") ?? trained / original;
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
        double? Positive(string name) => Number(name) is not { } value ? null : value > 0 && double.IsFinite(value) ? value : throw Bad(Paths(name)[^1], value);
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

    /// <summary>Length of training; a configuration that says nothing usable leaves it to the context of the load.</summary>
    private double Trained() => config.Number(ConfigNames.ContextLength) is { } length and > 0 ? length : context;

    /// <summary>The width that is rotated: as stated, which must be even, or a share of the head, rounded down.</summary>
    private int Dims(double? stated, double otherwise)
    {
        double dims = stated ?? otherwise;
        return dims >= 2 && dims <= headDim && (stated is null || dims % 2 == 0)
            ? (int)dims & ~1
            : throw EngineErrors.BadConfig(config.File, config.Key(ConfigKeys.RopeDims), dims.ToString(CultureInfo.InvariantCulture), $"an even width from 2 to the head's {headDim}");
    }

    private ModelException Bad(string key, double value) => EngineErrors.BadConfig(config.File, key, value.ToString(CultureInfo.InvariantCulture), "a finite number above 0");
}
