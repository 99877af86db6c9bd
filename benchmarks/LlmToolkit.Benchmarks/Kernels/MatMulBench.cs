using BenchmarkDotNet.Attributes;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Benchmarks.Kernels;

/// <summary>
/// The up-projection of a model of one billion parameters, with activations quantized and shared out as the engine does: one token is a decoded token, 512 are
/// a chunk of a prompt.
/// </summary>
[MemoryDiagnoser]
public unsafe class MatMulBench
{
    private const int Rows = 5632;
    private const int Columns = 2048;

    private NativeArray<byte> _weights = null!;
    private NativeArray<float> _x = null!;
    private NativeArray<float> _y = null!;
    private Activations _activations = null!;
    private WorkerPool _pool = null!;
    private Projection _work = null!;

    /// <summary>Weight type.</summary>
    [Params("F16", "Q8_0", "Q4_K")]
    public string Type { get; set; } = "";

    /// <summary>Tokens computed together.</summary>
    [Params(1, 12, 512)]
    public int Tokens { get; set; }

    /// <summary>Workers.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Makes weights, activations and workers.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Quant quant = RandomRows.Find(Type);
        _weights = RandomRows.Make(quant, Rows, Columns);
        _x = NativeArray<float>.Normal(Tokens * Columns, 3);
        _y = new NativeArray<float>((long)Tokens * Rows);
        _activations = new Activations(Tokens, Columns, Threads) { Rows = Tokens };
        _pool = new WorkerPool(Threads);
        _work = new Projection(new WeightMatrix(quant, _weights.Pointer, (nint)quant.DType.Bytes(Columns), Rows, Columns, exact: false), _activations, _x, _y);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _pool.Dispose();
        _activations.Dispose();
        _weights.Dispose();
        _x.Dispose();
        _y.Dispose();
    }

    /// <summary>Quantizes the activations and multiplies.</summary>
    [Benchmark]
    public void Project() => _pool.Run(_work);

    private sealed class Projection(WeightMatrix matrix, Activations activations, NativeArray<float> x, NativeArray<float> y) : IParallelWork
    {
        public void Run(Worker worker)
        {
            (int from, int to) = activations.Share(worker);
            for (int row = from; row < to; row++)
            {
                x.Span((long)row * matrix.Columns, matrix.Columns).CopyTo(new Span<float>(activations.Row(worker, row), matrix.Columns));
            }

            activations.Publish(worker, matrix.Form);
            MatMul.Run(worker, matrix, activations, y.Pointer, matrix.Rows);
            worker.Barrier();
        }
    }
}
