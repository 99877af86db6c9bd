namespace LlmToolkit.Engine.Kernels;

/// <summary>Products of activations with weights: y[t, r] = bias[r] + sum over c of W[r, c] x[t, c].</summary>
internal static unsafe class MatMul
{
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
        (int from, int to) = worker.Slice(weights.Rows, 16);
        for (int t = 0; t < x.Rows; t++)
        {
            float* outputs = y + (t * stride);
            for (int r = from; r < to; r++)
            {
                float dot;
                weights.Quant.DotF32(Simd.Level, weights.Row(r), weights.RowBytes, 1, x.Row(worker, t), weights.Columns, &dot);
                dot += weights.Bias == null ? 0 : weights.Bias[r];
                outputs[r] = accumulate ? outputs[r] + dot : dot;
            }
        }
    }
}
