using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace LlmToolkit.Hub;

/// <summary>What is known of an unfinished download: for each block that was written its XXH128. Records are only appended, and each carries its own check, so that a kill at any byte costs the last one.</summary>
/// <remarks>
/// A header (magic, block size, size, who writes, etag) and records of 28 bytes: block index, hash of the block, check of the record.
/// Numbers are little-endian. The hashes guard against damage of the disk; what the Hub promises is checked by the hash of the whole.
/// </remarks>
internal sealed class PartJournal : IDisposable
{
    private const int RecordBytes = 28;
    private const int HeaderBytes = 512;
    private const int OwnerAt = 32;
    private const int EtagAt = 256;
    private static readonly byte[] s_magic = "llmtk-parts-1\n\0\0"u8.ToArray();

    private readonly FileStream _file;
    private readonly Lock _lock = new();

    private PartJournal(FileStream file) => _file = file;

    /// <summary>Bytes of a block.</summary>
    public static int BlockSizeFor(long size)
    {
        // A kill loses the blocks in work, at most one a stream: a thousandth of the file each, within what a read takes and what a record is worth.
        const int smallest = 16 << 10;
        const int largest = 1 << 20;
        int block = smallest;
        while (block < largest && block < size / 2048)
        {
            block *= 2;
        }

        return block;
    }

    /// <summary>Begins a journal.</summary>
    public static PartJournal Create(string path, string etag, long size)
    {
        byte[] header = new byte[HeaderBytes];
        s_magic.CopyTo(header, 0);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), BlockSizeFor(size));
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(20), size);
        Encoding.ASCII.GetBytes(etag).CopyTo(header, EtagAt);
        PartJournal journal = new(Open(path, FileMode.CreateNew));
        journal._file.Write(header);
        journal.Own();
        return journal;
    }

    /// <summary>Takes over a journal; null: it is held by another process, is of another content, or is damaged.</summary>
    /// <param name="path">The journal.</param>
    /// <param name="etag">The content it must belong to.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="mayTake">Asked with its owner when it could be opened.</param>
    /// <param name="blocks">The hash of each block that was written.</param>
    public static PartJournal? TakeOver(string path, string etag, long size, Func<string, bool> mayTake, out Dictionary<long, UInt128> blocks)
    {
        blocks = [];
        FileStream? file = null;
        try
        {
            file = Open(path, FileMode.Open);
            byte[] header = new byte[HeaderBytes];
            file.ReadExactly(header);
            bool fits = header.AsSpan().StartsWith(s_magic)
                && BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(16)) == BlockSizeFor(size)
                && BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(20)) == size
                && Text(header.AsSpan(EtagAt)) == etag;
            if (!fits || !mayTake(Text(header.AsSpan(OwnerAt, EtagAt - OwnerAt))))
            {
                file.Dispose();
                return null;
            }

            byte[] record = new byte[RecordBytes];
            long last = (size - 1) / BlockSizeFor(size);
            long good = HeaderBytes;
            while (file.ReadAtLeast(record, RecordBytes, throwOnEndOfStream: false) == RecordBytes && Check(record) == BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(24)))
            {
                long block = BinaryPrimitives.ReadInt64LittleEndian(record);
                if (block < 0 || block > last)
                {
                    break;
                }

                blocks[block] = BinaryPrimitives.ReadUInt128LittleEndian(record.AsSpan(8));
                good += RecordBytes;
            }

            // A torn record, and whatever follows it, is overwritten.
            file.SetLength(good);
            file.Position = good;
            PartJournal journal = new(file);
            journal.Own();
            file = null;
            return journal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Held, gone, or cut within its header.
            return null;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Bytes of the blocks that a journal lists, by its length; 0 for none.</summary>
    public static long BytesIn(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        byte[] header = new byte[20];
        return file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length && header.AsSpan().StartsWith(s_magic) && file.Length > HeaderBytes
            ? (file.Length - HeaderBytes) / RecordBytes * BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(16))
            : 0;
    }

    /// <summary>Tells that a block is written. Any thread may call it.</summary>
    public void Add(long block, UInt128 hash)
    {
        Span<byte> record = stackalloc byte[RecordBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, block);
        BinaryPrimitives.WriteUInt128LittleEndian(record[8..], hash);
        BinaryPrimitives.WriteUInt32LittleEndian(record[24..], Check(record));
        lock (_lock)
        {
            _file.Write(record);
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>True when the process that an owner's line names runs no more on this machine; false when it runs, or nobody can tell.</summary>
    public static bool IsGone(string owner)
    {
        string[] parts = owner.Split(' ');
        if (parts.Length != 3 || parts[2] != Machine() || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out int id))
        {
            return false;
        }

        try
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.GetProcessById(id);
            return Started(process) != parts[1];
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return true;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static string Owner()
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.GetCurrentProcess();
        return FormattableString.Invariant($"{Environment.ProcessId} {Started(process)} {Machine()}");
    }

    private static string Started(System.Diagnostics.Process process) => process.StartTime.ToUniversalTime().ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);

    /// <summary>The machine's name without what the line's form cannot hold.</summary>
    private static string Machine() => new([.. Environment.MachineName.Where(char.IsAsciiLetterOrDigit).Take(64)]);

    /// <summary>Nobody else may open it; on Windows a share for deleting lets its owner rename it, elsewhere any share would be no lock.</summary>
    private static FileStream Open(string path, FileMode mode) => new(path, mode, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None, 1);

    /// <summary>True when no process holds the journal.</summary>
    public static bool IsFree(string path)
    {
        try
        {
            Open(path, FileMode.Open).Dispose();
            return true;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(bytes[..(bytes.IndexOf((byte)0) is int end and >= 0 ? end : bytes.Length)]);

    private static uint Check(ReadOnlySpan<byte> record) => (uint)XxHash3.HashToUInt64(record[..24]);

    private void Own()
    {
        byte[] owner = new byte[EtagAt - OwnerAt];
        string line = Owner();
        Encoding.ASCII.GetBytes(line.AsSpan(0, Math.Min(line.Length, owner.Length - 1)), owner);
        long end = _file.Length;
        _file.Position = OwnerAt;
        _file.Write(owner);
        _file.Position = end;
    }
}
