using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.KvCache;

namespace LlmToolkit.Engine.Tests.Kernels;

public sealed unsafe class AttentionTests
{
    private static readonly Dictionary<string, Func<AttentionShape, AttentionShape>> s_masks = new()
    {
        ["sinks"] = s => s with { Sinks = [-1, 0.5f, 2, 30, -30, 100] },
        ["sinks and window"] = s => s with { Sinks = [-1, 0.5f, 2, 3, -3, 1], Window = 20 },
        ["slopes"] = s => s with { Slopes = [1, 0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f] },
        ["slopes in an encoder"] = s => s with { Slopes = [1, 0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f], Causal = false },
        ["slopes and soft cap"] = s => s with { Slopes = [1, 0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f], SoftCap = 2 },
        ["window to both sides"] = s => s with { Causal = false, Window = 9, WindowAhead = 9 },
        ["window ahead only"] = s => s with { Causal = false, WindowAhead = 3 },
        ["chunks"] = s => s with { ChunkLength = 8 },
        ["chunks and window"] = s => s with { ChunkLength = 256, Window = 13 },
    };

    /// <summary>Name, cache heads, group, key dim, value dim, position, rows, window, cap, causal.</summary>
    public static TheoryData<string, int, int, int, int, int, int, int, float, bool> Cases => new()
    {
        { "one token", 3, 3, 64, 64, 0, 1, 0, 0, true },
        { "decode, group 1", 4, 1, 64, 64, 130, 1, 0, 0, true },
        { "decode, group 2", 2, 2, 32, 32, 65, 1, 0, 0, true },
        { "decode, group 3", 3, 3, 64, 64, 600, 1, 0, 0, true },
        { "decode, group 4", 2, 4, 128, 128, 511, 1, 0, 0, true },
        { "decode, group 7", 2, 7, 64, 64, 512, 1, 0, 0, true },
        { "decode, group 8", 1, 8, 80, 80, 77, 1, 0, 0, true },
        { "prefill of 1", 1, 1, 16, 16, 0, 1, 0, 0, true },
        { "prefill of 2", 3, 3, 64, 64, 0, 2, 0, 0, true },
        { "prefill of 17", 2, 3, 48, 48, 0, 17, 0, 0, true },
        { "prefill of 40", 2, 4, 64, 64, 0, 40, 0, 0, true },
        { "continued over a block", 2, 1, 32, 32, 500, 33, 0, 0, true },
        { "continued in the second block", 1, 8, 64, 64, 600, 40, 0, 0, true },
        { "odd dims", 2, 3, 13, 13, 37, 9, 0, 0, true },
        { "tiny dims", 2, 2, 4, 4, 20, 5, 0, 0, true },
        { "value narrower than key", 1, 4, 192, 128, 40, 6, 0, 0, true },
        { "value wider than key", 2, 2, 20, 72, 40, 6, 0, 0, true },
        { "latent, one head", 1, 40, 72, 56, 30, 3, 0, 0, true },
        { "window 1", 2, 2, 16, 16, 30, 7, 1, 0, true },
        { "window 16", 2, 3, 32, 32, 100, 20, 16, 0, true },
        { "window 100 over a block", 2, 3, 32, 32, 590, 20, 100, 0, true },
        { "window longer than the sequence", 2, 3, 32, 32, 10, 20, 4096, 0, true },
        { "soft cap", 2, 2, 32, 32, 100, 9, 0, 5, true },
        { "soft cap and window", 2, 2, 32, 32, 100, 9, 33, 5, true },
        { "encoder", 4, 1, 32, 32, 0, 37, 0, 0, false },
        { "encoder over a block", 2, 1, 64, 64, 0, 530, 0, 0, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_AtEveryLevel_IsNearDoublePrecision(string name, int heads, int group, int keyDim, int valueDim, int position, int rows, int window, float cap, bool causal) =>
        Check(name, type => new Problem(type, heads, group, keyDim, valueDim, position, rows, window, cap, causal));

    /// <summary>Name, and what is changed of a plain causal shape of 2 × 3 heads; 30 rows from position 500.</summary>
    public static TheoryData<string> Masks => [.. s_masks.Keys];

    [Theory]
    [MemberData(nameof(Masks))]
    public void Run_WithAMask_IsNearDoublePrecision(string name) =>
        Check(name, type => new Problem(type, 2, 3, 40, 24, 500, 30, 0, 0, true, change: s_masks[name]));

    [Fact]
    public void Run_RowsTogetherOrAlone_GivesTheSameBits()
    {
        foreach (SimdLevel level in Simd.Available)
        {
            using Problem together = new(KvType.F16, 2, 3, 32, 48, 500, 30, 0, 0, true);
            float[] expected = together.Run(level, 1);
            Assert.Equal(expected, together.RunRowByRow(level));
            Assert.Equal(expected, together.Run(level, 3));
        }
    }

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.F32)]
    public void Run_AfterTruncation_ReadsNothingStale(KvType type)
    {
        using NativeFloats bad = new(24);
        bad.Span.Fill(float.NaN);
        foreach (SimdLevel level in Simd.Available)
        {
            using Problem clean = new(type, 2, 2, 24, 24, 13, 5, 0, 0, true, capacity: 64);
            float[] expected = clean.Run(level, 1);
            for (int head = 0; head < 2; head++)
            {
                for (int stale = 18; stale < 64; stale++)
                {
                    clean.Cache.Write(head, stale, bad.Pointer, bad.Pointer);
                }
            }

            Assert.Equal(expected, clean.Run(level, 1));
        }
    }

