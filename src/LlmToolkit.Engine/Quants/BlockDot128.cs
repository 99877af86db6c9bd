using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Quants;

/// <summary>
/// Row dots in portable 128-bit vectors, with the byte products of SSSE3 or of ARM's dot product where present. Same additions in the same order as the
/// definition in <see cref="BlockQuant{TBlock}"/>; the same bits too where the machine has a fused multiply-add.
/// </summary>
/// <typeparam name="TBlock">The block.</typeparam>
internal static unsafe class BlockDot128<TBlock>
    where TBlock : unmanaged, IBlock<TBlock>
{
    /// <summary>Rows with byte activations.</summary>
    public static void DotQ8(byte* rows, nint rowBytes, int count, in Q8Row x, int columns, float* y)
    {
        for (int r = 0; r < count; r++, rows += rowBytes)
        {
            y[r] = TBlock.Length == 32
                ? Small((TBlock*)rows, x.Quants, x.Scales, x.ScaledSums, columns / 32)
                : Large((TBlock*)rows, x.Quants, x.Scales, x.ScaledSums, columns / 256);
        }
    }

    /// <summary>Rows with float activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DotF32(byte* rows, nint rowBytes, int count, float* x, int columns, float* y)
    {
        float* halves = HalfBits.Table;
        float* scales = stackalloc float[16];
        float* minimums = stackalloc float[16];
        for (int r = 0; r < count; r++, rows += rowBytes)
        {
            TBlock* block = (TBlock*)rows;
            float* values = x;
            Vector128<float> a0 = Vector128<float>.Zero;
            Vector128<float> a1 = a0;
            Vector128<float> a2 = a0;
            Vector128<float> a3 = a0;
            Vector128<float> a4 = a0;
            Vector128<float> a5 = a0;
            Vector128<float> a6 = a0;
            Vector128<float> a7 = a0;
            for (int done = 0; done < columns; done += TBlock.Length, block++)
            {
                TBlock.FastScales(block, halves, scales, minimums);
                for (int part = 0; part < TBlock.Length / 32; part++, values += 32)
                {
                    int low = part * 32 / TBlock.Group;
                    int high = ((part * 32) + 16) / TBlock.Group;
                    Bits.ToSingles(SignedQuants(TBlock.Unpack128(block, part, 0)), out Vector128<float> w0, out Vector128<float> w1, out Vector128<float> w2, out Vector128<float> w3);
                    Bits.ToSingles(SignedQuants(TBlock.Unpack128(block, part, 1)), out Vector128<float> w4, out Vector128<float> w5, out Vector128<float> w6, out Vector128<float> w7);
                    a0 = Vector128.MultiplyAddEstimate(Weights(w0, scales[low], minimums[low]), Vector128.Load(values), a0);
                    a1 = Vector128.MultiplyAddEstimate(Weights(w1, scales[low], minimums[low]), Vector128.Load(values + 4), a1);
                    a2 = Vector128.MultiplyAddEstimate(Weights(w2, scales[low], minimums[low]), Vector128.Load(values + 8), a2);
                    a3 = Vector128.MultiplyAddEstimate(Weights(w3, scales[low], minimums[low]), Vector128.Load(values + 12), a3);
                    a4 = Vector128.MultiplyAddEstimate(Weights(w4, scales[high], minimums[high]), Vector128.Load(values + 16), a4);
                    a5 = Vector128.MultiplyAddEstimate(Weights(w5, scales[high], minimums[high]), Vector128.Load(values + 20), a5);
                    a6 = Vector128.MultiplyAddEstimate(Weights(w6, scales[high], minimums[high]), Vector128.Load(values + 24), a6);
                    a7 = Vector128.MultiplyAddEstimate(Weights(w7, scales[high], minimums[high]), Vector128.Load(values + 28), a7);
                }
            }

            y[r] = Sum(a0 + a2 + (a4 + a6), a1 + a3 + (a5 + a7));
        }
    }

    /// <summary>Sums of four neighbouring products with nothing but portable vectors; w is q without its offset.</summary>
    internal static Vector128<int> PortableProducts(Vector128<sbyte> w, Vector128<sbyte> x)
    {
        // A product of two bytes fits in 16 bits; a 32-bit lane holds two of them.
        Vector128<int> low = (Vector128.WidenLower(w) * Vector128.WidenLower(x)).AsInt32();
        Vector128<int> high = (Vector128.WidenUpper(w) * Vector128.WidenUpper(x)).AsInt32();
        low = ((low << 16) >> 16) + (low >> 16);
        high = ((high << 16) >> 16) + (high >> 16);
        Vector128<int> even = Vector128.Create(Vector128.Shuffle(low, Vector128.Create(0, 2, 0, 2)).GetLower(), Vector128.Shuffle(high, Vector128.Create(0, 2, 0, 2)).GetLower());
        Vector128<int> odd = Vector128.Create(Vector128.Shuffle(low, Vector128.Create(1, 3, 1, 3)).GetLower(), Vector128.Shuffle(high, Vector128.Create(1, 3, 1, 3)).GetLower());
        return even + odd;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Small(TBlock* block, sbyte* quants, float* scales, float* sums, int blocks)
    {
        float* halves = HalfBits.Table;
        Vector128<float> low = Vector128<float>.Zero;
        Vector128<float> high = low;
        float minimums = 0;
        for (int b = 0; b < blocks; b++, quants += 32, block++)
        {
            Vector128<float> scale = Vector128.Create(TBlock.ScaleOf(block, halves)) * Vector128.Create(scales[b]);
            low = Vector128.MultiplyAddEstimate(Products(TBlock.Unpack128(block, 0, 0), Vector128.Load(quants)), scale, low);
            high = Vector128.MultiplyAddEstimate(Products(TBlock.Unpack128(block, 0, 1), Vector128.Load(quants + 16)), scale, high);
            minimums = TBlock.HasMinimum ? float.MultiplyAddEstimate(TBlock.MinimumOf(block, halves), sums[b], minimums) : 0;
        }

        return TBlock.HasMinimum ? Sum(low, high) + minimums : Sum(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Large(TBlock* block, sbyte* quants, float* scales, float* sums, int blocks)
    {
        float* halves = HalfBits.Table;
        float* products = stackalloc float[16];
        float* minimums = stackalloc float[8];
        Vector128<float> evenLow = Vector128<float>.Zero;
        Vector128<float> evenHigh = evenLow;
        Vector128<float> oddLow = evenLow;
        Vector128<float> oddHigh = evenLow;
        Vector128<float> minimumsLow = evenLow;
        Vector128<float> minimumsHigh = evenLow;
        for (int b = 0; b < blocks; b++, block++, quants += 256, scales += 8, sums += 8)
        {
            TBlock.FastScales(block, halves, products, minimums);
            if (TBlock.HasMinimum)
            {
                minimumsLow = Vector128.MultiplyAddEstimate(Vector128.Load(minimums), Vector128.Load(sums), minimumsLow);
                minimumsHigh = Vector128.MultiplyAddEstimate(Vector128.Load(minimums + 4), Vector128.Load(sums + 4), minimumsHigh);
            }

            // Constant part numbers make constant shifts.
            Add(block, 0, quants, products, scales, ref evenLow, ref evenHigh);
            Add(block, 1, quants, products, scales, ref oddLow, ref oddHigh);
            Add(block, 2, quants, products, scales, ref evenLow, ref evenHigh);
            Add(block, 3, quants, products, scales, ref oddLow, ref oddHigh);
            Add(block, 4, quants, products, scales, ref evenLow, ref evenHigh);
            Add(block, 5, quants, products, scales, ref oddLow, ref oddHigh);
            Add(block, 6, quants, products, scales, ref evenLow, ref evenHigh);
            Add(block, 7, quants, products, scales, ref oddLow, ref oddHigh);
        }

        float sum = Sum(evenLow + oddLow, evenHigh + oddHigh);
        return TBlock.HasMinimum ? sum + Sum(minimumsLow, minimumsHigh) : sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(TBlock* block, int part, sbyte* quants, float* scales, float* activationScales, ref Vector128<float> low, ref Vector128<float> high)
    {
        quants += 32 * part;
        Vector128<float> scale = Vector128.Create(scales[part * 32 / TBlock.Group] * activationScales[part]);
        low = Vector128.MultiplyAddEstimate(Products(TBlock.Unpack128(block, part, 0), Vector128.Load(quants)), scale, low);
        scale = TBlock.Group == 32 ? scale : Vector128.Create(scales[(2 * part) + 1] * activationScales[part]);
        high = Vector128.MultiplyAddEstimate(Products(TBlock.Unpack128(block, part, 1), Vector128.Load(quants + 16)), scale, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Products(Vector128<byte> w, Vector128<sbyte> x)
    {
        if (Ssse3.IsSupported)
        {
            Vector128<short> offset = Vector128<short>.Zero;
            if (TBlock.Signed)
            {
                x = Ssse3.Sign(x, w.AsSByte());
                w = Ssse3.Abs(w.AsSByte());
            }
            else if (TBlock.Offset != 0)
            {
                offset = Ssse3.MultiplyAddAdjacent(Vector128.Create((byte)TBlock.Offset), x);
            }

            return Vector128.ConvertToSingle(Sse2.MultiplyAddAdjacent(Ssse3.MultiplyAddAdjacent(w, x) - offset, Vector128.Create((short)1)));
        }

        return Vector128.ConvertToSingle(Dp.IsSupported ? Dp.DotProduct(Vector128<int>.Zero, SignedQuants(w), x) : PortableProducts(SignedQuants(w), x));
    }

    /// <summary>q without its offset; from −128 to 127 for all types.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> SignedQuants(Vector128<byte> q) => TBlock.Signed ? q.AsSByte() : q.AsSByte() - Vector128.Create((sbyte)TBlock.Offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Weights(Vector128<float> quants, float scale, float minimum) =>
        TBlock.HasMinimum ? (quants * Vector128.Create(scale)) + Vector128.Create(minimum) : quants * Vector128.Create(scale);

    /// <summary>The sum of eight lanes in the order of <see cref="BlockQuant{TBlock}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector128<float> low, Vector128<float> high)
    {
        Vector128<float> four = low + high;
        return four[0] + four[2] + (four[1] + four[3]);
    }
}
