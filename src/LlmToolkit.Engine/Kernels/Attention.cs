using System.Runtime.CompilerServices;
using LlmToolkit.Engine.KvCache;

namespace LlmToolkit.Engine.Kernels;

/// <summary>softmax(q k * scale + mask) v over a cache.</summary>
/// <remarks>
/// Blocks of <see cref="Block"/> positions with a running maximum and sum (online softmax), so that scores stay in the first-level cache however long the context is.
/// Queries of one cache head run together, four at a time. The result of a query does not depend on what runs beside it: prefill, decode and any number of workers agree bit for bit.
/// </remarks>
internal static unsafe class Attention
{
    /// <summary>Positions in a block; blocks begin at its multiples.</summary>
    internal const int Block = 512;

    /// <summary>2^112: halves are read × 2^-112 (see <see cref="ILanes{T}.LoadHalves"/>).</summary>
    internal const float HalfUnit = 5192296858534827628530496329220096f;

    /// <summary>The part of <see cref="HalfUnit"/> that queries carry, 2^96; the rest is in the scale, so that queries up to 2^31 do not overflow.</summary>
    private const float QueryUnit = 79228162514264337593543950336f;

    /// <summary>Queries that run together, at most.</summary>
    private const int GroupRows = 4;

    /// <summary>Queries (rows × heads of a group) of a unit of work, about: they read a block of the cache while it is in the second-level cache.</summary>
    private const int UnitQueries = 64;

    /// <summary>From so many queries on, a block of halves is made floats once, instead of in the registers of every four queries.</summary>
    private const int WideningQueries = 16;

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
    public static void Run(Worker worker, AttentionShape shape, KvLayer cache, float* queries, long queryStride, int position, int rows, float* output, long outputStride) =>
        Run(Simd.Level, worker, shape, cache, queries, queryStride, position, rows, output, outputStride);

    /// <summary>The same at a level of choice.</summary>
    public static void Run(SimdLevel level, Worker worker, AttentionShape shape, KvLayer cache, float* queries, long queryStride, int position, int rows, float* output, long outputStride)
    {
        Call call = new(shape, cache, queries, queryStride, position, rows, output, outputStride);
        switch (level)
        {
            case SimdLevel.V512:
                Share<Lanes512>(worker, call);
                break;
            case SimdLevel.V256:
                Share<Lanes256>(worker, call);
                break;
            case SimdLevel.V128:
                Share<Lanes128>(worker, call);
                break;
            default:
                Define(worker, call);
                break;
        }
    }

    /// <summary>
    /// Hands out the work. One row: equal numbers of heads to each worker, neighbours together. Several: cache heads × chunks of rows, the dearest (last) first,
    /// taken by whoever is free, so that neither the causal slope nor a slow core leaves the others waiting.
    /// </summary>
    private static void Share<V>(Worker worker, in Call call)
        where V : struct, ILanes<V>
    {
        int group = call.Shape.QueryHeads / call.Cache.Heads;
        if (call.Rows == 1)
        {
            (int from, int to) = worker.Slice(call.Shape.QueryHeads);
            for (int next; from < to; from = next)
            {
                next = Math.Min(to, ((from / group) + 1) * group);
                Attend<V>(worker, call, from, next - from, 0, 1);
            }

            return;
        }

        int chunk = Math.Clamp(UnitQueries / group, 1, call.Rows);
        while (chunk * group > GroupRows && chunk > 1 && (call.Rows + chunk - 1) / chunk * call.Cache.Heads < 4 * worker.Count)
        {
            chunk = (chunk + 1) / 2;
        }

        int chunks = (call.Rows + chunk - 1) / chunk;
        int units = chunks * call.Cache.Heads;
        WorkUnits work = worker.Units(units);
        while (work.TryTake(out int unit))
        {
            int row = (chunks - 1 - (unit / call.Cache.Heads)) * chunk;
            Attend<V>(worker, call, unit % call.Cache.Heads * group, group, row, Math.Min(chunk, call.Rows - row));
        }
    }

    private static void Attend<V>(Worker worker, in Call call, int firstHead, int heads, int firstRow, int rows)
        where V : struct, ILanes<V>
    {
        if (call.Cache.Type == KvType.F16)
        {
            Attend<V, ushort>(worker, call, firstHead, heads, firstRow, rows);
        }
        else
        {
            Attend<V, float>(worker, call, firstHead, heads, firstRow, rows);
        }
    }

