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
            y[r] = DotQ8((TBlock*)rows, x.Quants, x.Scales, x.ScaledSums, columns);
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
    private static float DotQ8(TBlock* block, sbyte* quants, float* activationScales, float* activationSums, int columns)
    {
        float* halves = HalfBits.Table;
        float* scales = stackalloc float[16];
        float* minimums = stackalloc float[8];
        float* minimumSums = stackalloc float[8];
        new Span<float>(minimumSums, 8).Clear();
        Vector128<float> low = Vector128<float>.Zero;
        Vector128<float> high = Vector128<float>.Zero;
        for (int done = 0; done < columns; done += TBlock.Length, block++)
        {
            TBlock.FastScales(block, halves, scales, minimums);
            for (int part = 0; part < TBlock.Length / 32; part++, quants += 32, activationScales++, activationSums++)
            {
                Vector128<float> scale = Vector128.Create(scales[part * 32 / TBlock.Group] * *activationScales);
                low = Vector128.MultiplyAddEstimate(Products(TBlock.Unpack128(block, part, 0), Vector128.Load(quants)), scale, low);
                scale = TBlock.Group == 32 ? scale : Vector128.Create(scales[(2 * part) + 1] * *activationScales);
                high = Vector128.MultiplyAddEstimate(Products(TBlock.Unpack128(block, part, 1), Vector128.Load(quants + 16)), scale, high);
                if (TBlock.HasMinimum)
                {
                    minimumSums[part] = float.MultiplyAddEstimate(minimums[part], *activationSums, minimumSums[part]);
                }
            }
        }

        float sum = Sum(low, high);
        return TBlock.HasMinimum ? sum + Sum(Vector128.Load(minimumSums), Vector128.Load(minimumSums + 4)) : sum;
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
