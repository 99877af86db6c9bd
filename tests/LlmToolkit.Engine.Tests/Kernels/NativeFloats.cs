using System.Runtime.InteropServices;

namespace LlmToolkit.Engine.Tests.Kernels;

/// <summary>Floats that kernels can point at, with a guard behind them that must stay as it was.</summary>
internal sealed unsafe class NativeFloats : IDisposable
{
    private const int Guard = 64;
    private const float GuardValue = 12345.678f;

    public NativeFloats(int count)
    {
        Count = count;
        Pointer = (float*)NativeMemory.AlignedAlloc((nuint)(count + Guard) * sizeof(float), 64);
        Span.Clear();
        new Span<float>(Pointer + count, Guard).Fill(GuardValue);
    }

    public int Count { get; }

    public float* Pointer { get; }

    public Span<float> Span => new(Pointer, Count);

    public static NativeFloats Random(int count, int seed, float scale = 1)
    {
        NativeFloats floats = new(count);
        System.Random random = new(seed);
        foreach (ref float value in floats.Span)
        {
            // Roughly normal: the sum of uniform numbers.
            value = scale * (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2) * 1.7f;
        }

        return floats;
    }

    public void Dispose()
    {
        bool intact = !new Span<float>(Pointer + Count, Guard).ContainsAnyExcept(GuardValue);
        NativeMemory.AlignedFree(Pointer);
        Assert.True(intact, "A kernel wrote behind its output.");
    }
}
