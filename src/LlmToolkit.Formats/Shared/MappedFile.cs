using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace LlmToolkit.Formats.Shared;

/// <summary>A file mapped read-only. Its bytes never move; the last owner unmaps it.</summary>
/// <remarks>
/// The length is the one at the time of opening. Reading a mapping past the end of a file that was cut afterwards ends the process,
/// so <see cref="ThrowIfShrunk"/> looks again before a tensor is handed out; a file that is replaced by renaming stays whole.
/// </remarks>
internal sealed unsafe class MappedFile : TensorMemory
{
    private readonly SafeFileHandle? _handle;
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _address;

    private MappedFile(ArtifactFile file, SafeFileHandle? handle, long length)
    {
        File = file with { Length = length };
        _handle = handle;
        if (handle is null)
        {
            return;
        }

        _map = MemoryMappedFile.CreateFromFile(handle, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _address);
        _address += _view.PointerOffset;
    }

    /// <summary>The file, with the length that is mapped.</summary>
    public ArtifactFile File { get; }

    /// <summary>Bytes mapped.</summary>
    public long Length => File.Length;

    /// <summary>First byte; 0 for an empty file.</summary>
    public nint Address => (nint)_address;

    /// <summary>Maps a file. An empty file is never opened and has no bytes.</summary>
    /// <exception cref="ModelException">The file is missing, no plain file, or cannot be read.</exception>
    public static MappedFile Open(ArtifactFile file)
    {
        SafeFileHandle? handle = null;
        try
        {
            // Opening a pipe would wait for a writer for ever, so its kind is asked first.
            FileFacts facts = FileFacts.Of(file.Path) ?? throw new ModelException(FileErrors.Missing(file.Path));
            ModelFolder.ThrowIfNotPlain(file.Path, facts.Kind);
            if (facts.Length == 0)
            {
                return new MappedFile(file, null, 0);
            }

            handle = System.IO.File.OpenHandle(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            return new MappedFile(file, handle, RandomAccess.GetLength(handle));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            handle?.Dispose();
            throw new ModelException(FileErrors.Missing(file.Path), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            handle?.Dispose();
            throw new ModelException(FileErrors.Unreadable(file.Path, e.Message), e);
        }
    }

    /// <summary>A part of the file, at most 2 GiB.</summary>
    public ReadOnlySpan<byte> Span(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>(_address + offset, length);
    }

    /// <summary>The first bytes: all of the file, or <paramref name="most"/>.</summary>
    public ReadOnlySpan<byte> Head(int most) => Span(0, (int)Math.Min(Length, most));

    /// <summary>True when the bytes of a tensor lie inside the file; those of an empty one lie anywhere.</summary>
    public bool Holds(TensorInfo tensor) => tensor.Bytes == 0 || (tensor.Offset >= 0 && tensor.Bytes >= 0 && tensor.Offset <= Length - tensor.Bytes);

    /// <summary>The values of a tensor of this file that can be used in place.</summary>
    /// <exception cref="ModelException">The file became shorter since it was opened.</exception>
    public TensorData Tensor(TensorInfo tensor)
    {
        if (!Holds(tensor))
        {
            throw new ArgumentException($"Tensor \"{tensor.Name}\" does not lie in {File.Name}.", nameof(tensor));
        }

        ThrowIfShrunk();
        return new TensorData(tensor, tensor.Bytes == 0 ? Address : Address + (nint)tensor.Offset, this);
    }

    /// <summary>Refuses to go on when the file became shorter since it was mapped.</summary>
    /// <exception cref="ModelException">It did.</exception>
    public void ThrowIfShrunk()
    {
        if (_handle is not null && RandomAccess.GetLength(_handle) is long now && now < Length)
        {
            throw new ModelException(FileErrors.Shrank(File.Path, Length, now));
        }
    }

    /// <inheritdoc/>
    protected override void Free()
    {
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }

        _map?.Dispose();
        _handle?.Dispose();
    }
}
