using System.Runtime.Intrinsics;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Kernels;

/// <summary>Products of activations with weights: y[t, r] = bias[r] + sum over c of W[r, c] x[t, c].</summary>
internal static unsafe class MatMul
{
    /// <summary>Columns of a panel that is made at once: panel, dequantized rows and sums stay in the second-level cache.</summary>
    private const int FloatPanelColumns = 1024;
    private const int BytePanelColumns = 4096;

    /// <summary>
    /// This worker's part of the product: some of the output rows for every token. Outputs of different workers do not overlap; who reads them waits at a barrier first.
    /// </summary>
    /// <param name="worker">This worker.</param>
    /// <param name="weights">W [rows, columns].</param>
    /// <param name="x">Published activations [tokens, columns].</param>
    /// <param name="y">Outputs; token t's start at y + t * stride.</param>
    /// <param name="stride">Floats from one token's outputs to the next.</param>
    /// <param name="accumulate">Add to y instead of writing it.</param>
    public static void Run(Worker worker, WeightMatrix weights, Activations x, float* y, long stride, bool accumulate = false)
    {
        x.Require(weights.Form);
        Outputs outputs = new(y, stride, weights.Bias, accumulate);
        if (x.Tiled)
        {
            RunPanels(worker, weights, x, outputs);
        }
        else
        {
            RunDots(worker, weights, x, outputs);
        }
    }

    /// <summary>Few tokens: rows are multiplied where they lie, some rows with all tokens and then the next, so that memory is read once.</summary>
    private static void RunDots(Worker worker, WeightMatrix weights, Activations x, Outputs outputs)
    {
        const int MostRows = 64;
        const int CacheBytes = 64 << 10;
        bool bytes = !weights.Exact && weights.Quant.FastForm == ActivationForms.Q8;
        int most = x.Rows == 1 ? MostRows : (int)Math.Clamp(CacheBytes / weights.RowBytes, 4, MostRows);
        float* dots = stackalloc float[MostRows];
        (int from, int to) = worker.Slice(weights.Rows, 16);
        for (int r = from, count; r < to; r += count)
        {
            count = weights.Evenly(r, Math.Min(to - r, most), out nint rowBytes);
            for (int t = 0; t < x.Rows; t++)
            {
                if (bytes)
                {
                    weights.Quant.DotQ8(x.Level, weights.Row(r), rowBytes, count, x.Q8(worker, t), weights.Columns, dots);
                }
                else
                {
                    weights.Quant.DotF32(x.Level, weights.Row(r), rowBytes, count, x.Row(worker, t), weights.Columns, dots);
                }

                outputs.Write(dots, t, r, count);
            }
        }
    }

    /// <summary>Several tokens: panels of rows are made in scratch memory and multiplied with all tiles of tokens.</summary>
    private static void RunPanels(Worker worker, WeightMatrix weights, Activations x, Outputs outputs)
    {
        PanelU8? shape = !weights.Exact && weights.Quant.FastForm == ActivationForms.Q8 ? weights.Quant.Panel : null;
        const int PanelRows = PanelF32.Rows;
        int most = Math.Min(weights.Columns, shape is null ? FloatPanelColumns : BytePanelColumns);
        int panels = (weights.Rows + PanelRows - 1) / PanelRows;
        int tiles = (x.Rows + PanelF32.Tokens - 1) / PanelF32.Tokens;

        // A matrix with few panels keeps all workers busy when its tokens are shared out too; each group makes its panels anew.
        int groups = Math.Clamp(2 * worker.Count / panels, 1, tiles);
        int groupTiles = (tiles + groups - 1) / groups;

        // A panel and the rows that some types write first; or two byte panels. Their sizes are multiples of 64 bytes.
        nuint floatBytes = (nuint)(PanelRows * most * sizeof(float));
        nuint byteBytes = shape?.Bytes(most) ?? 0;
        nuint panelBytes = shape is null ? 2 * floatBytes : 2 * byteBytes;
        nuint sumsBytes = (nuint)(groupTiles * PanelF32.Tokens * PanelRows * sizeof(float));
        byte* panel = worker.PanelScratch(panelBytes + sumsBytes);
        float* sums = (float*)(panel + panelBytes);
        byte** rows = stackalloc byte*[PanelRows];

        WorkUnits units = worker.Units(panels * groups);
        while (units.TryTake(out int unit))
        {
            int firstRow = unit / groups * PanelRows;
            int rowCount = Math.Min(PanelRows, weights.Rows - firstRow);
            int firstTile = Math.Min(tiles, unit % groups * groupTiles);
            int tileCount = Math.Min(groupTiles, tiles - firstTile);
            new Span<byte>(sums, (int)sumsBytes).Clear();
            for (int column = 0, columns; column < weights.Columns; column += columns)
            {
                columns = Math.Min(most, weights.Columns - column);
                nint offset = column / weights.Quant.DType.BlockLength * (nint)weights.Quant.DType.BlockBytes;
                for (int r = 0; r < PanelRows; r++)
                {
                    rows[r] = r < rowCount ? weights.Row(firstRow + r) + offset : null;
                }

                if (shape is null)
                {
                    weights.Quant.MakePanelF32(x.Level, rows, columns, (float*)panel, (float*)(panel + floatBytes));
                }
                else
                {
                    weights.Quant.MakePanelU8(x.Level, rows, columns, panel);
                    weights.Quant.MakePanelU8(x.Level, rows + PanelU8.Rows, columns, panel + byteBytes);
                }

                for (int i = 0; i < tileCount; i++)
                {
                    int tile = firstTile + i;
                    int tokens = Math.Min(PanelF32.Tokens, x.Rows - (tile * PanelF32.Tokens));
                    float* tileSums = sums + (i * PanelF32.Tokens * PanelRows);
                    if (shape is null)
                    {
                        PanelF32.Multiply(x.Level, (float*)panel, columns, x.FloatsOfTile(tile) + ((nint)column * PanelF32.Tokens), tokens, tileSums);
                    }
                    else
                    {
                        byte* bytes = x.BytesOfTile(tile) + ((nint)(column / Q8Quantizer.Block) * ByteTile.BlockBytes);
                        PanelBytes.Multiply(x.Level, shape.Value, panel, byteBytes, columns, bytes, tokens, tileSums);
                    }
                }
            }

            int firstToken = firstTile * PanelF32.Tokens;
            int lastToken = Math.Min(x.Rows, (firstTile + tileCount) * PanelF32.Tokens);
            for (int t = firstToken; t < lastToken; t++)
            {
                outputs.Write(sums + ((nint)(t - firstToken) * PanelRows), t, firstRow, rowCount);
            }
        }
    }

    /// <summary>Where products go, and what is added to them.</summary>
    private readonly struct Outputs(float* y, long stride, float* bias, bool accumulate)
    {
        /// <summary>Writes the products of one token with <paramref name="count"/> rows.</summary>
        public void Write(float* sums, int token, int row, int count)
        {
            float* target = y + (token * stride) + row;
            if (bias == null && !accumulate)
            {
                new ReadOnlySpan<float>(sums, count).CopyTo(new Span<float>(target, count));
                return;
            }

            int r = 0;
            for (; r + 4 <= count; r += 4)
            {
                Vector128<float> sum = Vector128.Load(sums + r);
                sum = bias == null ? sum : sum + Vector128.Load(bias + row + r);
                (accumulate ? Vector128.Load(target + r) + sum : sum).Store(target + r);
            }

            for (; r < count; r++)
            {
                float sum = bias == null ? sums[r] : sums[r] + bias[row + r];
                target[r] = accumulate ? target[r] + sum : sum;
            }
        }
    }
}
