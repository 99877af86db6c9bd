using LlmToolkit.Engine.KvCache;

namespace LlmToolkit.Engine.Kernels;

/// <summary>What attention needs to know of a layer.</summary>
internal sealed record AttentionShape
{
    /// <summary>Query heads; a multiple of the cache's heads: head i reads cache head i / (QueryHeads / Heads).</summary>
    public required int QueryHeads { get; init; }

    /// <summary>Multiplies the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>c in c * tanh(score / c), before the mask; 0: none.</summary>
    public float SoftCap { get; init; }

    /// <summary>Position i sees the keys j with i − Window &lt; j; 0: all.</summary>
    public int Window { get; init; }

    /// <summary>False: every position sees all of them (encoders).</summary>
    public bool Causal { get; init; } = true;
}

/// <summary>softmax(q k * scale + mask) v over a cache.</summary>
internal static unsafe class Attention
{
    /// <summary>This worker's part: some (head, query) pairs. All keys and values up to the last query must be written, and a barrier passed.</summary>
    /// <param name="worker">This worker.</param>
    /// <param name="shape">The layer's facts.</param>
    /// <param name="cache">Keys and values [.., position + rows).</param>
    /// <param name="queries">[rows, QueryHeads * KeyDim], rotated.</param>
    /// <param name="queryStride">Floats from one query row to the next.</param>
    /// <param name="position">Position of the first query.</param>
    /// <param name="rows">Number of queries.</param>
    /// <param name="output">[rows, QueryHeads * ValueDim].</param>
    /// <param name="outputStride">Floats from one output row to the next.</param>
    public static void Run(Worker worker, AttentionShape shape, KvLayer cache, float* queries, long queryStride, int position, int rows, float* output, long outputStride)
    {
        int group = shape.QueryHeads / cache.Heads;
        int last = position + rows;
        float* scores = (float*)worker.Scratch((nuint)(last + 16) * sizeof(float));
        (int from, int to) = worker.Slice(shape.QueryHeads * rows);
        for (int unit = from; unit < to; unit++)
        {
            int head = unit / rows;
            int row = unit % rows;
            int first = shape.Window > 0 ? Math.Max(0, position + row - shape.Window + 1) : 0;
            int end = shape.Causal ? position + row + 1 : last;
            float* query = queries + (row * queryStride) + ((long)head * cache.KeyDim);
            float max = float.NegativeInfinity;
            for (int j = first; j < end; j++)
            {
                float* key = cache.Key(head / group, j);
                float score = 0;
                for (int d = 0; d < cache.KeyDim; d++)
                {
                    score += query[d] * key[d];
                }

                score *= shape.Scale;
                score = shape.SoftCap > 0 ? shape.SoftCap * MathF.Tanh(score / shape.SoftCap) : score;
                scores[j] = score;
                max = MathF.Max(max, score);
            }

            float sum = 0;
            for (int j = first; j < end; j++)
            {
                scores[j] = MathF.Exp(scores[j] - max);
                sum += scores[j];
            }

            float* result = output + (row * outputStride) + ((long)head * cache.ValueDim);
            new Span<float>(result, cache.ValueDim).Clear();
            for (int j = first; j < end; j++)
            {
                float weight = scores[j] / sum;
                float* value = cache.Value(head / group, j);
                for (int d = 0; d < cache.ValueDim; d++)
                {
                    result[d] += weight * value[d];
                }
            }
        }
    }
}
