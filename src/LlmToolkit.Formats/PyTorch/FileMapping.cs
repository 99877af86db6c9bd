using System.IO.MemoryMappedFiles;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>A file mapped for reading, alive as long as anyone holds a reference.</summary>
internal sealed unsafe class FileMapping : TensorMemory
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private FileMapping(MemoryMappedFile file, MemoryMappedViewAccessor view, byte* address, long length) =>
        (_file, _view, Address, Length) = (file, view, (nint)address, length);

    /// <summary>First byte.</summary>
    public nint Address { get; }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Maps a file that is not empty.</summary>
    public static FileMapping Open(string path)
    {
        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
        long length = stream.Length;
        if (length == 0)
        {
            stream.Dispose();
            throw PyTorchErrors.Empty(path);
        }

        MemoryMappedFile file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        MemoryMappedViewAccessor view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* address = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
        return new FileMapping(file, view, address + view.PointerOffset, length);
    }

    /// <summary>A part of the file, at most 2 GiB.</summary>
    public ReadOnlySpan<byte> Span(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return new ReadOnlySpan<byte>((byte*)Address + offset, length);
    }

    /// <inheritdoc/>
    protected override void Free()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
