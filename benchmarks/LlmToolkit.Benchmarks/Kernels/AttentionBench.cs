using BenchmarkDotNet.Attributes;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.KvCache;

namespace LlmToolkit.Benchmarks.Kernels;

/// <summary>
/// Attention of one layer of a model of 135 million parameters (9 heads on 3, 64 wide): one row is a decoded token at that position of a conversation, 64 rows
/// are a part of a prompt that is read there.
/// </summary>
[MemoryDiagnoser]
public unsafe class AttentionBench
{
    private const int Heads = 9;
    private const int KvHeads = 3;
    private const int Dim = 64;
    private const int Width = Heads * Dim;

    private KvLayer _cache = null!;
    private NativeArray<float> _queries = null!;
    private NativeArray<float> _output = null!;
    private WorkerPool _pool = null!;
    private Layer _work = null!;

    /// <summary>Rows computed together.</summary>
    [Params(1, 64)]
    public int Rows { get; set; }

    /// <summary>Position of the first row.</summary>
    [Params(128, 2048)]
    public int Position { get; set; }

    /// <summary>Type of the cache.</summary>
    [Params(KvType.F16, KvType.F32)]
    public KvType Cache { get; set; }

    /// <summary>Fills the cache.</summary>
    [GlobalSetup]
    public void Setup()
    {
        int positions = Position + Rows;
        _cache = new KvLayer(Cache, KvHeads, Dim, Dim, positions);
        using NativeArray<float> states = NativeArray<float>.Normal(2 * Dim * positions, 1);
        for (int head = 0; head < KvHeads; head++)
        {
            for (int p = 0; p < positions; p++)
            {
                float* state = states.Pointer + (2 * Dim * p);
                _cache.Write(head, p, state, state + Dim);
            }
        }

        _queries = NativeArray<float>.Normal(Rows * Width, 2);
        _output = new NativeArray<float>(Rows * Width);
        _pool = new WorkerPool(1);
        _work = new Layer(this, new AttentionShape { QueryHeads = Heads, Scale = 1 / MathF.Sqrt(Dim) });
    }

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _pool.Dispose();
        _cache.Dispose();
        _queries.Dispose();
        _output.Dispose();
    }

    /// <summary>All heads of all rows.</summary>
    [Benchmark]
    public void Attend() => _pool.Run(_work);

    private sealed class Layer(AttentionBench bench, AttentionShape shape) : IParallelWork
    {
        public void Run(Worker worker) =>
            Attention.Run(worker, shape, bench._cache, bench._queries.Pointer, Width, bench.Position, bench.Rows, bench._output.Pointer, Width);
    }
}
