namespace LlmToolkit.Formats.Shared;

/// <summary>Sums over a list of tensors. The list may be a damaged file's, so nothing overflows: what does not fit in 63 bits is null or the most.</summary>
internal static class TensorSums
{
    /// <summary>Number of elements of all tensors; null when it does not fit.</summary>
    public static long? Parameters(IEnumerable<TensorInfo> tensors) => Fit(tensors.Aggregate((UInt128)0, (sum, t) => sum + (UInt128)t.Shape.Elements));

    /// <summary>Stored bytes by type name, largest first.</summary>
    public static Dictionary<string, long> BytesByType(IEnumerable<TensorInfo> tensors) => tensors
        .GroupBy(t => t.DType.Name)
        .Select(g => (g.Key, Bytes: Fit(g.Aggregate((UInt128)0, (sum, t) => sum + (UInt128)t.Bytes)) ?? long.MaxValue))
        .OrderByDescending(p => p.Bytes).ThenBy(p => p.Key, StringComparer.Ordinal)
        .ToDictionary(p => p.Key, p => p.Bytes);

    /// <summary>Number of tensors by type name, in the order of <see cref="BytesByType"/>.</summary>
    public static Dictionary<string, int> TensorsByType(IReadOnlyCollection<TensorInfo> tensors)
    {
        Dictionary<string, int> counts = tensors.CountBy(t => t.DType.Name).ToDictionary();
        return BytesByType(tensors).Keys.ToDictionary(type => type, type => counts[type]);
    }

    /// <summary>Bytes of the tensors that cannot be used where they lie.</summary>
    public static long Copied(IEnumerable<TensorInfo> tensors) => Fit(tensors.Where(t => !t.InPlace).Aggregate((UInt128)0, (sum, t) => sum + (UInt128)t.Bytes)) ?? long.MaxValue;

    private static long? Fit(UInt128 sum) => sum <= long.MaxValue ? (long)sum : null;
}
