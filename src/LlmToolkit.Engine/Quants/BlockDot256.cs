using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Quants;

/// <summary>Row dots with AVX2 and FMA; AVX-VNNI where present. Same additions in the same order as the definition in <see cref="BlockQuant{TBlock}"/>.</summary>
/// <typeparam name="TBlock">The block.</typeparam>
internal static unsafe class BlockDot256<TBlock>
    where TBlock : unmanaged, IBlock<TBlock>
{
    /// <summary>Rows with byte activations. Several rows at once hide the latency of the one chain of additions that each has, and share what depends on x alone.</summary>
    public static void DotQ8(byte* rows, nint rowBytes, int count, in Q8Row x, int columns, float* y)
    {
        const int small = 4;
        const int large = 2;
        int together = TBlock.Length == 32 ? small : large;
        for (; count >= together; count -= together, rows += together * rowBytes, y += together)
        {
            if (TBlock.Length == 32)
            {
                Small4(rows, rowBytes, x.Quants, x.Scales, x.ScaledSums, columns / 32, y);
            }
            else
            {
                Large2(rows, rowBytes, x.Quants, x.Scales, x.ScaledSums, columns / 256, y);
            }
        }

        for (; count > 0; count--, rows += rowBytes, y++)
        {
            *y = TBlock.Length == 32
                ? Small1((TBlock*)rows, x.Quants, x.Scales, x.ScaledSums, columns / 32)
                : Large1((TBlock*)rows, x.Quants, x.Scales, x.ScaledSums, columns / 256);
        }
    }

    /// <summary>Rows with float activations: each part dequantized to the definition's bits, then 32 lanes of fused multiply-adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DotF32(byte* rows, nint rowBytes, int count, float* x, int columns, float* y)
    {
        float* halves = HalfBits.Table;
        float* scales = stackalloc float[16];
        float* minimums = stackalloc float[16];
        byte* q = stackalloc byte[32];
        for (int r = 0; r < count; r++, rows += rowBytes)
        {
            Vector256<float> a = Vector256<float>.Zero;
            Vector256<float> b = a;
            Vector256<float> c = a;
            Vector256<float> d = a;
            TBlock* block = (TBlock*)rows;
            float* values = x;
            for (int done = 0; done < columns; done += TBlock.Length, block++)
            {
                TBlock.FastScales(block, halves, scales, minimums);
                for (int part = 0; part < TBlock.Length / 32; part++, values += 32)
                {
                    Vector256<byte> bytes = TBlock.Unpack256(block, part);
                    bytes.Store(q);
                    int low = part * 32 / TBlock.Group;
                    int high = ((part * 32) + 16) / TBlock.Group;
                    a = Fma.MultiplyAdd(Weights(q, scales[low], minimums[low]), Vector256.Load(values), a);
                    b = Fma.MultiplyAdd(Weights(q + 8, scales[low], minimums[low]), Vector256.Load(values + 8), b);
                    c = Fma.MultiplyAdd(Weights(q + 16, scales[high], minimums[high]), Vector256.Load(values + 16), c);
                    d = Fma.MultiplyAdd(Weights(q + 24, scales[high], minimums[high]), Vector256.Load(values + 24), d);
                }
            }

            y[r] = Sum(a + b + (c + d));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Weights(byte* q, float scale, float minimum)
    {
        Vector256<int> integers = TBlock.Signed
            ? Avx2.ConvertToVector256Int32((sbyte*)q)
            : Avx2.ConvertToVector256Int32(q) - Vector256.Create(TBlock.Offset);
        Vector256<float> scaled = Vector256.ConvertToSingle(integers) * Vector256.Create(scale);
        return TBlock.HasMinimum ? scaled + Vector256.Create(minimum) : scaled;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Small4(byte* row, nint rowBytes, sbyte* quants, float* scales, float* sums, int blocks, float* y)
    {
        float* halves = HalfBits.Table;
        Vector256<float> a0 = Vector256<float>.Zero;
        Vector256<float> a1 = a0;
        Vector256<float> a2 = a0;
        Vector256<float> a3 = a0;
        float m0 = 0;
        float m1 = 0;
        float m2 = 0;
        float m3 = 0;
        byte* row2 = row + (2 * rowBytes);
        nint ahead = Lookahead.Passes(4 * rowBytes);
        for (int b = 0; b < blocks; b++, quants += 32)
        {
            Vector256<sbyte> x = Vector256.Load(quants);
            Vector256<short> offset = Offset(x);
            Vector256<float> scale = Vector256.Create(scales[b]);
            TBlock* w0 = (TBlock*)row + b;
            TBlock* w1 = (TBlock*)(row + rowBytes) + b;
            TBlock* w2 = (TBlock*)row2 + b;
            TBlock* w3 = (TBlock*)(row2 + rowBytes) + b;
            Sse.Prefetch1((byte*)w0 + ahead);
            Sse.Prefetch1((byte*)w1 + ahead);
            Sse.Prefetch1((byte*)w2 + ahead);
            Sse.Prefetch1((byte*)w3 + ahead);
            a0 = Fma.MultiplyAdd(Products(w0, 0, x, offset), Vector256.Create(TBlock.ScaleOf(w0, halves)) * scale, a0);
            a1 = Fma.MultiplyAdd(Products(w1, 0, x, offset), Vector256.Create(TBlock.ScaleOf(w1, halves)) * scale, a1);
            a2 = Fma.MultiplyAdd(Products(w2, 0, x, offset), Vector256.Create(TBlock.ScaleOf(w2, halves)) * scale, a2);
            a3 = Fma.MultiplyAdd(Products(w3, 0, x, offset), Vector256.Create(TBlock.ScaleOf(w3, halves)) * scale, a3);
            if (TBlock.HasMinimum)
            {
                m0 = MathF.FusedMultiplyAdd(TBlock.MinimumOf(w0, halves), sums[b], m0);
                m1 = MathF.FusedMultiplyAdd(TBlock.MinimumOf(w1, halves), sums[b], m1);
                m2 = MathF.FusedMultiplyAdd(TBlock.MinimumOf(w2, halves), sums[b], m2);
                m3 = MathF.FusedMultiplyAdd(TBlock.MinimumOf(w3, halves), sums[b], m3);
            }
        }

        y[0] = TBlock.HasMinimum ? Sum(a0) + m0 : Sum(a0);
        y[1] = TBlock.HasMinimum ? Sum(a1) + m1 : Sum(a1);
        y[2] = TBlock.HasMinimum ? Sum(a2) + m2 : Sum(a2);
        y[3] = TBlock.HasMinimum ? Sum(a3) + m3 : Sum(a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Small1(TBlock* block, sbyte* quants, float* scales, float* sums, int blocks)
    {
        float* halves = HalfBits.Table;
        Vector256<float> sum = Vector256<float>.Zero;
        float minimums = 0;
        for (int b = 0; b < blocks; b++, quants += 32, block++)
        {
            Sse.Prefetch1((byte*)block + Lookahead.OneRow);
            Vector256<sbyte> x = Vector256.Load(quants);
            sum = Fma.MultiplyAdd(Products(block, 0, x, Offset(x)), Vector256.Create(TBlock.ScaleOf(block, halves)) * Vector256.Create(scales[b]), sum);
            minimums = TBlock.HasMinimum ? MathF.FusedMultiplyAdd(TBlock.MinimumOf(block, halves), sums[b], minimums) : 0;
        }

        return TBlock.HasMinimum ? Sum(sum) + minimums : Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Large2(byte* row, nint rowBytes, sbyte* quants, float* scales, float* sums, int blocks, float* y)
    {
        float* halves = HalfBits.Table;
        float* s0 = stackalloc float[32];
        float* s1 = s0 + 16;
        Vector256<float> even0 = Vector256<float>.Zero;
        Vector256<float> odd0 = even0;
        Vector256<float> m0 = even0;
        Vector256<float> even1 = even0;
        Vector256<float> odd1 = even0;
        Vector256<float> m1 = even0;
        nint ahead = Lookahead.Passes(2 * rowBytes);
        for (int b = 0; b < blocks; b++, quants += 256, scales += 8, sums += 8)
        {
            TBlock* w0 = (TBlock*)row + b;
            TBlock* w1 = (TBlock*)(row + rowBytes) + b;
            PrefetchBlock((byte*)w0 + ahead);
            PrefetchBlock((byte*)w1 + ahead);
            m0 = PartScales(w0, halves, scales, sums, s0, m0);
            m1 = PartScales(w1, halves, scales, sums, s1, m1);
            Both(w0, w1, 0, quants, s0, s1, ref even0, ref even1);
            Both(w0, w1, 1, quants, s0, s1, ref odd0, ref odd1);
            Both(w0, w1, 2, quants, s0, s1, ref even0, ref even1);
            Both(w0, w1, 3, quants, s0, s1, ref odd0, ref odd1);
            Both(w0, w1, 4, quants, s0, s1, ref even0, ref even1);
            Both(w0, w1, 5, quants, s0, s1, ref odd0, ref odd1);
            Both(w0, w1, 6, quants, s0, s1, ref even0, ref even1);
            Both(w0, w1, 7, quants, s0, s1, ref odd0, ref odd1);
        }

        y[0] = TBlock.HasMinimum ? Sum(even0 + odd0) + Sum(m0) : Sum(even0 + odd0);
        y[1] = TBlock.HasMinimum ? Sum(even1 + odd1) + Sum(m1) : Sum(even1 + odd1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Both(TBlock* w0, TBlock* w1, int part, sbyte* quants, float* s0, float* s1, ref Vector256<float> a0, ref Vector256<float> a1)
    {
        Vector256<sbyte> x = Vector256.Load(quants + (32 * part));
        Vector256<short> offset = Offset(x);
        a0 = Fma.MultiplyAdd(Products(w0, part, x, offset), PartScale(s0, part), a0);
        a1 = Fma.MultiplyAdd(Products(w1, part, x, offset), PartScale(s1, part), a1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Large1(TBlock* block, sbyte* quants, float* scales, float* sums, int blocks)
    {
        float* halves = HalfBits.Table;
        float* s = stackalloc float[16];
        Vector256<float> even = Vector256<float>.Zero;
        Vector256<float> odd = even;
        Vector256<float> minimumSum = even;
        for (int b = 0; b < blocks; b++, quants += 256, scales += 8, sums += 8, block++)
        {
            PrefetchBlock((byte*)block + Lookahead.OneRow);
            minimumSum = PartScales(block, halves, scales, sums, s, minimumSum);
            even = One(block, 0, quants, s, even);
            odd = One(block, 1, quants, s, odd);
            even = One(block, 2, quants, s, even);
            odd = One(block, 3, quants, s, odd);
            even = One(block, 4, quants, s, even);
            odd = One(block, 5, quants, s, odd);
            even = One(block, 6, quants, s, even);
            odd = One(block, 7, quants, s, odd);
        }

        return TBlock.HasMinimum ? Sum(even + odd) + Sum(minimumSum) : Sum(even + odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> One(TBlock* block, int part, sbyte* quants, float* s, Vector256<float> sum)
    {
        Vector256<sbyte> x = Vector256.Load(quants + (32 * part));
        return Fma.MultiplyAdd(Products(block, part, x, Offset(x)), PartScale(s, part), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchBlock(byte* block)
    {
        Sse.Prefetch1(block);
        Sse.Prefetch1(block + 64);
        Sse.Prefetch1(block + 128);
        if (sizeof(TBlock) > 192)
        {
            Sse.Prefetch1(block + 192);
        }
    }

    /// <summary>Writes the products of the scales of weights and activations, and adds the minimums' share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PartScales(TBlock* block, float* halves, float* scales, float* sums, float* products, Vector256<float> minimumSum)
    {
        (Vector256<float> first, Vector256<float> second) = TBlock.Scales256(block, halves);
        Vector256<float> x = Vector256.Load(scales);
        if (TBlock.Group == 32)
        {
            (first * x).Store(products);
        }
        else
        {
            (first * Avx2.PermuteVar8x32(x, Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3))).Store(products);
            (second * Avx2.PermuteVar8x32(x, Vector256.Create(4, 4, 5, 5, 6, 6, 7, 7))).Store(products + 8);
        }

        return TBlock.HasMinimum ? Fma.MultiplyAdd(second, Vector256.Load(sums), minimumSum) : minimumSum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PartScale(float* products, int part) => TBlock.Group == 32
        ? Vector256.Create(products[part])
        : Vector256.Create(Vector128.Create(products[2 * part]), Vector128.Create(products[(2 * part) + 1]));

    /// <summary>What the weights' offset contributes: the same for all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Offset(Vector256<sbyte> x)
    {
        if (TBlock.Signed || TBlock.Offset == 0)
        {
            return Vector256<short>.Zero;
        }

        Vector256<byte> offset = Vector256.Create((byte)TBlock.Offset);
        return AvxVnni.IsSupported
            ? (-AvxVnni.MultiplyWideningAndAdd(Vector256<int>.Zero, offset, x)).AsInt16()
            : Avx2.MultiplyAddAdjacent(offset, x);
    }

    /// <summary>Eight sums of four neighbouring products, exact: 2 × 128 × 127 is the most that the 16 bits between hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Products(TBlock* block, int part, Vector256<sbyte> x, Vector256<short> offset)
    {
        Vector256<byte> w = TBlock.Unpack256(block, part);
        if (TBlock.Signed)
        {
            // The sign moves to x, which is never −128.
            x = Avx2.Sign(x, w.AsSByte());
            w = Avx2.Abs(w.AsSByte());
        }

        if (AvxVnni.IsSupported)
        {
            return Vector256.ConvertToSingle(AvxVnni.MultiplyWideningAndAdd(offset.AsInt32(), w, x));
        }

        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(w, x);
        pairs = TBlock.Signed || TBlock.Offset == 0 ? pairs : pairs - offset;
        return Vector256.ConvertToSingle(Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1)));
    }

    /// <summary>The sum of the lanes in the order of <see cref="BlockQuant{TBlock}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector256<float> v)
    {
        Vector128<float> four = v.GetLower() + v.GetUpper();
        return four[0] + four[2] + (four[1] + four[3]);
    }
}
