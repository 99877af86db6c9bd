namespace LlmToolkit.Engine.Model;

/// <summary>How an architecture's tensors are laid out in the containers of one naming scheme. Data: applied in one place, when weights are bound.</summary>
internal sealed record Conventions
{
    /// <summary>The rows of q and k are stored so that rope pairs are neighbours; bound, they are halves again. llama.cpp's converter does it to Llama's kin.</summary>
    public bool PairedRows { get; init; }

    /// <summary>Added to the weights of norms: 1 where the checkpoint stores w and computes with 1 + w.</summary>
    public float NormOffset { get; init; }

    /// <summary>Projections are stored [in, out].</summary>
    public bool Transposed { get; init; }

    /// <summary>A fused projection holds q, k, v of the first head, then of the next; else all q, all k, all v.</summary>
    public bool HeadByHead { get; init; }

    /// <summary>Width of each layer's window.</summary>
    public WindowRule Window { get; init; } = Windows.None;
}

/// <summary>Gives the width of a layer's sliding window; 0: none.</summary>
internal delegate int WindowRule(ModelConfig config, int layer);

/// <summary>The rules by which configurations say which layers slide.</summary>
internal static class Windows
{
    /// <summary>No layer slides, whatever the configuration says.</summary>
    public static int None(ModelConfig config, int layer) => 0;

    /// <summary>Every layer.</summary>
    public static int Every(ModelConfig config, int layer) => Width(config);

    /// <summary>Every layer but each pattern-th; the pattern may also be a list of truths.</summary>
    public static int Pattern(ModelConfig config, int layer) =>
        config.Numbers(ConfigKeys.SlidingPattern) is { } each
            ? layer < each.Count && each[layer] != 0 ? Width(config) : 0
            : (layer + 1) % config.Count(ConfigKeys.SlidingPattern) != 0 ? Width(config) : 0;

    /// <summary>Layers from <c>max_window_layers</c> on, if <c>use_sliding_window</c>.</summary>
    public static int FromLayer(ModelConfig config, int layer) =>
        config.Flag(ConfigKeys.UseSlidingWindow) == true && layer >= (config.Number(ConfigKeys.MaxWindowLayers) ?? 0) ? Width(config) : 0;

    /// <summary>The list <c>layer_types</c> where there is one, else a rule.</summary>
    public static WindowRule Listed(WindowRule otherwise) => (config, layer) =>
        config.Texts(ConfigKeys.LayerTypes) is not { } types ? otherwise(config, layer)
        : layer >= types.Count ? throw EngineErrors.BadConfig(config.File, "layer_types", $"a list of {types.Count}", "one entry for each layer")
        : types[layer] switch
        {
            "full_attention" => 0,
            "sliding_attention" => Width(config),
            string other => throw EngineErrors.UnsupportedConfig(config.File, "layer_types", other, "full_attention, sliding_attention"),
        };

    private static int Width(ModelConfig config) => (int)Math.Clamp(config.Number(ConfigKeys.SlidingWindow) ?? 0, 0, int.MaxValue);
}
