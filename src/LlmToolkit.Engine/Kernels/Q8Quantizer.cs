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
    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>Quantizes a row; the last block is filled up with zeros.</summary>
    /// <param name="level">Level.</param>
    /// <param name="x">[columns].</param>
    /// <param name="columns">Columns.</param>
    /// <param name="row">Where to; its arrays have room for whole blocks.</param>
    public static void Run(SimdLevel level, float* x, int columns, in Q8Row row)
    {
        int whole = columns / Block;
        RunBlocks(level, x, 0, whole, row);
        if (columns > whole * Block)
        {
            float* rest = stackalloc float[Block];
            new Span<float>(rest, Block).Clear();
            new ReadOnlySpan<float>(x + (whole * Block), columns - (whole * Block)).CopyTo(new Span<float>(rest, Block));
            RunBlocks(level, rest, whole, 1, row);
        }
    }

    private static void RunBlocks(SimdLevel level, float* x, int first, int count, in Q8Row row)
    {
        sbyte* quants = row.Quants + (first * Block);
        float* scales = row.Scales + first;
        float* scaledSums = row.ScaledSums + first;
        short* sums = row.Sums16 + (first * 2);
        switch (level)
        {
            case SimdLevel.V512:
                Blocks512(x, count, quants, scales, scaledSums, sums);
                break;
            case SimdLevel.V256:
                Blocks256(x, count, quants, scales, scaledSums, sums);
                break;
            case SimdLevel.V128:
                Blocks128(x, count, quants, scales, scaledSums, sums);
                break;
            default:
                BlocksScalar(x, count, quants, scales, scaledSums, sums);
                break;
        }
    }

    /// <summary>The definition.</summary>
    private static void BlocksScalar(float* x, int count, sbyte* quants, float* scales, float* scaledSums, short* sums)
    {
        for (int b = 0; b < count; b++, x += Block, quants += Block, sums += 2)
        {
            int largest = 0;
            for (int i = 0; i < Block; i++)
            {
                largest = Math.Max(largest, BitConverter.SingleToInt32Bits(x[i]) & Magnitude);
            }

            scales[b] = Scale(largest, out float inverse);
            for (int half = 0; half < 2; half++)
            {
                int sum = 0;
                for (int i = 16 * half; i < 16 * (half + 1); i++)
                {
                    quants[i] = (sbyte)(BitConverter.SingleToInt32Bits((x[i] * inverse) + Rounder) - RounderBits);
                    sum += quants[i];
                }

                sums[half] = (short)sum;
            }

            scaledSums[b] = scales[b] * (sums[0] + sums[1]);
        }
    }

    private static void Blocks512(float* x, int count, sbyte* quants, float* scales, float* scaledSums, short* sums)
    {
        Vector512<int> mask = Vector512.Create(Magnitude);
        Vector512<float> rounder = Vector512.Create(Rounder);
        for (int b = 0; b < count; b++, x += Block, quants += Block, sums += 2)
        {
            Vector512<float> low = Vector512.Load(x);
            Vector512<float> high = Vector512.Load(x + 16);
            Vector512<int> sixteen = Vector512.Max(low.AsInt32() & mask, high.AsInt32() & mask);
            Vector256<int> eight = Vector256.Max(sixteen.GetLower(), sixteen.GetUpper());
            scales[b] = Scale(Largest(Vector128.Max(eight.GetLower(), eight.GetUpper())), out float inverse);
            Vector512<float> scale = Vector512.Create(inverse);
            Vector512<int> lowInts = ((low * scale) + rounder).AsInt32() - Vector512.Create(RounderBits);
            Vector512<int> highInts = ((high * scale) + rounder).AsInt32() - Vector512.Create(RounderBits);
            Avx512F.ConvertToVector128SByte(lowInts).Store(quants);
            Avx512F.ConvertToVector128SByte(highInts).Store(quants + 16);
            scaledSums[b] = scales[b] * Sums(lowInts.GetLower() + lowInts.GetUpper(), highInts.GetLower() + highInts.GetUpper(), sums);
        }
    }

    private static void Blocks256(float* x, int count, sbyte* quants, float* scales, float* scaledSums, short* sums)
    {
        Vector256<int> mask = Vector256.Create(Magnitude);
        Vector256<float> rounder = Vector256.Create(Rounder);
        Vector256<int> order = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
        for (int b = 0; b < count; b++, x += Block, quants += Block, sums += 2)
        {
            Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 8), x2 = Vector256.Load(x + 16), x3 = Vector256.Load(x + 24);
            Vector256<int> eight = Vector256.Max(
                Vector256.Max(x0.AsInt32() & mask, x1.AsInt32() & mask),
                Vector256.Max(x2.AsInt32() & mask, x3.AsInt32() & mask));
            scales[b] = Scale(Largest(Vector128.Max(eight.GetLower(), eight.GetUpper())), out float inverse);
            Vector256<float> scale = Vector256.Create(inverse);
            Vector256<int> i0 = ((x0 * scale) + rounder).AsInt32() - Vector256.Create(RounderBits);
            Vector256<int> i1 = ((x1 * scale) + rounder).AsInt32() - Vector256.Create(RounderBits);
            Vector256<int> i2 = ((x2 * scale) + rounder).AsInt32() - Vector256.Create(RounderBits);
            Vector256<int> i3 = ((x3 * scale) + rounder).AsInt32() - Vector256.Create(RounderBits);

            // Packing works within halves of 128 bits: the fours come out as 0 2 4 6 1 3 5 7.
            Vector256<sbyte> bytes = Avx2.PackSignedSaturate(Avx2.PackSignedSaturate(i0, i1), Avx2.PackSignedSaturate(i2, i3));
            Avx2.PermuteVar8x32(bytes.AsInt32(), order).AsSByte().Store(quants);
            scaledSums[b] = scales[b] * Sums(i0 + i1, i2 + i3, sums);
        }
    }

    private static void Blocks128(float* x, int count, sbyte* quants, float* scales, float* scaledSums, short* sums)
    {
        Vector128<int>* ints = stackalloc Vector128<int>[8];
        for (int b = 0; b < count; b++, x += Block, quants += Block, sums += 2)
        {
            Vector128<int> four = Vector128<int>.Zero;
            for (int i = 0; i < Block; i += 4)
            {
                four = Vector128.Max(four, Vector128.Load((int*)(x + i)) & Vector128.Create(Magnitude));
            }

            scales[b] = Scale(Largest(four), out float inverse);
            for (int i = 0; i < 8; i++)
            {
                ints[i] = ((Vector128.Load(x + (4 * i)) * Vector128.Create(inverse)) + Vector128.Create(Rounder)).AsInt32() - Vector128.Create(RounderBits);
            }

            Vector128.Narrow(Vector128.Narrow(ints[0], ints[1]), Vector128.Narrow(ints[2], ints[3])).Store(quants);
            Vector128.Narrow(Vector128.Narrow(ints[4], ints[5]), Vector128.Narrow(ints[6], ints[7])).Store(quants + 16);
            sums[0] = (short)Vector128.Sum(ints[0] + ints[1] + (ints[2] + ints[3]));
            sums[1] = (short)Vector128.Sum(ints[4] + ints[5] + (ints[6] + ints[7]));
            scaledSums[b] = scales[b] * (sums[0] + sums[1]);
        }
    }

    /// <summary>
    /// The scale of a block and its inverse, from the bits of the largest magnitude. Bits of magnitudes order as the magnitudes do, with NaN above all: a NaN
    /// makes the scale, and with it the outputs, NaN. Below the normal numbers the inverse would be infinite; such a block is zero.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale(int largest, out float inverse)
    {
        float scale = BitConverter.Int32BitsToSingle(largest) / 127;
        scale = scale < SmallestNormal ? 0 : scale;
        inverse = scale == 0 ? 0 : 1 / scale;
        return scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest(Vector128<int> v)
    {
        v = Vector128.Max(v, Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1)));
        v = Vector128.Max(v, Vector128.Shuffle(v, Vector128.Create(1, 0, 3, 2)));
        return v.ToScalar();
    }

    /// <summary>Writes the sums of both halves of a block, and returns the sum of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sums(Vector256<int> first, Vector256<int> second, short* sums)
    {
        int a = Vector128.Sum(first.GetLower() + first.GetUpper());
        int b = Vector128.Sum(second.GetLower() + second.GetUpper());
        sums[0] = (short)a;
        sums[1] = (short)b;
        return a + b;
    }
}
