namespace LlmToolkit.Engine.Model;

/// <summary>Tensors that may lie in a file without taking part: buffers of old exports, other modalities, heads for training.</summary>
internal static class IgnoredTensors
{
    private static readonly string[] Parts =
    [
        "rotary_emb.", "rotary_pos_emb.", ".masked_bias", "position_ids", "vision", "visual", "multi_modal", "audio", "mtp.", "pooler.", "cls.", "nextn.",
        "rope_freqs", "rope_factors_", "attn_rot_embd", ".attention.bias", "lm_head.",
    ];

    /// <summary>True when nobody misses the tensor.</summary>
    public static bool Contains(string name, int layers) =>
        Parts.Any(p => name.Contains(p, StringComparison.Ordinal))
        || name.EndsWith(".attn.bias", StringComparison.Ordinal)
        || IsLaterLayer(name, layers);

    /// <summary>Layers behind the last are for multi-token prediction.</summary>
    private static bool IsLaterLayer(string name, int layers)
    {
        string[] parts = name.Split('.');
        for (int i = 0; i + 1 < parts.Length; i++)
        {
            if (parts[i] is "layers" or "blk" or "h" or "layer" && int.TryParse(parts[i + 1], out int layer))
            {
                return layer >= layers;
            }
        }

        return false;
    }
}
