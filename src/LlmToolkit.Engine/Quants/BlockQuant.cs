using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Quants;

/// <summary>A type made of blocks: everything that follows from the block's own few lines.</summary>
/// <remarks>
/// <see cref="SimdLevel.V512"/> runs the 256-bit kernels. The activations' scales stand for 32 weights, so each part is converted to floats and scaled by itself;
/// by count of instructions two parts in one 512-bit vector take 7 in place of 11, but Zen 4 runs each of them as two. Not measured on wider machines.
/// </remarks>
/// <typeparam name="TBlock">The block.</typeparam>
internal abstract unsafe class BlockQuant<TBlock> : Quant
    where TBlock : unmanaged, IBlock<TBlock>
{
    private const int Part = 32;
    private const int Lanes = 8;
    private const int PanelRowsF32 = 32;
    private const int MostLength = 256;

    public sealed override DType DType => TBlock.Type;

    public sealed override ActivationForms FastForm => ActivationForms.Q8;

    public sealed override PanelU8? Panel => new PanelU8(TBlock.Group, TBlock.MaxValue);

    public sealed override void Dequantize(byte* row, float* values, int count)
    {
        TBlock* blocks = (TBlock*)row;
        float* last = stackalloc float[MostLength];
        int done = 0;
        for (; count - done >= TBlock.Length; done += TBlock.Length)
        {
            if (Vector256.IsHardwareAccelerated)
            {
                DequantizeBlock256(blocks++, values + done);
            }
            else
            {
                DequantizeBlock(blocks++, values + done);
            }
        }

        if (done < count)
        {
            DequantizeBlock(blocks, last);
            new ReadOnlySpan<float>(last, count - done).CopyTo(new Span<float>(values + done, count - done));
        }
    }

    public sealed override void DotF32(SimdLevel level, byte* rows, nint rowBytes, int count, float* x, int columns, float* y)
    {
        switch (level)
        {
            case >= SimdLevel.V256:
                BlockDot256<TBlock>.DotF32(rows, rowBytes, count, x, columns, y);
                break;
            case SimdLevel.V128:
                BlockDot128<TBlock>.DotF32(rows, rowBytes, count, x, columns, y);
                break;
            default:
                for (int r = 0; r < count; r++, rows += rowBytes)
                {
                    y[r] = DotF32Scalar((TBlock*)rows, x, columns);
                }

                break;
        }
    }

    public sealed override void DotQ8(SimdLevel level, byte* rows, nint rowBytes, int count, in Q8Row x, int columns, float* y)
    {
        switch (level)
        {
            case >= SimdLevel.V256:
                BlockDot256<TBlock>.DotQ8(rows, rowBytes, count, x, columns, y);
                break;
            case SimdLevel.V128:
                BlockDot128<TBlock>.DotQ8(rows, rowBytes, count, x, columns, y);
                break;
            default:
                for (int r = 0; r < count; r++, rows += rowBytes)
                {
                    y[r] = DotQ8Scalar((TBlock*)rows, x, columns);
                }

                break;
        }
    }

    public sealed override void MakePanelF32(SimdLevel level, byte** rows, int columns, float* panel, float* scratch)
    {
        if (level == SimdLevel.Scalar)
        {
            PanelF32Scalar(rows, columns, panel);
        }
        else
        {
            BlockPanels<TBlock>.MakeF32(rows, columns, panel, level >= SimdLevel.V256);
        }
    }

    public sealed override void MakePanelU8(SimdLevel level, byte** rows, int columns, byte* panel)
    {
        if (level == SimdLevel.Scalar)
        {
            PanelU8Scalar(rows, columns, panel);
        }
        else
        {
            BlockPanels<TBlock>.MakeU8(rows, columns, panel, level >= SimdLevel.V256);
        }
    }

    /// <summary>The definition of the float dot, in the order of additions that all levels keep: a lane for each weight of a part.</summary>
    private static float DotF32Scalar(TBlock* block, float* x, int columns)
    {
        float* weights = stackalloc float[MostLength];
        float* sums = stackalloc float[Part];
        new Span<float>(sums, Part).Clear();
        for (int c = 0; c < columns; c += TBlock.Length, block++)
        {
            DequantizeBlock(block, weights);
            for (int i = 0; i < TBlock.Length; i++)
            {
                sums[i % Part] = MathF.FusedMultiplyAdd(weights[i], x[c + i], sums[i % Part]);
            }
        }

        for (int i = 0; i < Lanes; i++)
        {
            sums[i] = sums[i] + sums[i + 8] + (sums[i + 16] + sums[i + 24]);
        }

        return SumLanes(sums);
    }

    private static void PanelF32Scalar(byte** rows, int columns, float* panel)
    {
        TBlock nothing = default;
        float* weights = stackalloc float[MostLength];
        for (int r = 0; r < PanelRowsF32; r++)
        {
            for (int c = 0; c < columns; c += TBlock.Length)
            {
                DequantizeBlock(rows[r] == null ? &nothing : (TBlock*)rows[r] + (c / TBlock.Length), weights);
                for (int i = 0; i < TBlock.Length; i++)
                {
                    panel[((c + i) * PanelRowsF32) + r] = weights[i];
                }
            }
        }
    }

    /// <summary>As <see cref="DequantizeBlock"/>, eight values at a time: the same operations, so the same bits.</summary>
    private static void DequantizeBlock256(TBlock* block, float* values)
    {
        float* scales = stackalloc float[MostLength / 16];
        float* minimums = stackalloc float[MostLength / 16];
        TBlock.Scales(block, scales, minimums);
        Vector256<int> offset = Vector256.Create(TBlock.Signed ? 128 - TBlock.Offset : -TBlock.Offset);
        for (int part = 0; part < TBlock.Length / Part; part++, values += Part)
        {
            Vector256<byte> q = TBlock.Unpack256(block, part);
            (Vector256<short> low, Vector256<short> high) = TBlock.Signed ? Vector256.Widen(q.AsSByte()) : (Vector256.WidenLower(q).AsInt16(), Vector256.WidenUpper(q).AsInt16());
            for (int i = 0; i < Part; i += Lanes)
            {
                Vector256<short> half = i < Part / 2 ? low : high;
                Vector256<int> integers = (i % (Part / 2) == 0 ? Vector256.WidenLower(half) : Vector256.WidenUpper(half)) + offset;
                int group = ((part * Part) + i) / TBlock.Group;
                Vector256<float> scaled = Vector256.ConvertToSingle(integers) * scales[group];
                (TBlock.HasMinimum ? scaled + Vector256.Create(minimums[group]) : scaled).Store(values + i);
            }
        }
    }

    private static void DequantizeBlock(TBlock* block, float* values)
    {
        float* scales = stackalloc float[MostLength / 16];
        float* minimums = stackalloc float[MostLength / 16];
        byte* q = stackalloc byte[Part];
        TBlock.Scales(block, scales, minimums);
        for (int part = 0; part < TBlock.Length / Part; part++, values += Part)
        {
            TBlock.Unpack(block, part, q);
            for (int i = 0; i < Part; i++)
            {
                int group = ((part * Part) + i) / TBlock.Group;
                float scaled = scales[group] * (q[i] - TBlock.Offset);
                values[i] = TBlock.HasMinimum ? scaled + minimums[group] : scaled;
            }
        }
    }

    /// <summary>
    /// The definition of the byte dot, in the order of additions that all levels keep: a lane for each four neighbours of a part, apart for the even and the
    /// odd parts of a block; a lane for the minimums of each part of a block; all added up as <see cref="SumLanes"/> does.
    /// </summary>
    private static float DotQ8Scalar(TBlock* block, in Q8Row x, int columns)
    {
        float* scales = stackalloc float[MostLength / 16];
        float* minimums = stackalloc float[MostLength / 16];
        byte* q = stackalloc byte[Part];
        float* sums = stackalloc float[2 * Lanes];
        float* minimumSums = stackalloc float[Lanes];
        new Span<float>(sums, 2 * Lanes).Clear();
        new Span<float>(minimumSums, Lanes).Clear();
        sbyte* quants = x.Quants;
        for (int b = 0; b < columns / Part; block++)
        {
            TBlock.Scales(block, scales, minimums);
            for (int part = 0; part < TBlock.Length / Part; part++, b++, quants += Part)
            {
                TBlock.Unpack(block, part, q);
                for (int lane = 0; lane < Lanes; lane++)
                {
                    int products = 0;
                    for (int i = 4 * lane; i < (4 * lane) + 4; i++)
                    {
                        products += (q[i] - TBlock.Offset) * quants[i];
                    }

                    float scale = scales[((part * Part) + (4 * lane)) / TBlock.Group] * x.Scales[b];
                    float* sum = sums + (part % 2 * Lanes) + lane;
                    *sum = MathF.FusedMultiplyAdd(products, scale, *sum);
                }

                if (TBlock.HasMinimum)
                {
                    minimumSums[part] = MathF.FusedMultiplyAdd(minimums[part], x.ScaledSums[b], minimumSums[part]);
                }
            }
        }

        for (int lane = 0; lane < Lanes; lane++)
        {
            sums[lane] += sums[Lanes + lane];
        }

        return TBlock.HasMinimum ? SumLanes(sums) + SumLanes(minimumSums) : SumLanes(sums);
    }

    private static float SumLanes(float* v) => (v[0] + v[4] + (v[2] + v[6])) + (v[1] + v[5] + (v[3] + v[7]));

    /// <summary>The definition of the byte panel; a block of zeros stands for a missing row.</summary>
    private static void PanelU8Scalar(byte** rows, int columns, byte* panel)
    {
        TBlock nothing = default;
        int blockBytes = new PanelU8(TBlock.Group, TBlock.MaxValue).BlockBytes;
        float* scales = stackalloc float[MostLength / 16];
        float* minimums = stackalloc float[MostLength / 16];
        byte* q = stackalloc byte[MostLength];
        for (int r = 0; r < PanelU8.Rows; r++)
        {
            byte* target = panel;
            for (int b = 0; b < columns / TBlock.Length; b++)
            {
                TBlock* block = rows[r] == null ? &nothing : (TBlock*)rows[r] + b;
                TBlock.Scales(block, scales, minimums);
                for (int part = 0; part < TBlock.Length / Part; part++)
                {
                    TBlock.Unpack(block, part, q + (part * Part));
                }

                for (int g = 0; g < TBlock.Length / TBlock.Group; g++, target += blockBytes)
                {
                    ((float*)target)[r] = scales[g];
                    ((float*)target)[PanelU8.Rows + r] = TBlock.HasMinimum ? minimums[g] : -TBlock.Offset * scales[g];
                    byte* values = target + (2 * PanelU8.Rows * sizeof(float));
                    for (int i = 0; i < TBlock.Group; i++)
                    {
                        values[(((i / 4 * PanelU8.Rows) + r) * 4) + (i % 4)] = q[(g * TBlock.Group) + i];
                    }
                }
            }
        }
    }
}