    /// <summary>Some rows of some query heads, all of one cache head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Attend<V, E>(Worker worker, in Call call, int firstHead, int heads, int firstRow, int rows)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        KvLayer cache = call.Cache;
        int keyDim = cache.KeyDim;
        int stride = cache.ValueStride;
        int count = rows * heads;
        int cacheHead = firstHead / (call.Shape.QueryHeads / cache.Heads);
        bool half = typeof(E) == typeof(ushort);
        float scale = half ? call.Shape.Scale * (HalfUnit / QueryUnit) : call.Shape.Scale;
        float unit = half ? HalfUnit : 1;

        // Of one block: scores, widened keys and values. Of all, [count] of each: outputs, queries, maxima, sums.
        bool widen = half && count >= WideningQueries;
        int wideBlock = widen ? Block : 0;
        float* scores = (float*)worker.Scratch((nuint)((GroupRows * Block) + ((long)(wideBlock + count) * (stride + keyDim)) + (2L * count)) * sizeof(float));
        float* wideKeys = scores + (GroupRows * Block);
        float* wideValues = wideKeys + ((long)wideBlock * keyDim);
        float* outputs = wideValues + ((long)wideBlock * stride);
        float* queries = outputs + ((long)count * stride);
        float* maxima = queries + ((long)count * keyDim);
        float* sums = maxima + count;
        float* factors = stackalloc float[GroupRows];
        for (int i = 0; i < count; i++)
        {
            AttentionKernels.CopyScaled<V>(call.Query(firstRow + (i / heads), firstHead + (i % heads)), half ? QueryUnit : 1, queries + ((long)i * keyDim), keyDim);
            maxima[i] = float.NegativeInfinity;
            sums[i] = 0;
        }

        new Span<float>(outputs, count * stride).Clear();
        int last = call.End(firstRow + rows - 1);
        for (int block = call.First(firstRow) / Block * Block; block < last; block += Block)
        {
            int blockStart = Math.Max(block, call.First(firstRow) / KvLayer.Tile * KvLayer.Tile);
            if (widen)
            {
                int positions = Math.Min(block + Block, last) - blockStart;
                AttentionKernels.Widen<V>(cache.Keys<ushort>(cacheHead, blockStart), wideKeys, (positions + KvLayer.Tile - 1) / KvLayer.Tile * KvLayer.Tile * keyDim);
                AttentionKernels.Widen<V>(cache.Values<ushort>(cacheHead, blockStart), wideValues, positions * stride);
            }

            for (int i = 0; i < count; i += GroupRows)
            {
                int together = Math.Min(GroupRows, count - i);
                int from = Math.Max(block, call.First(firstRow + (i / heads)));
                int to = Math.Min(block + Block, call.End(firstRow + ((i + together - 1) / heads)));
                if (from >= to)
                {
                    continue;
                }

                int start = from / KvLayer.Tile * KvLayer.Tile;
                int tiles = (to - start + KvLayer.Tile - 1) / KvLayer.Tile;
                int length = tiles * KvLayer.Tile;
                if (widen)
                {
                    AttentionKernels.Scores<V, float>(wideKeys + ((long)(start - blockStart) * keyDim), tiles, queries + ((long)i * keyDim), keyDim, together, scores);
                }
                else
                {
                    AttentionKernels.Scores<V, E>(cache.Keys<E>(cacheHead, start), tiles, queries + ((long)i * keyDim), keyDim, together, scores);
                }

                for (int r = 0; r < together; r++)
                {
                    float* row = scores + (r * Block);
                    int query = firstRow + ((i + r) / heads);
                    int first = Math.Clamp(call.First(query) - start, 0, length);
                    int end = Math.Clamp(call.End(query) - start, first, length);
                    factors[r] = 1;
                    if (first == end)
                    {
                        new Span<float>(row, length).Clear();
                        continue;
                    }

                    // The mask is last: what lies beyond the end may be a truncated sequence's, or no number at all.
                    AttentionKernels.ScaleAndCap<V>(row, length, scale, call.Shape.SoftCap);
                    if (call.Shape.Slopes is { } slopes)
                    {
                        AttentionKernels.AddSlope<V>(row, length, slopes[firstHead + ((i + r) % heads)], start - (call.Position + query));
                    }

                    new Span<float>(row, first).Fill(float.NegativeInfinity);
                    new Span<float>(row + end, length - end).Fill(float.NegativeInfinity);
                    float max = MathF.Max(maxima[i + r], AttentionKernels.Max<V>(row, length));
                    float sum = AttentionKernels.Exponentials<V>(row, length, max, unit);
                    factors[r] = MathF.Exp(maxima[i + r] - max);
                    sums[i + r] = (sums[i + r] * factors[r]) + sum;
                    maxima[i + r] = max;
                }

                float* weights = scores + (from - start);
                if (widen)
                {
                    AttentionKernels.Mix<V, float>(wideValues + ((long)(from - blockStart) * stride), stride, to - from, weights, together, factors, outputs + ((long)i * stride));
                }
                else
                {
                    AttentionKernels.Mix<V, E>(cache.Values<E>(cacheHead, from), stride, to - from, weights, together, factors, outputs + ((long)i * stride));
                }
            }
        }

