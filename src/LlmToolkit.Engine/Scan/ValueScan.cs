using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Scan;

/// <summary>Chooses the pass for a type of stored values.</summary>
internal static class ValueScan
{
    /// <summary>True when values of the type can be judged: floats, complex numbers and blocks; integers are always finite.</summary>
    public static bool Knows(DType type) => type.Name is "F32" or "F16" or "BF16" or "F64" or "F8_E4M3" or "F8_E5M2" or "C64" or "C128" or "C32" || BlockScan.Knows(type);

    /// <summary>The facts of whole values or blocks, little-endian.</summary>
    public static ValueFacts Run(DType type, ReadOnlySpan<byte> bytes) => Run(Simd.Level, type, bytes);

    /// <summary>The same at a level.</summary>
    internal static ValueFacts Run(SimdLevel level, DType type, ReadOnlySpan<byte> bytes) => type.Name switch
    {
        "F32" or "C64" => FloatScan<uint, StoredF32>.Run(level, bytes),
        "F16" or "C32" => FloatScan<ushort, StoredF16>.Run(level, bytes),
        "BF16" => FloatScan<ushort, StoredBF16>.Run(level, bytes),
        "F64" or "C128" => FloatScan<long, StoredF64>.Run(level, bytes),
        "F8_E4M3" => FloatScan<byte, StoredF8E4M3>.Run(level, bytes),
        "F8_E5M2" => FloatScan<byte, StoredF8E5M2>.Run(level, bytes),
        _ => BlockScan.Run(type, bytes),
    };

    /// <summary>Bytes of a tensor, of which one span cannot hold all.</summary>
    /// <param name="data">The tensor.</param>
    /// <param name="from">First byte.</param>
    /// <param name="count">How many.</param>
    public static unsafe ReadOnlySpan<byte> Bytes(TensorData data, long from, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from + count, data.Info.DType.Bytes(data.Info.Shape.Elements));
        return new ReadOnlySpan<byte>((byte*)data.Address + from, count);
    }
}
