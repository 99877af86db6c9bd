using System.Numerics;
using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Scan;

/// <summary>A float type by its bits: the sign is the highest, and magnitudes are ordered as integers are.</summary>
/// <typeparam name="TBits">An integer of the type's width.</typeparam>
internal interface IStoredFloat<TBits>
    where TBits : unmanaged, IBinaryInteger<TBits>, IMinMaxValue<TBits>
{
    /// <summary>All bits but the sign.</summary>
    static abstract TBits Magnitude { get; }

    /// <summary>The least magnitude that is no finite number.</summary>
    static abstract TBits NotFinite { get; }

    /// <summary>The value of a finite magnitude.</summary>
    static abstract double Value(TBits magnitude);

    /// <summary>Adds the squares of a vector of magnitudes to two vectors of partial sums.</summary>
    static abstract void AddSquares(Vector256<TBits> magnitudes, ref Vector256<float> first, ref Vector256<float> second);

    /// <summary>The total of two vectors of partial sums.</summary>
    static virtual double Total(Vector256<float> first, Vector256<float> second) => (double)Vector256.Sum(first) + Vector256.Sum(second);
}

/// <summary>Single precision.</summary>
internal readonly struct StoredF32 : IStoredFloat<uint>
{
    public static uint Magnitude => 0x7FFF_FFFF;

    public static uint NotFinite => 0x7F80_0000;

    public static double Value(uint magnitude) => BitConverter.UInt32BitsToSingle(magnitude);

    public static void AddSquares(Vector256<uint> magnitudes, ref Vector256<float> first, ref Vector256<float> second)
    {
        // The sums take turns, so that each addition need not wait for the one before.
        Vector256<float> x = magnitudes.AsSingle();
        (first, second) = (second, Vector256.FusedMultiplyAdd(x, x, first));
    }
}

/// <summary>Double precision; the partial sums hold four doubles each.</summary>
internal readonly struct StoredF64 : IStoredFloat<long>
{
    public static long Magnitude => long.MaxValue;

    public static long NotFinite => 0x7FF0_0000_0000_0000;

    public static double Value(long magnitude) => BitConverter.Int64BitsToDouble(magnitude);

    public static void AddSquares(Vector256<long> magnitudes, ref Vector256<float> first, ref Vector256<float> second)
    {
        Vector256<double> x = magnitudes.AsDouble();
        (first, second) = (second, Vector256.FusedMultiplyAdd(x, x, first.AsDouble()).AsSingle());
    }

    public static double Total(Vector256<float> first, Vector256<float> second) => Vector256.Sum(first.AsDouble()) + Vector256.Sum(second.AsDouble());
}

/// <summary>Half precision.</summary>
internal readonly struct StoredF16 : IStoredFloat<ushort>
{
    /// <summary>Half and single precision differ by 112 in the exponent's bias.</summary>
    private const uint Rebias = 112u << 23;

    /// <summary>One step of the exponent.</summary>
    private const uint Step = 1u << 23;

    public static ushort Magnitude => 0x7FFF;

    public static ushort NotFinite => 0x7C00;

    public static double Value(ushort magnitude) => (double)BitConverter.UInt16BitsToHalf(magnitude);

    public static void AddSquares(Vector256<ushort> magnitudes, ref Vector256<float> first, ref Vector256<float> second)
    {
        Vector256<float> low = ToSingle(Vector256.WidenLower(magnitudes));
        Vector256<float> high = ToSingle(Vector256.WidenUpper(magnitudes));
        first = Vector256.FusedMultiplyAdd(low, low, first);
        second = Vector256.FusedMultiplyAdd(high, high, second);
    }

    /// <summary>A subnormal half m gets the exponent of the least normal one and a leading 1, which is taken off again: no subnormal single, which some machines are slow with.</summary>
    private static Vector256<float> ToSingle(Vector256<uint> magnitudes)
    {
        Vector256<uint> subnormal = Vector256.LessThan(magnitudes.AsInt32(), Vector256.Create(0x400)).AsUInt32();
        Vector256<uint> bits = Vector256.ShiftLeft(magnitudes, 13) + Vector256.Create(Rebias) + (subnormal & Vector256.Create(Step));
        return bits.AsSingle() - (subnormal & Vector256.Create(Rebias + Step)).AsSingle();
    }
}

/// <summary>The upper half of single precision.</summary>
internal readonly struct StoredBF16 : IStoredFloat<ushort>
{
    public static ushort Magnitude => 0x7FFF;

    public static ushort NotFinite => 0x7F80;

    public static double Value(ushort magnitude) => BitConverter.UInt32BitsToSingle((uint)magnitude << 16);

    public static void AddSquares(Vector256<ushort> magnitudes, ref Vector256<float> first, ref Vector256<float> second)
    {
        Vector256<float> low = Vector256.ShiftLeft(Vector256.WidenLower(magnitudes), 16).AsSingle();
        Vector256<float> high = Vector256.ShiftLeft(Vector256.WidenUpper(magnitudes), 16).AsSingle();
        first = Vector256.FusedMultiplyAdd(low, low, first);
        second = Vector256.FusedMultiplyAdd(high, high, second);
    }
}

/// <summary>8 bits with 5 of exponent: the upper half of half precision.</summary>
internal readonly struct StoredF8E5M2 : IStoredFloat<byte>
{
    public static byte Magnitude => 0x7F;

    public static byte NotFinite => 0x7C;

    public static double Value(byte magnitude) => StoredF16.Value((ushort)(magnitude << 8));

    public static void AddSquares(Vector256<byte> magnitudes, ref Vector256<float> first, ref Vector256<float> second)
    {
        StoredF16.AddSquares(Vector256.ShiftLeft(Vector256.WidenLower(magnitudes), 8), ref first, ref second);
        StoredF16.AddSquares(Vector256.ShiftLeft(Vector256.WidenUpper(magnitudes), 8), ref first, ref second);
    }
}

/// <summary>8 bits with 4 of exponent: shifted into half precision, the value is 256 times larger, for the bias is 7 and not 15. No infinities; all ones is no number.</summary>
internal readonly struct StoredF8E4M3 : IStoredFloat<byte>
{
    private const double Scale = 256;

    public static byte Magnitude => 0x7F;

    public static byte NotFinite => 0x7F;

    public static double Value(byte magnitude) => StoredF16.Value((ushort)(magnitude << 7)) * Scale;

    public static void AddSquares(Vector256<byte> magnitudes, ref Vector256<float> first, ref Vector256<float> second)
    {
        StoredF16.AddSquares(Vector256.ShiftLeft(Vector256.WidenLower(magnitudes), 7), ref first, ref second);
        StoredF16.AddSquares(Vector256.ShiftLeft(Vector256.WidenUpper(magnitudes), 7), ref first, ref second);
    }

    public static double Total(Vector256<float> first, Vector256<float> second) => ((double)Vector256.Sum(first) + Vector256.Sum(second)) * Scale * Scale;
}