        for (int i = 0; i < count; i++)
        {
            float sum = call.Shape.Sinks is { } sinks ? sums[i] + MathF.Exp(sinks[firstHead + (i % heads)] - maxima[i]) : sums[i];
            AttentionKernels.CopyScaled<V>(outputs + ((long)i * stride), 1 / sum, call.Output(firstRow + (i / heads), firstHead + (i % heads)), cache.ValueDim);
        }
    }

    /// <summary>The definition: one query after the other, all its scores, their softmax, the sum of the values.</summary>
    private static void Define(Worker worker, in Call call)
    {
        int group = call.Shape.QueryHeads / call.Cache.Heads;
        float* scores = (float*)worker.Scratch((nuint)(call.Position + call.Rows) * sizeof(float));
        (int from, int to) = worker.Slice(call.Shape.QueryHeads * call.Rows);
        for (int unit = from; unit < to; unit++)
        {
            int head = unit / call.Rows;
            int row = unit % call.Rows;
            int first = call.First(row);
            int end = call.End(row);
            float* query = call.Query(row, head);
            float max = float.NegativeInfinity;
            for (int j = first; j < end; j++)
            {
                float score = 0;
                for (int d = 0; d < call.Cache.KeyDim; d++)
                {
                    score += query[d] * call.Cache.Key(head / group, j, d);
                }

                score *= call.Shape.Scale;
                score = call.Shape.SoftCap > 0 ? call.Shape.SoftCap * MathF.Tanh(score / call.Shape.SoftCap) : score;
                score += call.Shape.Slopes is { } slopes ? slopes[head] * (j - (call.Position + row)) : 0;
                scores[j] = score;
                max = MathF.Max(max, score);
            }

            float sum = call.Shape.Sinks is { } sinks ? MathF.Exp(sinks[head] - max) : 0;
            for (int j = first; j < end; j++)
            {
                scores[j] = MathF.Exp(scores[j] - max);
                sum += scores[j];
            }

            float* output = call.Output(row, head);
            new Span<float>(output, call.Cache.ValueDim).Clear();
            for (int j = first; j < end; j++)
            {
                for (int d = 0; d < call.Cache.ValueDim; d++)
                {
                    output[d] += scores[j] / sum * call.Cache.Value(head / group, j, d);
                }
            }
        }
    }

    /// <summary>The arguments of <see cref="Run(Worker, AttentionShape, KvLayer, float*, long, int, int, float*, long)"/>.</summary>
    private readonly struct Call(AttentionShape shape, KvLayer cache, float* queries, long queryStride, int position, int rows, float* output, long outputStride)
    {
        private readonly float* _queries = queries;
        private readonly long _queryStride = queryStride;
        private readonly float* _output = output;
        private readonly long _outputStride = outputStride;

        public readonly AttentionShape Shape = shape;
        public readonly KvLayer Cache = cache;
        public readonly int Position = position;
        public readonly int Rows = rows;

        /// <summary>The first position that a row sees. Does not fall from row to row.</summary>
        public int First(int row)
        {
            int own = Position + row;
            int window = Shape.Window > 0 ? Math.Max(0, own - Shape.Window + 1) : 0;
            return Shape.ChunkLength > 0 ? Math.Max(window, own / Shape.ChunkLength * Shape.ChunkLength) : window;
        }

        /// <summary>The position after the last that a row sees. Does not fall from row to row.</summary>
        public int End(int row)
        {
            int own = Position + row;
            return Shape.Causal ? own + 1
                : Shape.WindowAhead > 0 ? Math.Min(Position + Rows, own + Shape.WindowAhead)
                : Position + Rows;
        }

        public float* Query(int row, int head) => _queries + (row * _queryStride) + ((long)head * Cache.KeyDim);

        public float* Output(int row, int head) => _output + (row * _outputStride) + ((long)head * Cache.ValueDim);
    }
}