    [Fact]
    public void Run_HugeQueriesOverHalves_StayFinite()
    {
        using Problem problem = new(KvType.F16, 1, 1, 16, 16, 40, 4, 0, 0, true, queryScale: 1e6f);
        double[] expected = problem.InDouble();
        foreach (SimdLevel level in Simd.Available)
        {
            float[] actual = problem.Run(level, 1);
            for (int i = 0; i < actual.Length; i++)
            {
                Assert.Equal(expected[i], actual[i], 1e-5);
            }
        }
    }

    [Fact]
    public void Run_OnceWarm_AllocatesNothing()
    {
        foreach (SimdLevel level in Simd.Available)
        {
            using Problem problem = new(KvType.F16, 2, 3, 64, 64, 100, 20, 0, 0, true);
            Assert.Equal(0, problem.AllocatedBytes(level));
        }
    }

    private static void Check(string name, Func<KvType, Problem> make)
    {
        foreach (KvType type in new[] { KvType.F32, KvType.F16 })
        {
            using Problem problem = make(type);
            double[] expected = problem.InDouble();
            double size = expected.Max(Math.Abs);
            float[]? first = null;
            foreach (SimdLevel level in Simd.Available)
            {
                float[] actual = problem.Run(level, 2);
                for (int i = 0; i < actual.Length; i++)
                {
                    Assert.True(Math.Abs(actual[i] - expected[i]) <= 2e-6 * size, $"{name}, {type}, {level}, output {i}: {actual[i]:R}, expected {expected[i]:R}.");
                }

                if (level != SimdLevel.Scalar)
                {
                    first ??= actual;
                    Assert.Equal(first, actual);
                }
            }
        }
    }

    private sealed class Problem : IDisposable
    {
        private readonly AttentionShape _shape;
        private readonly NativeFloats _keys;
        private readonly NativeFloats _values;
        private readonly NativeFloats _queries;
        private readonly NativeFloats _output;
        private readonly int _position;
        private readonly int _rows;

        public Problem(KvType type, int heads, int group, int keyDim, int valueDim, int position, int rows, int window, float cap, bool causal, int? capacity = null, float queryScale = 1, Func<AttentionShape, AttentionShape>? change = null)
        {
            _shape = new() { QueryHeads = heads * group, Scale = 1 / MathF.Sqrt(keyDim), SoftCap = cap, Window = window, Causal = causal };
            _shape = change?.Invoke(_shape) ?? _shape;
            (_position, _rows) = (position, rows);
            int positions = position + rows;
            Cache = new(type, heads, keyDim, valueDim, capacity ?? positions);
            _keys = NativeFloats.Random(heads * positions * keyDim, 1);
            _values = NativeFloats.Random(heads * positions * valueDim, 2);
            _queries = NativeFloats.Random(rows * heads * group * keyDim, 3, queryScale);
            _output = new(rows * heads * group * valueDim);
            if (type == KvType.F16)
            {
                Round(_keys);
                Round(_values);
            }

            for (int head = 0; head < heads; head++)
            {
                for (int j = 0; j < positions; j++)
                {
                    Cache.Write(head, j, _keys.Pointer + (((head * positions) + j) * keyDim), _values.Pointer + (((head * positions) + j) * valueDim));
                }
            }
        }

