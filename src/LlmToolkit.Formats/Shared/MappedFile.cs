using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace LlmToolkit.Formats.Shared;

/// <summary>A file mapped read-only. Its bytes never move; the last owner unmaps it.</summary>
/// <remarks>
/// The length is the one at the time of opening. A file that is replaced by renaming stays whole. One that is cut or written to while it is mapped changes under its reader:
/// <see cref="MappingGuard"/> keeps the process alive, and whoever computes from the bytes calls <see cref="ThrowIfChanged"/> afterwards, before the result goes anywhere.
/// </remarks>
internal sealed unsafe class MappedFile : TensorMemory
{
    private readonly SafeFileHandle? _handle;
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _address;
    private readonly MappingGuard.Region* _region;
    private readonly DateTime _written;

    /// <summary>Called on this thread before each request to the system. Tests throw from it what the system may throw, at the first, second, third request.</summary>
    [ThreadStatic]
    internal static Action? BeforeRequest;

    private MappedFile(ArtifactFile file, SafeFileHandle? handle, long length)
    {
        File = file with { Length = length };
        Parts = FileParts.Of(file.Path);
        _handle = handle;
        if (handle is null)
        {
            return;
        }

        BeforeRequest?.Invoke();
        _written = System.IO.File.GetLastWriteTimeUtc(handle);
        _map = MemoryMappedFile.CreateFromFile(handle, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            BeforeRequest?.Invoke();
            _view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        }
        catch
        {
            _map.Dispose();
            throw;
        }

        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _address);
        _address += _view.PointerOffset;
        _region = MappingGuard.Protect(_address, length);
    }

    /// <summary>The file, with the length that is mapped.</summary>
    public ArtifactFile File { get; }

    /// <summary>What of the file is here; null: all.</summary>
    public FileParts? Parts { get; }

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
            BeforeRequest?.Invoke();
            // Opening a pipe would wait for a writer for ever, so its kind is asked first.
            FileFacts facts = FileFacts.Of(file.Path) ?? throw new ModelException(FileErrors.Missing(file.Path));
            ModelFolder.ThrowIfNotPlain(file.Path, facts.Kind);
            if (facts.Length == 0)
            {
                return new MappedFile(file, null, 0);
            }

            BeforeRequest?.Invoke();
            handle = System.IO.File.OpenHandle(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete | (FileParts.Of(file.Path) is null ? FileShare.None : FileShare.Write));
            BeforeRequest?.Invoke();
            return new MappedFile(file, handle, RandomAccess.GetLength(handle));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            handle?.Dispose();
            throw new ModelException(FileErrors.Missing(file.Path), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException or OutOfMemoryException)
        {
            handle?.Dispose();
            throw new ModelException(FileErrors.Unreadable(file.Path, e), e);
        }
    }

    /// <summary>A part of the file, at most 2 GiB.</summary>
    public ReadOnlySpan<byte> Span(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        Parts?.Require(offset, length);
        return new ReadOnlySpan<byte>(_address + offset, length);
    }

    /// <summary>The first bytes: all of the file, or <paramref name="most"/>; of a file that is not here at most <see cref="FileParts.MostToScan"/>.</summary>
    public ReadOnlySpan<byte> Head(int most) => Span(0, (int)Math.Min(Length, Parts is null ? most : Math.Min(most, FileParts.MostToScan)));

    /// <summary>The first bytes for a reader that asks <see cref="Parts"/> for each piece before it looks at it.</summary>
    public ReadOnlySpan<byte> Window(int most) => new(_address, (int)Math.Min(Length, most));

    /// <summary>True when the bytes of a tensor lie inside the file; those of an empty one lie anywhere.</summary>
    public bool Holds(TensorInfo tensor) => tensor.Bytes == 0 || (tensor.Offset >= 0 && tensor.Bytes >= 0 && tensor.Offset <= Length - tensor.Bytes);

    /// <summary>The values of a tensor of this file that can be used in place.</summary>
    /// <exception cref="ModelException">The file was changed since it was opened.</exception>
    public TensorData Tensor(TensorInfo tensor)
    {
        if (!Holds(tensor))
        {
            throw new ArgumentException($"Tensor \"{tensor.Name}\" does not lie in {File.Name}.", nameof(tensor));
        }

        Parts?.Require(tensor.Offset, tensor.Bytes);
        ThrowIfChanged();
        return new TensorData(tensor, tensor.Bytes == 0 ? Address : Address + (nint)tensor.Offset, this);
    }

    /// <summary>What happened to the file since it was mapped; null: nothing.</summary>
    public Diagnostic? Changed
    {
        get
        {
            if (_handle is null)
            {
                return null;
            }

            long now = RandomAccess.GetLength(_handle);
            bool isLost = _region is not null && Volatile.Read(ref _region->Lost) != 0;
            // A file of parts is written to by whoever brings them.
            bool isWritten = Parts is null && System.IO.File.GetLastWriteTimeUtc(_handle) != _written;
            return now != Length || isLost || isWritten ? FileErrors.Changed(File.Path, Length, now, isLost) : null;
        }
    }

    /// <inheritdoc/>
    public override void ThrowIfChanged()
    {
        if (Changed is { } change)
        {
            throw new ModelException(change);
        }
    }

    /// <inheritdoc/>
    protected override void Free()
    {
        if (_view is not null)
        {
            MappingGuard.Release(_region);
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }

        _map?.Dispose();
        _handle?.Dispose();
    }
}
