using System.Runtime.CompilerServices;

namespace LlmToolkit.Engine.Kernels;

internal static unsafe partial class AttentionKernels
{
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