        public KvLayer Cache { get; }

        private int QueryWidth => _shape.QueryHeads * Cache.KeyDim;

        private int OutputWidth => _shape.QueryHeads * Cache.ValueDim;

        public float[] Run(SimdLevel level, int workers)
        {
            _output.Span.Fill(float.NaN);
            using WorkerPool pool = new(workers);
            pool.Run(new EachWorker(w => Attention.Run(level, w, _shape, Cache, _queries.Pointer, QueryWidth, _position, _rows, _output.Pointer, OutputWidth)));
            return _output.Span.ToArray();
        }

        public float[] RunRowByRow(SimdLevel level)
        {
            _output.Span.Fill(float.NaN);
            using WorkerPool pool = new(1);
            pool.Run(new EachWorker(w =>
            {
                for (int row = 0; row < _rows; row++)
                {
                    Attention.Run(level, w, _shape, Cache, _queries.Pointer + (row * QueryWidth), QueryWidth, _position + row, 1, _output.Pointer + (row * OutputWidth), OutputWidth);
                }
            }));
            return _output.Span.ToArray();
        }

        public long AllocatedBytes(SimdLevel level)
        {
            long bytes = -1;
            using WorkerPool pool = new(1);
            pool.Run(new EachWorker(w =>
            {
                for (int i = 0; i < 2; i++)
                {
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    Attention.Run(level, w, _shape, Cache, _queries.Pointer, QueryWidth, _position, _rows, _output.Pointer, OutputWidth);
                    Attention.Run(level, w, _shape, Cache, _queries.Pointer, QueryWidth, _position, 1, _output.Pointer, OutputWidth);
                    bytes = GC.GetAllocatedBytesForCurrentThread() - before;
                }
            }));
            return bytes;
        }

        public double[] InDouble()
        {
            double[] result = new double[_output.Count];
            int positions = _position + _rows;
            for (int row = 0; row < _rows; row++)
            {
                for (int head = 0; head < _shape.QueryHeads; head++)
                {
                    int cacheHead = head / (_shape.QueryHeads / Cache.Heads);
                    int own = _position + row;
                    int[] seen = [.. Enumerable.Range(0, positions).Where(j => (!_shape.Causal || j <= own) && (_shape.Window == 0 || own - _shape.Window < j)
                        && (_shape.Causal || _shape.WindowAhead == 0 || j < own + _shape.WindowAhead) && (_shape.ChunkLength == 0 || j / _shape.ChunkLength >= own / _shape.ChunkLength))];
                    double[] scores = new double[seen.Length];
                    for (int s = 0; s < seen.Length; s++)
                    {
                        double dot = 0;
                        for (int d = 0; d < Cache.KeyDim; d++)
                        {
                            dot += (double)_queries.Pointer[(row * QueryWidth) + (head * Cache.KeyDim) + d] * _keys.Pointer[(((cacheHead * positions) + seen[s]) * Cache.KeyDim) + d];
                        }

                        dot *= _shape.Scale;
                        dot = _shape.SoftCap > 0 ? _shape.SoftCap * Math.Tanh(dot / _shape.SoftCap) : dot;
                        scores[s] = dot + ((_shape.Slopes?[head] ?? 0) * (seen[s] - own));
                    }

                    double sink = _shape.Sinks?[head] ?? double.NegativeInfinity;
                    double max = Math.Max(sink, scores.Max());
                    double[] weights = [.. scores.Select(s => Math.Exp(s - max))];
                    double sum = weights.Sum() + Math.Exp(sink - max);
                    for (int d = 0; d < Cache.ValueDim; d++)
                    {
                        double total = 0;
                        for (int s = 0; s < seen.Length; s++)
                        {
                            total += weights[s] / sum * _values.Pointer[(((cacheHead * positions) + seen[s]) * Cache.ValueDim) + d];
                        }

                        result[(row * OutputWidth) + (head * Cache.ValueDim) + d] = total;
                    }
                }
            }

            return result;
        }

        public void Dispose()
        {
            Cache.Dispose();
            _keys.Dispose();
            _values.Dispose();
            _queries.Dispose();
            _output.Dispose();
        }

        private static void Round(NativeFloats floats)
        {
            foreach (ref float value in floats.Span)
            {
                value = (float)(Half)value;
            }
        }
    }
}
