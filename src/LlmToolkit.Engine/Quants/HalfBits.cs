using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LlmToolkit.Engine.Quants;

/// <summary>Half-precision scales as they lie in blocks.</summary>
internal static unsafe class HalfBits
{
    /// <summary>The bit of the sign: index with it turned over for the negated value.</summary>
    public const int Sign = 0x8000;

    /// <summary>
    /// The value of each of the 65536 halves: exact for subnormal ones, infinities and NaN too. One load instead of the three or more vector instructions of
    /// a conversion without F16C, and no subnormal intermediate that would cost an assist; the scales of a model share a few exponents, so the part in use
    /// stays in cache. Kernels read the address once a call.
    /// </summary>
    public static readonly float* Table = MakeTable();

    /// <summary>The value. For once per block of a definition; kernels use <see cref="Table"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    private static float* MakeTable()
    {
        float* table = (float*)NativeMemory.AlignedAlloc(65536 * sizeof(float), 64);
        for (int bits = 0; bits < 65536; bits++)
        {
            table[bits] = ToSingle((ushort)bits);
        }

        return table;
    }
}
