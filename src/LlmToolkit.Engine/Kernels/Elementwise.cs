using System.Runtime.CompilerServices;

namespace LlmToolkit.Engine.Kernels;

/// <summary>Operations on single rows. All levels give the same bits: sums run in 16 lanes whatever the width, and a tail is the same formula at width 1.</summary>
internal static unsafe class Elementwise
{
    /// <summary>y = x * rsqrt(mean(x²) + eps) * weight; null weight: ones. x and y may be the same row.</summary>
    public static void RmsNorm(SimdLevel level, float* x, float* weight, float epsilon, float* y, int count)
    {
        float meanSquare = Sum<Square>(level, x, 0, count) / count;
        Normalize(level, x, 0, 1 / MathF.Sqrt(meanSquare + epsilon), weight, null, y, count);
    }

    /// <summary>y = (x − mean) * rsqrt(variance + eps) * weight + bias; null weight: ones, null bias: zeros.</summary>
    public static void LayerNorm(SimdLevel level, float* x, float* weight, float* bias, float epsilon, float* y, int count)
    {
        float mean = Sum<Plain>(level, x, 0, count) / count;
        float variance = Sum<Square>(level, x, mean, count) / count;
        Normalize(level, x, mean, 1 / MathF.Sqrt(variance + epsilon), weight, bias, y, count);
    }

    /// <summary>y += x.</summary>
    public static void Add(SimdLevel level, float* x, float* y, int count) => Map<Plus>(level, x, y, 0, y, count);

    /// <summary>y *= factor.</summary>
    public static void Scale(SimdLevel level, float factor, float* y, int count) => Map<Multiple>(level, y, null, factor, y, count);

    /// <summary>y = silu(gate) * up; null up: ones.</summary>
    public static void SiluMul(SimdLevel level, float* gate, float* up, float* y, int count) => Map<Silu>(level, gate, up, 0, y, count);

    /// <summary>y = gelu(x), tanh form; up, when not null, multiplies it.</summary>
    public static void GeluTanh(SimdLevel level, float* x, float* up, float* y, int count) => Map<TanhGelu>(level, x, up, 0, y, count);

    /// <summary>y = gelu(x), exact form with erf; up, when not null, multiplies it.</summary>
    public static void GeluErf(SimdLevel level, float* x, float* up, float* y, int count) => Map<ErfGelu>(level, x, up, 0, y, count);

    /// <summary>y = relu(x).</summary>
    public static void Relu(SimdLevel level, float* x, float* y, int count) => Map<Rectified>(level, x, null, 0, y, count);

    /// <summary>y = cap * tanh(y / cap).</summary>
    public static void SoftCap(SimdLevel level, float cap, float* y, int count) => Map<Capped>(level, y, null, cap, y, count);

    /// <summary>
    /// Rotates one head in place, half-split pairs (i, i + half) of the first 2 * half values: cos and sin are the position's rows [half].
    /// </summary>
    public static void RopeHalves(SimdLevel level, float* head, float* cos, float* sin, int half)
    {
        int done = level switch
        {
            SimdLevel.V512 => RotateHalves<Lanes512>(head, cos, sin, 0, half),
            SimdLevel.V256 => RotateHalves<Lanes256>(head, cos, sin, 0, half),
            SimdLevel.V128 => RotateHalves<Lanes128>(head, cos, sin, 0, half),
            _ => 0,
        };
        RotateHalves<Lanes1>(head, cos, sin, done, half);
    }

    /// <summary>Rotates one head in place, neighbour pairs (2i, 2i + 1).</summary>
    public static void RopePairs(SimdLevel level, float* head, float* cos, float* sin, int half)
    {
        int i = level switch
        {
            SimdLevel.V512 => RotatePairs<Lanes512>(head, cos, sin, half),
            SimdLevel.V256 => RotatePairs<Lanes256>(head, cos, sin, half),
            SimdLevel.V128 => RotatePairs<Lanes128>(head, cos, sin, half),
            _ => 0,
        };
        for (; i < half; i++)
        {
            float a = head[2 * i];
            float b = head[(2 * i) + 1];
            head[2 * i] = MathF.FusedMultiplyAdd(a, cos[i], -(b * sin[i]));
            head[(2 * i) + 1] = MathF.FusedMultiplyAdd(b, cos[i], a * sin[i]);
        }
    }

