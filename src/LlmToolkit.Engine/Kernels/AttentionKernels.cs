using System.Runtime.CompilerServices;
using LlmToolkit.Engine.KvCache;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// The loops of <see cref="Attention"/> over one block of positions for one to four queries that share a cache head. Stored elements E are floats or halves;
/// halves are read × 2^-112. A score sums over components in order, an output over positions in order: the result does not depend on which queries run together, nor on the width.
/// </summary>
internal static unsafe class AttentionKernels
{
    /// <summary>scores[r][j] = queries[r] · key[j] for <paramref name="tiles"/> whole tiles.</summary>
    /// <param name="keys">The first tile, [tiles][keyDim][16].</param>
    /// <param name="tiles">Number of tiles.</param>
    /// <param name="queries">[rows][keyDim].</param>
    /// <param name="keyDim">Components.</param>
    /// <param name="rows">1 to 4.</param>
    /// <param name="scores">[rows][<see cref="Attention.Block"/>].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scores<V, E>(E* keys, int tiles, float* queries, int keyDim, int rows, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        switch (rows)
        {
            case 1:
                Scores1<V, E>(keys, tiles, queries, keyDim, scores);
                break;
            case 2:
                Scores2<V, E>(keys, tiles, queries, keyDim, scores);
                break;
            case 3:
                Scores3<V, E>(keys, tiles, queries, keyDim, scores);
                break;
            default:
                Scores4<V, E>(keys, tiles, queries, keyDim, scores);
                break;
        }
    }

    /// <summary>output[r] = output[r] * factors[r] + sum over j of weights[r][j] * value[j].</summary>
    /// <param name="values">The first value, [count][valueStride].</param>
    /// <param name="valueStride">Floats of a value and of an output, a multiple of 16.</param>
    /// <param name="count">Positions.</param>
    /// <param name="weights">[rows][<see cref="Attention.Block"/>].</param>
    /// <param name="rows">1 to 4.</param>
    /// <param name="factors">[rows].</param>
    /// <param name="output">[rows][valueStride].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Mix<V, E>(E* values, int valueStride, int count, float* weights, int rows, float* factors, float* output)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        switch (rows)
        {
            case 1:
                Mix1<V, E>(values, valueStride, count, weights, factors, output);
                break;
            case 2:
                Mix2<V, E>(values, valueStride, count, weights, factors, output);
                break;
            case 3:
                Mix3<V, E>(values, valueStride, count, weights, factors, output);
                break;
            default:
                Mix4<V, E>(values, valueStride, count, weights, factors, output);
                break;
        }
    }

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
    [SkipLocalsInit]
    public static float Max<V>(float* scores, int count)
        where V : struct, ILanes<V>
    {
        V max = V.Load(scores);
        for (int i = V.Count; i < count; i += V.Count)
        {
            max = V.Max(max, V.Load(scores + i));
        }

        float* lanes = stackalloc float[16];
        V.Store(max, lanes);
        float result = lanes[0];
        for (int i = 1; i < V.Count; i++)
        {
            result = MathF.Max(result, lanes[i]);
        }

        return result;
    }

    /// <summary>scores = unit * e^(scores − max) for <paramref name="count"/> floats, a multiple of 16; returns the sum without the unit, added in 16 lanes at every width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
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

        float* lanes = stackalloc float[16];
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

        return VectorMath.Sum16(lanes);
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

    /// <summary>Elements from the first tile to position <paramref name="position"/>, a multiple of the width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Offset<V>(int position, int keyDim)
        where V : struct, ILanes<V> =>
        ((long)(position / KvLayer.Tile) * KvLayer.Tile * keyDim) + (position % KvLayer.Tile);

    // What is left at the end of a row is done again from the last whole vector: the same sums, stored twice.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores1<V, E>(E* keys, int tiles, float* queries, int keyDim, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        int positions = tiles * KvLayer.Tile;
        for (int j = 0; j < positions; j += 4 * V.Count)
        {
            E* k0 = keys + Offset<V>(j, keyDim);
            int j1 = Math.Min(j + V.Count, positions - V.Count);
            E* k1 = keys + Offset<V>(j1, keyDim);
            int j2 = Math.Min(j + (2 * V.Count), positions - V.Count);
            E* k2 = keys + Offset<V>(j2, keyDim);
            int j3 = Math.Min(j + (3 * V.Count), positions - V.Count);
            E* k3 = keys + Offset<V>(j3, keyDim);
            V s00 = V.Create(0f);
            V s01 = s00;
            V s02 = s00;
            V s03 = s00;
            for (int d = 0; d < keyDim; d++)
            {
                V key0 = Load<V, E>(k0);
                V key1 = Load<V, E>(k1);
                V key2 = Load<V, E>(k2);
                V key3 = Load<V, E>(k3);
                V q = V.Create(queries[d]);
                s00 = V.MultiplyAdd(key0, q, s00);
                s01 = V.MultiplyAdd(key1, q, s01);
                s02 = V.MultiplyAdd(key2, q, s02);
                s03 = V.MultiplyAdd(key3, q, s03);
                k0 += KvLayer.Tile;
                k1 += KvLayer.Tile;
                k2 += KvLayer.Tile;
                k3 += KvLayer.Tile;
            }

            V.Store(s00, scores + j);
            V.Store(s01, scores + j1);
            V.Store(s02, scores + j2);
            V.Store(s03, scores + j3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores2<V, E>(E* keys, int tiles, float* queries, int keyDim, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        float* query1 = queries + keyDim;
        int positions = tiles * KvLayer.Tile;
        for (int j = 0; j < positions; j += 2 * V.Count)
        {
            E* k0 = keys + Offset<V>(j, keyDim);
            int j1 = Math.Min(j + V.Count, positions - V.Count);
            E* k1 = keys + Offset<V>(j1, keyDim);
            V s00 = V.Create(0f);
            V s01 = s00;
            V s10 = s00;
            V s11 = s00;
            for (int d = 0; d < keyDim; d++)
            {
                V key0 = Load<V, E>(k0);
                V key1 = Load<V, E>(k1);
                V q = V.Create(queries[d]);
                s00 = V.MultiplyAdd(key0, q, s00);
                s01 = V.MultiplyAdd(key1, q, s01);
                q = V.Create(query1[d]);
                s10 = V.MultiplyAdd(key0, q, s10);
                s11 = V.MultiplyAdd(key1, q, s11);
                k0 += KvLayer.Tile;
                k1 += KvLayer.Tile;
            }

            V.Store(s00, scores + j);
            V.Store(s01, scores + j1);
            V.Store(s10, scores + Attention.Block + j);
            V.Store(s11, scores + Attention.Block + j1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores3<V, E>(E* keys, int tiles, float* queries, int keyDim, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        float* query1 = queries + keyDim;
        float* query2 = queries + (2 * keyDim);
        int positions = tiles * KvLayer.Tile;
        for (int j = 0; j < positions; j += 2 * V.Count)
        {
            E* k0 = keys + Offset<V>(j, keyDim);
            int j1 = Math.Min(j + V.Count, positions - V.Count);
            E* k1 = keys + Offset<V>(j1, keyDim);
            V s00 = V.Create(0f);
            V s01 = s00;
            V s10 = s00;
            V s11 = s00;
            V s20 = s00;
            V s21 = s00;
            for (int d = 0; d < keyDim; d++)
            {
                V key0 = Load<V, E>(k0);
                V key1 = Load<V, E>(k1);
                V q = V.Create(queries[d]);
                s00 = V.MultiplyAdd(key0, q, s00);
                s01 = V.MultiplyAdd(key1, q, s01);
                q = V.Create(query1[d]);
                s10 = V.MultiplyAdd(key0, q, s10);
                s11 = V.MultiplyAdd(key1, q, s11);
                q = V.Create(query2[d]);
                s20 = V.MultiplyAdd(key0, q, s20);
                s21 = V.MultiplyAdd(key1, q, s21);
                k0 += KvLayer.Tile;
                k1 += KvLayer.Tile;
            }

            V.Store(s00, scores + j);
            V.Store(s01, scores + j1);
            V.Store(s10, scores + Attention.Block + j);
            V.Store(s11, scores + Attention.Block + j1);
            V.Store(s20, scores + (2 * Attention.Block) + j);
            V.Store(s21, scores + (2 * Attention.Block) + j1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4<V, E>(E* keys, int tiles, float* queries, int keyDim, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        float* query1 = queries + keyDim;
        float* query2 = queries + (2 * keyDim);
        float* query3 = queries + (3 * keyDim);
        int positions = tiles * KvLayer.Tile;
        for (int j = 0; j < positions; j += 2 * V.Count)
        {
            E* k0 = keys + Offset<V>(j, keyDim);
            int j1 = Math.Min(j + V.Count, positions - V.Count);
            E* k1 = keys + Offset<V>(j1, keyDim);
            V s00 = V.Create(0f);
            V s01 = s00;
            V s10 = s00;
            V s11 = s00;
            V s20 = s00;
            V s21 = s00;
            V s30 = s00;
            V s31 = s00;
            for (int d = 0; d < keyDim; d++)
            {
                V key0 = Load<V, E>(k0);
                V key1 = Load<V, E>(k1);
                V q = V.Create(queries[d]);
                s00 = V.MultiplyAdd(key0, q, s00);
                s01 = V.MultiplyAdd(key1, q, s01);
                q = V.Create(query1[d]);
                s10 = V.MultiplyAdd(key0, q, s10);
                s11 = V.MultiplyAdd(key1, q, s11);
                q = V.Create(query2[d]);
                s20 = V.MultiplyAdd(key0, q, s20);
                s21 = V.MultiplyAdd(key1, q, s21);
                q = V.Create(query3[d]);
                s30 = V.MultiplyAdd(key0, q, s30);
                s31 = V.MultiplyAdd(key1, q, s31);
                k0 += KvLayer.Tile;
                k1 += KvLayer.Tile;
            }

            V.Store(s00, scores + j);
            V.Store(s01, scores + j1);
            V.Store(s10, scores + Attention.Block + j);
            V.Store(s11, scores + Attention.Block + j1);
            V.Store(s20, scores + (2 * Attention.Block) + j);
            V.Store(s21, scores + (2 * Attention.Block) + j1);
            V.Store(s30, scores + (3 * Attention.Block) + j);
            V.Store(s31, scores + (3 * Attention.Block) + j1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix1<V, E>(E* values, int valueStride, int count, float* weights, float* factors, float* output)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        for (int c = 0; c < valueStride; c += 4 * V.Count)
        {
            int c1 = Math.Min(c + V.Count, valueStride - V.Count);
            int c2 = Math.Min(c + (2 * V.Count), valueStride - V.Count);
            int c3 = Math.Min(c + (3 * V.Count), valueStride - V.Count);
            V w = V.Create(factors[0]);
            V o00 = V.Load(output + c) * w;
            V o01 = V.Load(output + c1) * w;
            V o02 = V.Load(output + c2) * w;
            V o03 = V.Load(output + c3) * w;
            E* value = values;
            float* weight = weights;
            for (float* end = weights + count; weight < end; weight++, value += valueStride)
            {
                V v0 = Load<V, E>(value + c);
                V v1 = Load<V, E>(value + c1);
                V v2 = Load<V, E>(value + c2);
                V v3 = Load<V, E>(value + c3);
                w = V.Create(weight[0]);
                o00 = V.MultiplyAdd(v0, w, o00);
                o01 = V.MultiplyAdd(v1, w, o01);
                o02 = V.MultiplyAdd(v2, w, o02);
                o03 = V.MultiplyAdd(v3, w, o03);
            }

            V.Store(o00, output + c);
            V.Store(o01, output + c1);
            V.Store(o02, output + c2);
            V.Store(o03, output + c3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix2<V, E>(E* values, int valueStride, int count, float* weights, float* factors, float* output)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        float* output1 = output + valueStride;
        for (int c = 0; c < valueStride; c += 2 * V.Count)
        {
            int c1 = Math.Min(c + V.Count, valueStride - V.Count);
            V w = V.Create(factors[0]);
            V o00 = V.Load(output + c) * w;
            V o01 = V.Load(output + c1) * w;
            w = V.Create(factors[1]);
            V o10 = V.Load(output1 + c) * w;
            V o11 = V.Load(output1 + c1) * w;
            E* value = values;
            float* weight = weights;
            for (float* end = weights + count; weight < end; weight++, value += valueStride)
            {
                V v0 = Load<V, E>(value + c);
                V v1 = Load<V, E>(value + c1);
                w = V.Create(weight[0]);
                o00 = V.MultiplyAdd(v0, w, o00);
                o01 = V.MultiplyAdd(v1, w, o01);
                w = V.Create(weight[Attention.Block]);
                o10 = V.MultiplyAdd(v0, w, o10);
                o11 = V.MultiplyAdd(v1, w, o11);
            }

            V.Store(o00, output + c);
            V.Store(o01, output + c1);
            V.Store(o10, output1 + c);
            V.Store(o11, output1 + c1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix3<V, E>(E* values, int valueStride, int count, float* weights, float* factors, float* output)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        float* output1 = output + valueStride;
        float* output2 = output + (2 * valueStride);
        for (int c = 0; c < valueStride; c += 2 * V.Count)
        {
            int c1 = Math.Min(c + V.Count, valueStride - V.Count);
            V w = V.Create(factors[0]);
            V o00 = V.Load(output + c) * w;
            V o01 = V.Load(output + c1) * w;
            w = V.Create(factors[1]);
            V o10 = V.Load(output1 + c) * w;
            V o11 = V.Load(output1 + c1) * w;
            w = V.Create(factors[2]);
            V o20 = V.Load(output2 + c) * w;
            V o21 = V.Load(output2 + c1) * w;
            E* value = values;
            float* weight = weights;
            for (float* end = weights + count; weight < end; weight++, value += valueStride)
            {
                V v0 = Load<V, E>(value + c);
                V v1 = Load<V, E>(value + c1);
                w = V.Create(weight[0]);
                o00 = V.MultiplyAdd(v0, w, o00);
                o01 = V.MultiplyAdd(v1, w, o01);
                w = V.Create(weight[Attention.Block]);
                o10 = V.MultiplyAdd(v0, w, o10);
                o11 = V.MultiplyAdd(v1, w, o11);
                w = V.Create(weight[2 * Attention.Block]);
                o20 = V.MultiplyAdd(v0, w, o20);
                o21 = V.MultiplyAdd(v1, w, o21);
            }

            V.Store(o00, output + c);
            V.Store(o01, output + c1);
            V.Store(o10, output1 + c);
            V.Store(o11, output1 + c1);
            V.Store(o20, output2 + c);
            V.Store(o21, output2 + c1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix4<V, E>(E* values, int valueStride, int count, float* weights, float* factors, float* output)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        float* output1 = output + valueStride;
        float* output2 = output + (2 * valueStride);
        float* output3 = output + (3 * valueStride);
        for (int c = 0; c < valueStride; c += 2 * V.Count)
        {
            int c1 = Math.Min(c + V.Count, valueStride - V.Count);
            V w = V.Create(factors[0]);
            V o00 = V.Load(output + c) * w;
            V o01 = V.Load(output + c1) * w;
            w = V.Create(factors[1]);
            V o10 = V.Load(output1 + c) * w;
            V o11 = V.Load(output1 + c1) * w;
            w = V.Create(factors[2]);
            V o20 = V.Load(output2 + c) * w;
            V o21 = V.Load(output2 + c1) * w;
            w = V.Create(factors[3]);
            V o30 = V.Load(output3 + c) * w;
            V o31 = V.Load(output3 + c1) * w;
            E* value = values;
            float* weight = weights;
            for (float* end = weights + count; weight < end; weight++, value += valueStride)
            {
                V v0 = Load<V, E>(value + c);
                V v1 = Load<V, E>(value + c1);
                w = V.Create(weight[0]);
                o00 = V.MultiplyAdd(v0, w, o00);
                o01 = V.MultiplyAdd(v1, w, o01);
                w = V.Create(weight[Attention.Block]);
                o10 = V.MultiplyAdd(v0, w, o10);
                o11 = V.MultiplyAdd(v1, w, o11);
                w = V.Create(weight[2 * Attention.Block]);
                o20 = V.MultiplyAdd(v0, w, o20);
                o21 = V.MultiplyAdd(v1, w, o21);
                w = V.Create(weight[3 * Attention.Block]);
                o30 = V.MultiplyAdd(v0, w, o30);
                o31 = V.MultiplyAdd(v1, w, o31);
            }

            V.Store(o00, output + c);
            V.Store(o01, output + c1);
            V.Store(o10, output1 + c);
            V.Store(o11, output1 + c1);
            V.Store(o20, output2 + c);
            V.Store(o21, output2 + c1);
            V.Store(o30, output3 + c);
            V.Store(o31, output3 + c1);
        }
    }
}
