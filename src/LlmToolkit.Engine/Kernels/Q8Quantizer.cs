using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// Activations to signed bytes, in blocks of 32: scale = largest magnitude / 127, quant = x / scale rounded to the nearest, ties to even: ggml's Q8_0
/// (ggml, src/ggml-cpu, quantize_row_q8_0) with a scale that stays single precision. All levels agree bit for bit.
/// </summary>
internal static unsafe class Q8Quantizer
{
    /// <summary>Values of a block.</summary>
    public const int Block = 32;

    /// <summary>1.5 × 2^23: added to a number below 2^22, the float's lowest bits are the number rounded to nearest even.</summary>
    private const float Rounder = 12582912f;
    private const int RounderBits = 0x4B400000;
    private const int Magnitude = 0x7FFFFFFF;

    /// <summary>Quantizes a row; the last block is filled up with zeros.</summary>
    /// <param name="level">Level.</param>
    /// <param name="x">[columns].</param>
    /// <param name="columns">Columns.</param>
    /// <param name="row">Where to; its arrays have room for whole blocks.</param>
    public static void Run(SimdLevel level, float* x, int columns, in Q8Row row)
    {
        int whole = columns / Block;
        for (int b = 0; b < whole; b++)
        {
            QuantizeBlock(level, x + (b * Block), b, row);
        }

        if (columns > whole * Block)
        {
            float* rest = stackalloc float[Block];
            new Span<float>(rest, Block).Clear();
            new ReadOnlySpan<float>(x + (whole * Block), columns - (whole * Block)).CopyTo(new Span<float>(rest, Block));
            QuantizeBlock(level, rest, whole, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuantizeBlock(SimdLevel level, float* x, int b, in Q8Row row)
    {
        // Bits of magnitudes order as the magnitudes do, with NaN above all: a NaN makes the scale, and with it the outputs, NaN.
        float largest = BitConverter.Int32BitsToSingle(level switch
        {
            SimdLevel.V512 => Largest512(x),
            SimdLevel.V256 => Largest256(x),
            SimdLevel.V128 => Largest128(x),
            _ => LargestScalar(x),
        });

        // Below the normal numbers the inverse would be infinite; such a block is zero.
        float scale = largest / 127;
        scale = scale < 1.17549435e-38f ? 0 : scale;
        float inverse = scale == 0 ? 0 : 1 / scale;
        sbyte* quants = row.Quants + (b * Block);
        short* sums = row.Sums16 + (b * 2);
        for (int half = 0; half < 2; half++, x += 16, quants += 16)
        {
            sums[half] = level switch
            {
                SimdLevel.V512 => Quantize512(x, inverse, quants),
                SimdLevel.V256 => Quantize256(x, inverse, quants),
                SimdLevel.V128 => Quantize128(x, inverse, quants),
                _ => QuantizeScalar(x, inverse, quants),
            };
        }

        row.Scales[b] = scale;
        row.ScaledSums[b] = scale * (sums[0] + sums[1]);
    }

    private static int LargestScalar(float* x)
    {
        int largest = 0;
        for (int i = 0; i < Block; i++)
        {
            largest = Math.Max(largest, BitConverter.SingleToInt32Bits(x[i]) & Magnitude);
        }

        return largest;
    }

    private static int Largest128(float* x)
    {
        Vector128<int> largest = Vector128<int>.Zero;
        for (int i = 0; i < Block; i += 4)
        {
            largest = Vector128.Max(largest, Vector128.Load((int*)(x + i)) & Vector128.Create(Magnitude));
        }

        return LargestOf(largest);
    }

    private static int Largest256(float* x)
    {
        Vector256<int> mask = Vector256.Create(Magnitude);
        int* bits = (int*)x;
        Vector256<int> low = Vector256.Max(Vector256.Load(bits) & mask, Vector256.Load(bits + 8) & mask);
        Vector256<int> high = Vector256.Max(Vector256.Load(bits + 16) & mask, Vector256.Load(bits + 24) & mask);
        Vector256<int> largest = Vector256.Max(low, high);
        return LargestOf(Vector128.Max(largest.GetLower(), largest.GetUpper()));
    }

    private static int Largest512(float* x)
    {
        Vector512<int> mask = Vector512.Create(Magnitude);
        Vector512<int> all = Vector512.Max(Vector512.Load((int*)x) & mask, Vector512.Load((int*)x + 16) & mask);
        Vector256<int> largest = Vector256.Max(all.GetLower(), all.GetUpper());
        return LargestOf(Vector128.Max(largest.GetLower(), largest.GetUpper()));
    }

    private static int LargestOf(Vector128<int> v)
    {
        v = Vector128.Max(v, Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1)));
        v = Vector128.Max(v, Vector128.Shuffle(v, Vector128.Create(1, 0, 3, 2)));
        return v.ToScalar();
    }

    private static short QuantizeScalar(float* x, float inverse, sbyte* quants)
    {
        int sum = 0;
        for (int i = 0; i < 16; i++)
        {
            quants[i] = (sbyte)(BitConverter.SingleToInt32Bits((x[i] * inverse) + Rounder) - RounderBits);
            sum += quants[i];
        }

        return (short)sum;
    }

    private static short Quantize128(float* x, float inverse, sbyte* quants)
    {
        Vector128<short> low = Vector128.Narrow(Rounded128(x, inverse), Rounded128(x + 4, inverse));
        Vector128<short> high = Vector128.Narrow(Rounded128(x + 8, inverse), Rounded128(x + 12, inverse));
        Vector128.Narrow(low, high).Store(quants);
        return Vector128.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Rounded128(float* x, float inverse) =>
        ((Vector128.Load(x) * Vector128.Create(inverse)) + Vector128.Create(Rounder)).AsInt32() - Vector128.Create(RounderBits);

    private static short Quantize256(float* x, float inverse, sbyte* quants)
    {
        Vector256<float> scale = Vector256.Create(inverse);
        Vector256<float> rounder = Vector256.Create(Rounder);
        Vector256<int> bits = Vector256.Create(RounderBits);
        Vector256<int> low = ((Vector256.Load(x) * scale) + rounder).AsInt32() - bits;
        Vector256<int> high = ((Vector256.Load(x + 8) * scale) + rounder).AsInt32() - bits;
        Vector256<short> shorts = Vector256.Narrow(low, high);
        Vector128.Narrow(shorts.GetLower(), shorts.GetUpper()).Store(quants);
        return Vector128.Sum(shorts.GetLower() + shorts.GetUpper());
    }

    private static short Quantize512(float* x, float inverse, sbyte* quants)
    {
        Vector512<int> ints = ((Vector512.Load(x) * Vector512.Create(inverse)) + Vector512.Create(Rounder)).AsInt32() - Vector512.Create(RounderBits);
        Avx512F.ConvertToVector128SByte(ints).Store(quants);
        return (short)Vector512.Sum(ints);
    }
}