    /// <summary>y[i] = f(x[i], z[i], parameter); null z: ones.</summary>
    private static void Map<F>(SimdLevel level, float* x, float* z, float parameter, float* y, int count)
        where F : struct, IFunction
    {
        int done = level switch
        {
            SimdLevel.V512 => Map<F, Lanes512>(x, z, parameter, y, 0, count),
            SimdLevel.V256 => Map<F, Lanes256>(x, z, parameter, y, 0, count),
            SimdLevel.V128 => Map<F, Lanes128>(x, z, parameter, y, 0, count),
            _ => 0,
        };
        Map<F, Lanes1>(x, z, parameter, y, done, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Map<F, V>(float* x, float* z, float parameter, float* y, int i, int count)
        where F : struct, IFunction
        where V : struct, ILanes<V>
    {
        V parameters = V.Create(parameter);
        if (z == null)
        {
            V ones = V.Create(1f);
            for (; i <= count - V.Count; i += V.Count)
            {
                V.Store(F.Apply(V.Load(x + i), ones, parameters), y + i);
            }
        }
        else
        {
            for (; i <= count - V.Count; i += V.Count)
            {
                V.Store(F.Apply(V.Load(x + i), V.Load(z + i), parameters), y + i);
            }
        }

        return i;
    }

    /// <summary>The sum of terms, in 16 lanes: element i belongs to lane i mod 16.</summary>
    [SkipLocalsInit]
    private static float Sum<T>(SimdLevel level, float* x, float mean, int count)
        where T : struct, ITerm
    {
        float* lanes = stackalloc float[16];
        int whole = count / 16 * 16;
        switch (level)
        {
            case SimdLevel.V512:
                SumLanes<T, Lanes512>(x, mean, whole, lanes);
                break;
            case SimdLevel.V256:
                SumLanes<T, Lanes256>(x, mean, whole, lanes);
                break;
            case SimdLevel.V128:
                SumLanes<T, Lanes128>(x, mean, whole, lanes);
                break;
            default:
                new Span<float>(lanes, 16).Clear();
                whole = 0;
                break;
        }

        for (int i = whole; i < count; i++)
        {
            Lanes1.Store(T.Add(Lanes1.Load(lanes + (i % 16)), Lanes1.Load(x + i), Lanes1.Create(mean)), lanes + (i % 16));
        }

        return VectorMath.Sum16(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumLanes<T, V>(float* x, float mean, int count, float* lanes)
        where T : struct, ITerm
        where V : struct, ILanes<V>
    {
        V means = V.Create(mean);
        V sum0 = V.Create(0f);
        V sum1 = sum0;
        V sum2 = sum0;
        V sum3 = sum0;
        for (float* end = x + count; x < end; x += 16)
        {
            sum0 = T.Add(sum0, V.Load(x), means);
            if (V.Count <= 8)
            {
                sum1 = T.Add(sum1, V.Load(x + V.Count), means);
            }

            if (V.Count == 4)
            {
                sum2 = T.Add(sum2, V.Load(x + 8), means);
                sum3 = T.Add(sum3, V.Load(x + 12), means);
            }
        }

        V.Store(sum0, lanes);
        if (V.Count <= 8)
        {
            V.Store(sum1, lanes + V.Count);
        }

        if (V.Count == 4)
        {
            V.Store(sum2, lanes + 8);
            V.Store(sum3, lanes + 12);
        }
    }

    /// <summary>y = (x − mean) * scale * weight + bias.</summary>
    private static void Normalize(SimdLevel level, float* x, float mean, float scale, float* weight, float* bias, float* y, int count)
    {
        int done = level switch
        {
            SimdLevel.V512 => Normalize<Lanes512>(x, mean, scale, weight, bias, y, 0, count),
            SimdLevel.V256 => Normalize<Lanes256>(x, mean, scale, weight, bias, y, 0, count),
            SimdLevel.V128 => Normalize<Lanes128>(x, mean, scale, weight, bias, y, 0, count),
            _ => 0,
        };
        Normalize<Lanes1>(x, mean, scale, weight, bias, y, done, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Normalize<V>(float* x, float mean, float scale, float* weight, float* bias, float* y, int i, int count)
        where V : struct, ILanes<V>
    {
        V means = V.Create(mean);
        V scales = V.Create(scale);
        for (; i <= count - V.Count; i += V.Count)
        {
            V value = (V.Load(x + i) - means) * scales;
            if (weight != null)
            {
                value *= V.Load(weight + i);
            }

            if (bias != null)
            {
                value += V.Load(bias + i);
            }

            V.Store(value, y + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int RotateHalves<V>(float* head, float* cos, float* sin, int i, int half)
        where V : struct, ILanes<V>
    {
        V zero = V.Create(0f);
        for (; i <= half - V.Count; i += V.Count)
        {
            V a = V.Load(head + i);
            V b = V.Load(head + half + i);
            V c = V.Load(cos + i);
            V s = V.Load(sin + i);
            V.Store(V.MultiplyAdd(a, c, zero - (b * s)), head + i);
            V.Store(V.MultiplyAdd(b, c, a * s), head + half + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int RotatePairs<V>(float* head, float* cos, float* sin, int half)
        where V : struct, IPairLanes<V>
    {
        int i = 0;
        for (; i <= half - (V.Count / 2); i += V.Count / 2)
        {
            V pairs = V.Load(head + (2 * i));
            V crossed = V.SwapPairs(pairs) * (V.LoadTwice(sin + i) * V.Alternating);
            V.Store(V.MultiplyAdd(pairs, V.LoadTwice(cos + i), crossed), head + (2 * i));
        }

        return i;
    }

    /// <summary>A function of two values and a parameter that is the same for the whole row.</summary>
    private interface IFunction
    {
        static abstract V Apply<V>(V x, V z, V parameter)
            where V : struct, ILanes<V>;
    }

    /// <summary>Adds the term of one value.</summary>
    private interface ITerm
    {
        static abstract V Add<V>(V sum, V x, V mean)
            where V : struct, ILanes<V>;
    }

    private readonly struct Plain : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Add<V>(V sum, V x, V mean)
            where V : struct, ILanes<V> => sum + x;
    }

    private readonly struct Square : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Add<V>(V sum, V x, V mean)
            where V : struct, ILanes<V> => V.MultiplyAdd(x - mean, x - mean, sum);
    }

    private readonly struct Plus : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Apply<V>(V x, V z, V parameter)
            where V : struct, ILanes<V> => x + z;
    }

    private readonly struct Multiple : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Apply<V>(V x, V z, V parameter)
            where V : struct, ILanes<V> => x * parameter;
    }

    private readonly struct Silu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Apply<V>(V x, V z, V parameter)
            where V : struct, ILanes<V> => x / (V.Create(1f) + VectorMath.Exp(V.Create(0f) - x)) * z;
    }

    /// <summary>0.5 x (1 + tanh u) = x / (1 + e^−2u), u = √(2/π) (x + 0.044715 x³).</summary>
    private readonly struct TanhGelu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Apply<V>(V x, V z, V parameter)
            where V : struct, ILanes<V>
        {
            V inner = x * V.MultiplyAdd(x * x, V.Create(-2 * 0.7978845608028654f * 0.044715f), V.Create(-2 * 0.7978845608028654f));
            return x / (V.Create(1f) + VectorMath.Exp(inner)) * z;
        }
    }

    private readonly struct ErfGelu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Apply<V>(V x, V z, V parameter)
            where V : struct, ILanes<V> => VectorMath.Gelu(x) * z;
    }

    private readonly struct Rectified : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Apply<V>(V x, V z, V parameter)
            where V : struct, ILanes<V> => V.Max(V.Create(0f), x);
    }

    private readonly struct Capped : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Apply<V>(V x, V z, V parameter)
            where V : struct, ILanes<V> => parameter * VectorMath.Tanh(x / parameter);
    }
}
