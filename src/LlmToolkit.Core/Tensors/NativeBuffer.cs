using System.Runtime.InteropServices;

namespace LlmToolkit;

/// <summary>Private native memory, 64-byte aligned, for tensors that cannot be used in place.</summary>
public sealed unsafe class NativeBuffer : TensorMemory
{
    /// <summary>Allocates; the content is undefined.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public NativeBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        Address = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 64), 64);
    }

    /// <summary>First byte.</summary>
    public nint Address { get; }

    /// <summary>Size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>A part of the buffer to fill, at most 2 GiB.</summary>
    public Span<byte> Span(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Bytes - length);
        return new Span<byte>((byte*)Address + offset, length);
    }

    /// <inheritdoc/>
    protected override void Free() => NativeMemory.AlignedFree((void*)Address);
}
