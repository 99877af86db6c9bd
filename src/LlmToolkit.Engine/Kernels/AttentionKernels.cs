using System.Runtime.CompilerServices;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// The loops of <see cref="Attention"/> over one block of positions for one to four queries that share a cache head. Stored elements E are floats or halves;
/// halves are read × 2^-112. A score sums over components in order, an output over positions in order: the result does not depend on which queries run together, nor on the width.
/// </summary>
internal static unsafe partial class AttentionKernels
{
    /// <summary>scores = scores * scale, then capped, for <paramref name="count"/> floats, a multiple of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScaleAndCap<V>(float* scores, int count, float scale, float cap)
        where V : struct, ILanes<V>
    {
        V scales = V.Create(scale);
        if (cap <= 0)
        {
            for (int i = 0; i < count; i += V.Count)
            {
                V.Store(V.Load(scores + i) * scales, scores + i);
            }

            return;
        }

        V caps = V.Create(cap);
        V inverse = V.Create(1 / cap);
        for (int i = 0; i < count; i += V.Count)
        {
            V.Store(caps * VectorMath.Tanh(V.Load(scores + i) * scales * inverse), scores + i);
        }
    }

    /// <summary>scores[j] += slope * (first + j) for <paramref name="count"/> floats, a multiple of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void AddSlope<V>(float* scores, int count, float slope, int first)
        where V : struct, ILanes<V>
    {
        float* ramp = stackalloc float[V.Count];
        for (int i = 0; i < V.Count; i++)
        {
            ramp[i] = i;
        }

        V steps = V.Load(ramp);
        V slopes = V.Create(slope);
        for (int i = 0; i < count; i += V.Count)
        {
            V.Store(V.MultiplyAdd(V.Create(first + i) + steps, slopes, V.Load(scores + i)), scores + i);
        }
    }

    /// <summary>The largest of <paramref name="count"/> floats, a multiple of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Max<V>(float* scores, int count)
        where V : struct, ILanes<V>
    {
        V max = V.Load(scores);
        for (int i = V.Count; i < count; i += V.Count)
        {
            max = V.Max(max, V.Load(scores + i));
        }

        return V.MaxAcross(max);
    }

    /// <summary>scores = unit * e^(scores − max) for <paramref name="count"/> floats, a multiple of 16; returns the sum without the unit, added in 16 lanes at every width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Exponentials<V>(float* scores, int count, float max, float unit)
        where V : struct, ILanes<V>
    {
        V maxima = V.Create(max);
        V units = V.Create(unit);
        V sum0 = V.Create(0f);
        V sum1 = sum0;
        V sum2 = sum0;
        V sum3 = sum0;
        for (float* end = scores + count; scores < end; scores += 16)
        {
            V e = VectorMath.Exp(V.Load(scores) - maxima);
            sum0 += e;
            V.Store(e * units, scores);
            if (V.Count <= 8)
            {
                e = VectorMath.Exp(V.Load(scores + V.Count) - maxima);
                sum1 += e;
                V.Store(e * units, scores + V.Count);
            }

            if (V.Count == 4)
            {
                e = VectorMath.Exp(V.Load(scores + 8) - maxima);
                sum2 += e;
                V.Store(e * units, scores + 8);
                e = VectorMath.Exp(V.Load(scores + 12) - maxima);
                sum3 += e;
                V.Store(e * units, scores + 12);
            }
        }

        return V.SumAcross(V.Count == 16 ? sum0 : V.Count == 8 ? sum0 + sum1 : (sum0 + sum2) + (sum1 + sum3));
    }

    /// <summary>target = source * factor for <paramref name="count"/> floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyScaled<V>(float* source, float factor, float* target, int count)
        where V : struct, ILanes<V>
    {
        V factors = V.Create(factor);
        int i = 0;
        for (; i <= count - V.Count; i += V.Count)
        {
            V.Store(V.Load(source + i) * factors, target + i);
        }

        for (; i < count; i++)
        {
            target[i] = source[i] * factor;
        }
    }

    /// <summary>Halves as floats × 2^-112, <paramref name="count"/> of them, a multiple of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<V>(ushort* halves, float* floats, int count)
        where V : struct, ILanes<V>
    {
        for (int i = 0; i < count; i += V.Count)
        {
            V.Store(V.LoadHalves(halves + i), floats + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Load<V, E>(E* source)
        where V : struct, ILanes<V>
        where E : unmanaged =>
        typeof(E) == typeof(float) ? V.Load((float*)source) : V.LoadHalves((ushort*)source);
}
