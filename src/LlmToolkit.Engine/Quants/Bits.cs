using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Quants;

/// <summary>How several types pack their bits.</summary>
internal static unsafe class Bits
{
    /// <summary>32 values from 16 bytes: value i is the low, value i + 16 the high nibble of byte i.</summary>
    public static void SplitNibbles(byte* nibbles, byte* values)
    {
        for (int i = 0; i < 16; i++)
        {
            values[i] = (byte)(nibbles[i] & 15);
            values[i + 16] = (byte)(nibbles[i] >> 4);
        }
    }

    /// <summary>Value i gets bit i as its fifth bit.</summary>
    public static void AddFifthBits(uint bits, byte* values)
    {
        for (int i = 0; i < 32; i++)
        {
            values[i] |= (byte)((bits >> i & 1) << 4);
        }
    }

    /// <summary>Part p of a block whose 32 bytes number p / 2 hold an even part in the low and an odd part in the high nibbles.</summary>
    public static void PairNibbles(byte* nibbles, int part, byte* values)
    {
        nibbles += 32 * (part / 2);
        for (int i = 0; i < 32; i++)
        {
            values[i] = (byte)(part % 2 == 0 ? nibbles[i] & 15 : nibbles[i] >> 4);
        }
    }

    /// <summary>Half of what <see cref="SplitNibbles"/> gives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> SplitNibbles128(byte* nibbles, int half) => MoveBits(Vector128.Load(nibbles), 4 * half, 0) & Vector128.Create((byte)15);

    /// <summary>What <see cref="SplitNibbles"/> gives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> SplitNibbles256(byte* nibbles)
    {
        Vector256<ulong> twice = Avx2.BroadcastVector128ToVector256(nibbles).AsUInt64();
        return Avx2.ShiftRightLogicalVariable(twice, Vector256.Create(0UL, 0, 4, 4)).AsByte() & Vector256.Create((byte)15);
    }

    /// <summary>16 where bit i of the half is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FifthBits128(uint bits, int half)
    {
        Vector128<byte> places = Vector128.Create(0UL, 0x0101010101010101).AsByte();
        Vector128<byte> spread = Vector128.Shuffle(Vector128.CreateScalar(bits >> (16 * half)).AsByte(), places);
        Vector128<byte> one = Vector128.Create(0x8040201008040201).AsByte();
        return Vector128.Equals(spread & one, one) & Vector128.Create((byte)16);
    }

    /// <summary>16 where bit i is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FifthBits256(uint* bits)
    {
        Vector256<byte> places = Vector256.Create(0UL, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte();
        Vector256<byte> one = Vector256.Create(0x8040201008040201).AsByte();
        Vector256<byte> spread = Avx2.Shuffle(Avx2.BroadcastScalarToVector256(bits).AsByte(), places);
        return Vector256.Equals(spread & one, one) & Vector256.Create((byte)16);
    }

    /// <summary>Half of what <see cref="PairNibbles"/> gives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PairNibbles128(byte* nibbles, int part, int half) =>
        MoveBits(Vector128.Load(nibbles + (32 * (part / 2)) + (16 * half)), 4 * (part % 2), 0) & Vector128.Create((byte)15);

    /// <summary>What <see cref="PairNibbles"/> gives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> PairNibbles256(byte* nibbles, int part) =>
        MoveBits(Vector256.Load(nibbles + (32 * (part / 2))), 4 * (part % 2), 0) & Vector256.Create((byte)15);

    /// <summary>Moves bit <paramref name="from"/> of each byte to bit <paramref name="to"/>; bits of neighbours come in at the ends and must be masked off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> MoveBits(Vector128<byte> bytes, int from, int to) =>
        from >= to ? (bytes.AsUInt16() >>> (from - to)).AsByte() : (bytes.AsUInt16() << (to - from)).AsByte();

    /// <summary>As the other, for 32 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> MoveBits(Vector256<byte> bytes, int from, int to) =>
        from >= to ? (bytes.AsUInt16() >>> (from - to)).AsByte() : (bytes.AsUInt16() << (to - from)).AsByte();

    /// <summary>16 signed bytes as floats, in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ToSingles(Vector128<sbyte> bytes, out Vector128<float> a, out Vector128<float> b, out Vector128<float> c, out Vector128<float> d)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(bytes);
        a = Vector128.ConvertToSingle(Vector128.WidenLower(low));
        b = Vector128.ConvertToSingle(Vector128.WidenUpper(low));
        c = Vector128.ConvertToSingle(Vector128.WidenLower(high));
        d = Vector128.ConvertToSingle(Vector128.WidenUpper(high));
    }
}
