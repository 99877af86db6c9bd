namespace LlmToolkit.Formats.Shared;

/// <summary>Counts parameters by tensor names: several share one stored number in checkpoints of packed weights, and their scales are none. Sources: AutoGPTQ, AutoAWQ, bitsandbytes, compressed-tensors and the gpt-oss checkpoints.</summary>
internal static class LogicalParameters
{
    /// <summary>Bits of a packed weight where nothing tells.</summary>
    private const int UsualBits = 4;

    /// <summary>What stands beside a packed weight, by the end of its name.</summary>
    private static readonly string[] s_companions =
    [
        ".qzeros", ".g_idx", ".absmax", ".nested_absmax", ".quant_map", ".nested_quant_map", "_scale_inv", "_scale", ".input_scale", ".output_scale", "_scale_2", "_zero_point", "_global_scale",
        ".weight_shape", ".weight_g_idx", ".SCB", ".weight_format",
    ];

    /// <summary>What the name of the weight adds to that of its companion.</summary>
    private static readonly string[] s_owners = ["", ".weight", ".qweight", "_packed", ".weight_packed"];

    /// <summary>Number of parameters; null when it does not fit in 63 bits.</summary>
    /// <param name="tensors">Each once.</param>
    /// <param name="packedBits">Bits of a weight in <c>weight_packed</c>; null: 4.</param>
    public static long? Count(IReadOnlyCollection<TensorInfo> tensors, long? packedBits = null)
    {
        if (!tensors.Any(t => IsPacked(t.Name) || IsCompanion(t.Name)))
        {
            return TensorSums.Parameters(tensors);
        }

        Dictionary<string, TensorInfo> byName = new(StringComparer.Ordinal);
        foreach (TensorInfo tensor in tensors)
        {
            byName.TryAdd(tensor.Name, tensor);
        }

        HashSet<string> withState = [.. byName.Keys.Select(n => n.IndexOf(".quant_state.", StringComparison.Ordinal) is var at and > 0 ? n[..at] : null).OfType<string>()];
        UInt128 sum = 0;
        foreach (TensorInfo tensor in tensors)
        {
            sum += One(tensor, byName, withState, packedBits);
        }

        return sum <= long.MaxValue ? (long)sum : null;
    }

    private static bool IsPacked(string name) => name.EndsWith(".qweight", StringComparison.Ordinal) || name.EndsWith(".weight_packed", StringComparison.Ordinal) || name.EndsWith("_blocks", StringComparison.Ordinal);

    private static bool IsCompanion(string name) => s_companions.Any(c => name.EndsWith(c, StringComparison.Ordinal)) || name.Contains(".quant_state.", StringComparison.Ordinal);

    private static UInt128 One(TensorInfo tensor, Dictionary<string, TensorInfo> byName, HashSet<string> withState, long? packedBits)
    {
        string name = tensor.Name;
        UInt128 stored = (UInt128)tensor.Shape.Elements;
        // "w_scale" belongs to "w" (the loose ends above could belong to a real weight: then its owner is not there).
        if (IsCompanion(name) && HasOwner(name, byName))
        {
            return 0;
        }

        if (name.EndsWith(".scales", StringComparison.Ordinal) && byName.ContainsKey(name[..^".scales".Length] + ".qweight"))
        {
            return 0;
        }

        if (name.EndsWith("_scales", StringComparison.Ordinal) && byName.ContainsKey(name[..^"_scales".Length] + "_blocks"))
        {
            return 0;
        }

        if (name.EndsWith(".qweight", StringComparison.Ordinal))
        {
            return stored * 32 / (UInt128)BitsOf(name[..^".qweight".Length], byName);
        }

        if (name.EndsWith(".weight_packed", StringComparison.Ordinal))
        {
            return tensor.DType.BlockBytes == 1 ? stored * 2 : stored * 32 / (UInt128)Math.Clamp(packedBits ?? UsualBits, 1, 32);
        }

        bool isHalved = (name.EndsWith("_blocks", StringComparison.Ordinal) && byName.ContainsKey(name[..^"_blocks".Length] + "_scales"))
            || (tensor.DType == DTypes.U8 && (withState.Contains(name) || byName.ContainsKey(name + ".quant_map")));
        return isHalved ? stored * 2 : stored;
    }

    /// <summary>True when the weight that a companion stands beside is there.</summary>
    private static bool HasOwner(string name, Dictionary<string, TensorInfo> byName)
    {
        int state = name.IndexOf(".quant_state.", StringComparison.Ordinal);
        if (state > 0)
        {
            return byName.ContainsKey(name[..state]);
        }

        return s_companions.Where(c => name.EndsWith(c, StringComparison.Ordinal)).Select(c => name[..^c.Length])
            .Any(owner => s_owners.Any(o => byName.ContainsKey(owner + o)));
    }

    /// <summary>The zero points are packed as the weights are and belong to one scale each, so their ratio tells the bits.</summary>
    private static long BitsOf(string module, Dictionary<string, TensorInfo> byName)
    {
        bool known = byName.TryGetValue(module + ".qzeros", out TensorInfo? zeros) & byName.TryGetValue(module + ".scales", out TensorInfo? scales);
        long bits = known && scales!.Shape.Columns > 0 ? (long)((Int128)zeros!.Shape.Columns * 32 / scales.Shape.Columns) : UsualBits;
        return bits is >= 1 and <= 16 ? bits : UsualBits;
    }
}
