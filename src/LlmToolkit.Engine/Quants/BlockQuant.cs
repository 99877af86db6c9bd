using System.Runtime.CompilerServices;
using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Quants;

/// <summary>A type made of blocks: everything that follows from the block's own few lines.</summary>
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
            DequantizeBlock(blocks++, values + done);
        }

        if (done < count)
        {
            DequantizeBlock(blocks, last);
            new ReadOnlySpan<float>(last, count - done).CopyTo(new Span<float>(values + done, count - done));
        }
    }

    public override void DotF32(SimdLevel level, byte* rows, nint rowBytes, int count, float* x, int columns, float* y)
    {
        float* weights = stackalloc float[MostLength];
        for (int r = 0; r < count; r++, rows += rowBytes)
        {
            TBlock* block = (TBlock*)rows;
            double sum = 0;
            for (int c = 0; c < columns; c += TBlock.Length, block++)
            {
                DequantizeBlock(block, weights);
                for (int i = 0; i < TBlock.Length; i++)
                {
                    sum += weights[i] * x[c + i];
                }
            }

            y[r] = (float)sum;
        }
    }

    public override void DotQ8(SimdLevel level, byte* rows, nint rowBytes, int count, in Q8Row x, int columns, float* y)
    {
        for (int r = 0; r < count; r++, rows += rowBytes)
        {
            y[r] = DotQ8Scalar((TBlock*)rows, x, columns);
        }
    }

    public override void MakePanelF32(SimdLevel level, byte** rows, int columns, float* panel, float* scratch)
    {
        float* weights = stackalloc float[MostLength];
        for (int r = 0; r < PanelRowsF32; r++)
        {
            TBlock* block = (TBlock*)rows[r];
            for (int c = 0; c < columns; c += TBlock.Length)
            {
                if (block == null)
                {
                    new Span<float>(weights, TBlock.Length).Clear();
                }
                else
                {
                    DequantizeBlock(block++, weights);
                }

                for (int i = 0; i < TBlock.Length; i++)
                {
                    panel[((c + i) * PanelRowsF32) + r] = weights[i];
                }
            }
        }
    }

    public override void MakePanelU8(SimdLevel level, byte** rows, int columns, byte* panel) => PanelU8Scalar(rows, columns, panel);

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
    /// The definition of the byte dot, in the order of additions that all levels keep: a lane for each four neighbours of a part, a lane for the minimums of each
    /// part of a block, both added up as <see cref="SumLanes"/> does.
    /// </summary>
    private static float DotQ8Scalar(TBlock* block, in Q8Row x, int columns)
    {
        float* scales = stackalloc float[MostLength / 16];
        float* minimums = stackalloc float[MostLength / 16];
        byte* q = stackalloc byte[Part];
        float* sums = stackalloc float[Lanes];
        float* minimumSums = stackalloc float[Lanes];
        new Span<float>(sums, Lanes).Clear();
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
                    sums[lane] = MathF.FusedMultiplyAdd(products, scale, sums[lane]);
                }

                if (TBlock.HasMinimum)
                {
                    minimumSums[part] = MathF.FusedMultiplyAdd(minimums[part], x.ScaledSums[b], minimumSums[part]);
                }
            }
        }

        return TBlock.HasMinimum ? SumLanes(sums) + SumLanes(minimumSums) : SumLanes(sums);
    }

    private static float SumLanes(float* v) => (v[0] + v[4] + (v[2] + v[6])) + (v[1] + v[5] + (v[3] + v[7]));

    private static void PanelU8Scalar(byte** rows, int columns, byte* panel)
    {
        int blockBytes = new PanelU8(TBlock.Group, TBlock.MaxValue).BlockBytes;
        int groups = columns / TBlock.Group;
        float* scales = stackalloc float[MostLength / 16];
        float* minimums = stackalloc float[MostLength / 16];
        byte* q = stackalloc byte[MostLength];
        for (int r = 0; r < PanelU8.Rows; r++)
        {
            TBlock* block = (TBlock*)rows[r];
            int groupsPerBlock = TBlock.Length / TBlock.Group;
            for (int g = 0; g < groups; g++)
            {
                int inBlock = g % groupsPerBlock;
                if (block != null && inBlock == 0)
                {
                    TBlock.Scales(block, scales, minimums);
                    for (int part = 0; part < TBlock.Length / Part; part++)
                    {
                        TBlock.Unpack(block, part, q + (part * Part));
                    }

                    block++;
                }

                byte* target = panel + ((long)g * blockBytes);
                float* targetScales = (float*)target;
                targetScales[r] = block == null ? 0 : scales[inBlock];
                targetScales[PanelU8.Rows + r] = block == null ? 0 : TBlock.HasMinimum ? minimums[inBlock] : -TBlock.Offset * scales[inBlock];
                target += 2 * PanelU8.Rows * sizeof(float);
                for (int i = 0; i < TBlock.Group; i++)
                {
                    target[(((i / 4 * PanelU8.Rows) + r) * 4) + (i % 4)] = block == null ? (byte)0 : q[(inBlock * TBlock.Group) + i];
                }
            }
        }
    }
}
