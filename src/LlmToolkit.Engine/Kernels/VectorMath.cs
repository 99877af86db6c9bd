using System.Runtime.CompilerServices;

namespace LlmToolkit.Engine.Kernels;

/// <summary>Functions of registers. The polynomials are the definition: every width, 1 included, gives the same bits.</summary>
internal static unsafe class VectorMath
{
    /// <summary>e^x, relative error below 2e-7; 0 below −87.33654 (where floats become subnormal), the largest float above 88.7228.</summary>
    /// <remarks>x = n ln 2 + r; e^r = 1 + r + r² p(r), p of degree 4 fitted at Chebyshev points on ±ln 2 / 2 (8e-9). Adding 1.5 × 2^23 rounds to n and leaves it in the low bits.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<V>(V x)
        where V : struct, ILanes<V>
    {
        V magic = V.Create(12582912f);
        V bounded = V.Min(V.Create(88.72283f), x);
        V shifted = V.MultiplyAdd(bounded, V.Create(1.44269504f), magic);
        V n = shifted - magic;
        V r = V.MultiplyAdd(n, V.Create(-0.693359375f), bounded);
        r = V.MultiplyAdd(n, V.Create(2.12194440e-4f), r);
        V p = V.Create(1.39261835877e-3f);
        p = V.MultiplyAdd(p, r, V.Create(8.36317905272e-3f));
        p = V.MultiplyAdd(p, r, V.Create(4.16665546172e-2f));
        p = V.MultiplyAdd(p, r, V.Create(0.166665769897f));
        p = V.MultiplyAdd(p, r, V.Create(0.5f));
        p = V.MultiplyAdd(p, r * r, r + V.Create(1f));
        return V.WhereLess(x, V.Create(-87.33654f), V.Create(0f), V.Scale(p, shifted));
    }

    /// <summary>1 / (1 + e^-x), relative error below 4e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid<V>(V x)
        where V : struct, ILanes<V>
    {
        V one = V.Create(1f);
        return one / (one + Exp(V.Create(0f) - x));
    }

    /// <summary>tanh x, relative error below 4e-7.</summary>
    /// <remarks>Below 0.625 the odd polynomial of Cephes' tanhf, because 1 − 2 / (e^2x + 1) cancels there.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh<V>(V x)
        where V : struct, ILanes<V>
    {
        V size = V.Abs(x);
        V square = x * x;
        V p = V.Create(-5.70498872745e-3f);
        p = V.MultiplyAdd(p, square, V.Create(2.06390887954e-2f));
        p = V.MultiplyAdd(p, square, V.Create(-5.37397155531e-2f));
        p = V.MultiplyAdd(p, square, V.Create(1.33314422036e-1f));
        p = V.MultiplyAdd(p, square, V.Create(-3.33332819422e-1f));
        V small = V.MultiplyAdd(p * square, size, size);
        V one = V.Create(1f);
        V large = one - (V.Create(2f) / (Exp(size + size) + one));
        return V.CopySign(V.WhereLess(size, V.Create(0.625f), small, large), x);
    }

    /// <summary>x Φ(x), the exact gelu: absolute error below 1e-7 × max(1, |x|), and small relative to the result on both sides of 0.</summary>
    /// <remarks>erfc(|x| / √2) = t p(t) e^(−x² / 2) with t = 1 / (1 + |x| / 4), p of degree 8 fitted at Chebyshev points on |x| ≤ 14 (3e-8); beyond, e^… is 0.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Gelu<V>(V x)
        where V : struct, ILanes<V>
    {
        V zero = V.Create(0f);
        V one = V.Create(1f);
        V half = V.Create(0.5f);
        V size = V.Abs(x);
        V t = one / V.MultiplyAdd(size, V.Create(0.25f), one);
        V p = V.Create(0.057569471942f);
        p = V.MultiplyAdd(p, t, V.Create(-0.335016195102f));
        p = V.MultiplyAdd(p, t, V.Create(0.652163271255f));
        p = V.MultiplyAdd(p, t, V.Create(-0.479106752004f));
        p = V.MultiplyAdd(p, t, V.Create(0.449444860456f));
        p = V.MultiplyAdd(p, t, V.Create(0.0466095502729f));
        p = V.MultiplyAdd(p, t, V.Create(0.212336600272f));
        p = V.MultiplyAdd(p, t, V.Create(0.196365556429f));
        p = V.MultiplyAdd(p, t, V.Create(0.199633621396f));
        V tail = x * half * t * p * Exp(zero - (x * x * half));
        return V.WhereLess(x, zero, tail, x - tail);
    }

    /// <summary>The half bits of <paramref name="count"/> floats: nearest, ties to even; beyond ±65504 infinite; not-a-number stays so. The same at every level.</summary>
    public static void ToHalves(SimdLevel level, float* x, ushort* y, int count)
    {
        int done = level switch
        {
            SimdLevel.V512 => ToHalves<Lanes512>(x, y, 0, count),
            SimdLevel.V256 => ToHalves<Lanes256>(x, y, 0, count),
            SimdLevel.V128 => ToHalves<Lanes128>(x, y, 0, count),
            _ => 0,
        };
        ToHalves<Lanes1>(x, y, done, count);
    }

    /// <summary>Sums 16 lanes in a fixed order; overwrites them.</summary>
    public static float Sum16(float* lanes)
    {
        for (int width = 8; width > 0; width /= 2)
        {
            for (int i = 0; i < width; i++)
            {
                lanes[i] += lanes[i + width];
            }
        }

        return lanes[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ToHalves<V>(float* x, ushort* y, int i, int count)
        where V : struct, ILanes<V>
    {
        for (; i <= count - V.Count; i += V.Count)
        {
            V.StoreHalves(V.Load(x + i), y + i);
        }

        return i;
    }
}
