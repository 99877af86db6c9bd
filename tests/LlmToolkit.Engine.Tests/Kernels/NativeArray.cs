using System.Runtime.InteropServices;

namespace LlmToolkit.Engine.Tests.Kernels;

/// <summary>An array for kernels, with a guard behind it that says whether they wrote too far.</summary>
internal sealed unsafe class NativeArray<T> : IDisposable
    where T : unmanaged
{
    private const int GuardBytes = 256;
    private readonly byte* _memory;

    public NativeArray(int length)
    {
        Length = length;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(length * sizeof(T)) + GuardBytes, 64);
        new Span<byte>(_memory, length * sizeof(T)).Clear();
        new Span<byte>(_memory + (length * sizeof(T)), GuardBytes).Fill(0xA5);
    }

    public NativeArray(ReadOnlySpan<T> values)
        : this(values.Length) => values.CopyTo(Span);

    public int Length { get; }

    public T* Pointer => (T*)_memory;

    public Span<T> Span => new(_memory, Length);

    public T[] ToArray() => Span.ToArray();

    public void Dispose()
    {
        bool intact = !new Span<byte>(_memory + (Length * sizeof(T)), GuardBytes).ContainsAnyExcept((byte)0xA5);
        NativeMemory.AlignedFree(_memory);
        Assert.True(intact, "Something wrote behind the end of the array.");
    }
}
