namespace LlmToolkit;

/// <summary>Memory that never moves and is shared by reference count: a file mapping or native memory.</summary>
public abstract class TensorMemory
{
    private int _references = 1;

    /// <summary>Adds an owner.</summary>
    /// <exception cref="ObjectDisposedException">The last owner has let go already.</exception>
    public void AddReference()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref _references);
            ObjectDisposedException.ThrowIf(seen == 0, this);
        }
        while (Interlocked.CompareExchange(ref _references, seen + 1, seen) != seen);
    }

    /// <summary>Lets one owner go; the last one frees the memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Free();
        }
    }

    /// <summary>Throws when the bytes are no longer those that were there at first: a mapped file was cut or written to. Call it after computing from them, before the result is used; it costs about a microsecond.</summary>
    /// <exception cref="ModelException">They changed; what was read since is worth nothing.</exception>
    public virtual void ThrowIfChanged()
    {
    }

    /// <summary>Gives the memory back. Called once.</summary>
    protected abstract void Free();
}

/// <summary>The values of a tensor: rows of memory that never moves. Contiguous, row-major, little-endian.</summary>
/// <remarks>A tensor may exceed 2 GiB and a span may not, so rows are handed out. Dispose lets the memory go; container and model may be disposed in either order.</remarks>
public sealed unsafe class TensorData : IDisposable
{
    private readonly TensorMemory _memory;
    private int _disposed;

    /// <summary>Wraps memory; takes a reference of its own.</summary>
    /// <param name="info">The tensor.</param>
    /// <param name="address">First byte.</param>
    /// <param name="memory">What keeps the bytes alive.</param>
    /// <param name="copied">True when the bytes had to be copied because the file's could not be used in place.</param>
    public TensorData(TensorInfo info, nint address, TensorMemory memory, bool copied = false)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(memory);
        memory.AddReference();
        (Info, Address, _memory, Copied) = (info, address, memory, copied);
        // An empty tensor may have rows of a length that no memory holds.
        RowBytes = info.Bytes == 0 ? 0 : info.DType.Bytes(info.Shape.Columns);
        Rows = info.Shape.Rows;
    }

    /// <summary>The tensor whose values these are.</summary>
    public TensorInfo Info { get; }

    /// <summary>Address of the first byte; valid until disposal.</summary>
    public nint Address { get; }

    /// <summary>What keeps the bytes alive, shared by all tensors of a file.</summary>
    public TensorMemory Memory => _memory;

    /// <summary>Bytes of a row; 0 for an empty tensor.</summary>
    public long RowBytes { get; }

    /// <summary>Number of rows.</summary>
    public long Rows { get; }

    /// <summary>True when the bytes are a private copy and not the file's own.</summary>
    public bool Copied { get; }

    /// <summary>The bytes of a row.</summary>
    public ReadOnlySpan<byte> Row(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return new ReadOnlySpan<byte>((byte*)Address + (row * RowBytes), checked((int)RowBytes));
    }

    /// <summary>Some of the bytes, of as many rows as they reach over: rows follow each other without gaps.</summary>
    /// <param name="offset">First byte, from the start of the values.</param>
    /// <param name="length">Number of bytes.</param>
    public ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, (Rows * RowBytes) - length);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return new ReadOnlySpan<byte>((byte*)Address + offset, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _memory.Release();
        }
    }
}
