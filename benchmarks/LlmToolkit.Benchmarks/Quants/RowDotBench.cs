using BenchmarkDotNet.Attributes;
using LlmToolkit.Engine;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Benchmarks.Quants;

/// <summary>
/// One token's product with a matrix that no cache holds: what each projection of a decoded token does, and what limits tokens a second. Every type of
/// <see cref="DefaultQuants.All"/> is a row, in the form its fast path uses. Bytes a second = <see cref="WeightBytes"/> / time.
/// </summary>
[MemoryDiagnoser]
public unsafe class RowDotBench
{
    /// <summary>More than last-level caches hold.</summary>
    private const long WeightBytes = 64 << 20;
    private const int Columns = 2048;

    /// <summary>Rows of a call, as a worker's slice of a matrix comes.</summary>
    private const int Slice = 64;

    private Quant _quant = DefaultQuants.All[0];
    private SimdLevel _level;
    private NativeArray<byte> _rows = null!;
    private NativeArray<float> _x = null!;
    private Activations _activations = null!;
    private Q8Row _q8;
    private NativeArray<float> _y = null!;
    private nint _rowBytes;
    private int _count;

    /// <summary>Weight type.</summary>
    [ParamsSource(nameof(Types))]
    public string Type { get; set; } = "";

    /// <summary>Level of the vectors.</summary>
    [ParamsSource(nameof(Levels))]
    public string Level { get; set; } = "";

    /// <summary>The types.</summary>
    public static IEnumerable<string> Types => DefaultQuants.All.Select(q => q.DType.Name);

    /// <summary>The levels.</summary>
    public static IEnumerable<string> Levels => RandomRows.Levels;

    /// <summary>Makes weights and activations.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _quant = RandomRows.Find(Type);
        _level = Enum.Parse<SimdLevel>(Level);
        _rowBytes = (nint)_quant.DType.Bytes(Columns);
        _count = (int)(WeightBytes / _rowBytes) / Slice * Slice;
        _rows = RandomRows.Make(_quant, _count, Columns);
        _x = NativeArray<float>.Normal(Columns, 3);
        _activations = new Activations(1, Columns, 1) { Rows = 1 };
        _y = new NativeArray<float>(_count);
        using WorkerPool pool = new(1);
        pool.Run(new Quantize(this));
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _rows.Dispose();
        _x.Dispose();
        _activations.Dispose();
        _y.Dispose();
    }

    /// <summary>The definition.</summary>
    [Benchmark(Baseline = true)]
    public void Scalar() => Run(SimdLevel.Scalar);

    /// <summary>The level's row dots.</summary>
    [Benchmark]
    public void Vectors() => Run(_level);

    private void Run(SimdLevel level)
    {
        bool bytes = _quant.FastForm.HasFlag(ActivationForms.Q8);
        for (int row = 0; row < _count; row += Slice)
        {
            byte* rows = _rows.Pointer + (row * _rowBytes);
            if (bytes)
            {
                _quant.DotQ8(level, rows, _rowBytes, Slice, _q8, Columns, _y.Pointer + row);
            }
            else
            {
                _quant.DotF32(level, rows, _rowBytes, Slice, _x.Pointer, Columns, _y.Pointer + row);
            }
        }
    }

    private sealed class Quantize(RowDotBench bench) : IParallelWork
    {
        public void Run(Worker worker)
        {
            bench._q8 = bench._activations.Q8(worker, 0);
            Q8Quantizer.Run(Simd.Level, bench._x.Pointer, Columns, bench._q8);
        }
    }
}
