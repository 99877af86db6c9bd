using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace LlmToolkit.Hub;

/// <summary>An unfinished download of one content: <c>ETAG.8HEX.incomplete</c> beside the blob it is to become, and its journal. It belongs to one process; what another left is taken over by renaming it, which only one can.</summary>
internal sealed class PartialFile : IDisposable
{
    private const string Ending = ".incomplete";
    private const string JournalEnding = ".parts" + Ending;

    /// <summary>So much is brought onto the disk while more comes: at the end there is little left to wait for.</summary>
    private const long FlushBytes = 128L << 20;

    private readonly SafeFileHandle _handle;
    private readonly PartJournal _journal;
    private readonly UInt128?[] _inherited;
    private readonly bool[] _done;
    private readonly Lock _lock = new();
    private long _doneBytes;
    private long _flushedBytes;
    private Task _flush = Task.CompletedTask;

    private PartialFile(string path, string etag, long size, SafeFileHandle handle, PartJournal journal, Dictionary<long, UInt128> blocks)
    {
        (Path, Etag, Size, _handle, _journal) = (path, etag, size, handle, journal);
        BlockSize = PartJournal.BlockSizeFor(size);
        long count = (size + BlockSize - 1) / BlockSize;
        _done = new bool[count];
        _inherited = new UInt128?[count];
        foreach ((long block, UInt128 hash) in blocks)
        {
            _inherited[block] = hash;
            _done[block] = true;
            _doneBytes += LengthOf(block);
        }

        Inherited = _doneBytes;
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>The content it is part of.</summary>
    public string Etag { get; }

    /// <summary>Bytes of the whole.</summary>
    public long Size { get; }

    /// <summary>Bytes of a block; the last one may be shorter.</summary>
    public int BlockSize { get; }

    /// <summary>Number of blocks.</summary>
    public long Blocks => _done.Length;

    /// <summary>Bytes that were there when it was opened.</summary>
    public long Inherited { get; }

    /// <summary>Bytes of the blocks that are there.</summary>
    public long DoneBytes => Interlocked.Read(ref _doneBytes);

    /// <summary>Takes over the best of what is left of a content, or begins.</summary>
    /// <param name="blobs">Folder of the blobs.</param>
    /// <param name="etag">The content.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="locksWork">False: a lock that is free says nothing, so age and process decide.</param>
    /// <param name="stall">As old as this, nobody writes to it any more.</param>
    public static PartialFile Open(string blobs, string etag, long size, bool locksWork, TimeSpan stall)
    {
        if (Best(blobs, etag, size, locksWork, stall) is { } best)
        {
            return best;
        }

        string path = NewName(blobs, etag);
        SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        try
        {
            return new PartialFile(path, etag, size, handle, PartJournal.Create(JournalOf(path), etag, size), []);
        }
        catch
        {
            handle.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>True when no process works at an unfinished download: its journal is free.</summary>
    public static bool IsFree(string path) => PartJournal.IsFree(path.EndsWith(JournalEnding, StringComparison.Ordinal) ? path : JournalOf(path));

    /// <summary>Bytes that an unfinished download has on disk, by its journal; 0: nothing that can be used.</summary>
    public static long BytesIn(string partial)
    {
        // A record stands for a block: a header and 28 bytes a block, see PartJournal.
        try
        {
            return Math.Min(new FileInfo(partial).Length, PartJournal.BytesIn(JournalOf(partial)));
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Removes what is left of a content and nobody works at.</summary>
    public static void Remove(string blobs, string etag, long size, bool locksWork, TimeSpan stall) => Best(blobs, etag, size, locksWork, stall)?.Delete();

    /// <summary>Unfinished downloads of a content that lie in a folder, ours and those of other tools.</summary>
    public static IEnumerable<string> Leftovers(string blobs, string etag) =>
        Directory.Exists(blobs) ? Directory.EnumerateFiles(blobs, etag + ".*" + Ending).Where(f => !f.EndsWith(JournalEnding, StringComparison.Ordinal)) : [];

    /// <summary>The blocks that are not there yet, as runs of at most <paramref name="most"/> bytes, in order.</summary>
    public IEnumerable<(long From, long To)> Missing(long most)
    {
        long perRun = Math.Max(1, most / BlockSize);
        for (long block = 0; block < Blocks; block++)
        {
            if (IsDone(block))
            {
                continue;
            }

            long first = block;
            while (block + 1 < Blocks && block + 1 - first < perRun && !IsDone(block + 1))
            {
                block++;
            }

            yield return (first * BlockSize, Math.Min((block + 1) * BlockSize, Size));
        }
    }

    /// <summary>Bytes of a block.</summary>
    public int LengthOf(long block) => (int)Math.Min(BlockSize, Size - (block * BlockSize));

    /// <summary>True when a block is there.</summary>
    public bool IsDone(long block)
    {
        lock (_lock)
        {
            return _done[block];
        }
    }

    /// <summary>Writes bytes at their place.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_handle, bytes, offset);

    /// <summary>Tells that all bytes of a block are written; false when it was there before.</summary>
    public bool Finish(long block, UInt128 hash)
    {
        lock (_lock)
        {
            if (_done[block])
            {
                return false;
            }
        }

        // The journal first: who sees the block as done may count on it after a kill.
        _journal.Add(block, hash);
        lock (_lock)
        {
            _done[block] = true;
        }

        long done = Interlocked.Add(ref _doneBytes, LengthOf(block));
        lock (_lock)
        {
            // A flush that failed stays: whoever seals the file is told.
            if (done - _flushedBytes >= FlushBytes && _flush.IsCompletedSuccessfully)
            {
                _flushedBytes = done;
                _flush = Task.Run(() => RandomAccess.FlushToDisk(_handle));
            }
        }

        return true;
    }

    /// <summary>Reads a block that is there; false when it is not what its journal says, and then it is missing again.</summary>
    public bool TryRead(long block, byte[] buffer)
    {
        int length = LengthOf(block);
        int read = 0;
        while (read < length && RandomAccess.Read(_handle, buffer.AsSpan(read, length - read), (block * BlockSize) + read) is int more and > 0)
        {
            read += more;
        }

        if (read == length && (_inherited[block] is not { } hash || XxHash128.HashToUInt128(buffer.AsSpan(0, length)) == hash))
        {
            return true;
        }

        lock (_lock)
        {
            _inherited[block] = null;
            _done[block] = false;
        }

        Interlocked.Add(ref _doneBytes, -length);
        return false;
    }

    /// <summary>Brings everything onto the disk, closes it and ends its journal: what is left is one file to be renamed.</summary>
    public void Seal()
    {
        _flush.GetAwaiter().GetResult();
        RandomAccess.FlushToDisk(_handle);
        Dispose();
        File.Delete(JournalOf(Path));
    }

    /// <summary>Closes and removes it.</summary>
    public void Delete()
    {
        Dispose();
        File.Delete(Path);
        File.Delete(JournalOf(Path));
    }

    public void Dispose()
    {
        // Its fault, if it has one, has been told or does not matter any more.
        _flush.ContinueWith(static t => t.Exception, TaskScheduler.Default).Wait();
        _handle.Dispose();
        _journal.Dispose();
    }

    /// <summary>Takes over what is left, keeps the one with the most and removes the others; null: there is none.</summary>
    private static PartialFile? Best(string blobs, string etag, long size, bool locksWork, TimeSpan stall)
    {
        PartialFile? best = null;
        foreach (string left in (string[])[.. Leftovers(blobs, etag)])
        {
            PartialFile? taken = TakeOver(left, etag, size, locksWork, stall);
            PartialFile? worse = taken is null || best is null || best.DoneBytes < taken.DoneBytes ? best : taken;
            if (taken is not null)
            {
                best = worse == taken ? best : taken;
                worse?.Delete();
            }
        }

        return best;
    }

    private static string NewName(string blobs, string etag) => System.IO.Path.Combine(blobs, $"{etag}.{CacheWriter.Random()}{Ending}");

    private static string JournalOf(string partial) => partial[..^Ending.Length] + JournalEnding;

    /// <summary>Null where it is in use, of another content, or went to somebody else.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "A leftover that cannot be used is left where it is.")]
    private static PartialFile? TakeOver(string left, string etag, long size, bool locksWork, TimeSpan stall)
    {
        PartJournal? journal = null;
        SafeFileHandle? handle = null;
        try
        {
            bool isOld = DateTime.UtcNow - File.GetLastWriteTimeUtc(left) > stall;
            string journalPath = JournalOf(left);
            journal = PartJournal.TakeOver(journalPath, etag, size, owner => locksWork || isOld || PartJournal.IsGone(owner), out Dictionary<long, UInt128> blocks);
            if (journal is null)
            {
                return null;
            }

            string path = NewName(System.IO.Path.GetDirectoryName(left)!, etag);
            // The rename is the claim. The journal follows; whoever dies in between leaves bytes that nobody vouches for.
            File.Move(left, path);
            File.Move(journalPath, JournalOf(path));
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            PartialFile taken = new(path, etag, size, handle, journal, blocks);
            (journal, handle) = (null, null);
            return taken;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            journal?.Dispose();
            handle?.Dispose();
        }
    }
}
