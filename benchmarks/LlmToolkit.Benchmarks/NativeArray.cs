using System.Runtime.InteropServices;

namespace LlmToolkit.Benchmarks;

/// <summary>Aligned native memory that kernels can point at.</summary>
internal sealed unsafe class NativeArray<T> : IDisposable
    where T : unmanaged
{
    public NativeArray(long length)
    {
        Length = length;
        Pointer = (T*)NativeMemory.AlignedAlloc((nuint)(length * sizeof(T)) + 64, 64);
        NativeMemory.Clear(Pointer, (nuint)(length * sizeof(T)) + 64);
    }

    public T* Pointer { get; }

    public long Length { get; }

    /// <summary>A part, at most 2 GiB.</summary>
    public Span<T> Span(long from, int count) => new(Pointer + from, count);

    public void Dispose() => NativeMemory.AlignedFree(Pointer);

    /// <summary>Roughly normal values: what hidden states look like.</summary>
    public static NativeArray<float> Normal(int length, int seed)
    {
        NativeArray<float> array = new(length);
        Random random = new(seed);
        foreach (ref float value in array.Span(0, length))
        {
            value = (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
        }

        return array;
    }
}
