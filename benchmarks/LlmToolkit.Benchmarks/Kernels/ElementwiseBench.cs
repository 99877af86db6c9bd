using BenchmarkDotNet.Attributes;
using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Benchmarks.Kernels;

/// <summary>What runs between the products, a row of a model of one billion parameters at a time: it must stay small beside them.</summary>
[MemoryDiagnoser]
public unsafe class ElementwiseBench
{
    private const int Hidden = 2048;
    private const int Inner = 5632;
    private const int HalfHead = 32;
    private const float Epsilon = 1e-5f;

    private SimdLevel _level;
    private NativeArray<float> _x = null!;
    private NativeArray<float> _weight = null!;
    private NativeArray<float> _y = null!;

    /// <summary>Level of the vectors; the definition among them.</summary>
    [ParamsSource(nameof(Levels))]
    public string Level { get; set; } = "";

    /// <summary>The levels.</summary>
    public static IEnumerable<string> Levels => Simd.Available.Select(l => l.ToString());

    /// <summary>Makes rows.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _level = Enum.Parse<SimdLevel>(Level);
        _x = NativeArray<float>.Normal(Inner, 1);
        _weight = NativeArray<float>.Normal(Inner, 2);
        _y = new NativeArray<float>(Inner);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _x.Dispose();
        _weight.Dispose();
        _y.Dispose();
    }

    /// <summary>Before each block.</summary>
    [Benchmark]
    public void RmsNorm() => Elementwise.RmsNorm(_level, _x.Pointer, _weight.Pointer, Epsilon, _y.Pointer, Hidden);

    /// <summary>Before each block of the older families.</summary>
    [Benchmark]
    public void LayerNorm() => Elementwise.LayerNorm(_level, _x.Pointer, _weight.Pointer, _weight.Pointer, Epsilon, _y.Pointer, Hidden);

    /// <summary>In the middle of the feed-forward block.</summary>
    [Benchmark]
    public void SiluMul() => Elementwise.SiluMul(_level, _x.Pointer, _weight.Pointer, _y.Pointer, Inner);

    /// <summary>In the middle of Gemma's and GPT-2's.</summary>
    [Benchmark]
    public void GeluTanh() => Elementwise.GeluTanh(_level, _x.Pointer, _weight.Pointer, _y.Pointer, Inner);

    /// <summary>Turns every head of a query.</summary>
    [Benchmark]
    public void Rope()
    {
        for (float* head = _y.Pointer; head < _y.Pointer + Hidden; head += 2 * HalfHead)
        {
            Elementwise.RopeHalves(_level, head, _x.Pointer, _weight.Pointer, HalfHead);
        }
    }
}
