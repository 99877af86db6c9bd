using System.Buffers.Binary;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch.Zip;

/// <summary>Reads the directory of a zip, and holds it against the local headers: what one reader sees, every other sees too.</summary>
/// <remarks>Specification: PKWARE APPNOTE.TXT 6.3. torch's own writer: pytorch, caffe2/serialize/inline_container.cc.</remarks>
internal sealed class ZipDirectory
{
    /// <summary>Most entries: the largest checkpoints have some hundred thousand tensors.</summary>
    public const int MaxEntries = 262_144;

    /// <summary>Most bytes that one compressed byte may stand for, in entries over <see cref="SmallEntry"/>.</summary>
    public const int MaxRatio = 200;

    /// <summary>Entries up to this size may be of any ratio: a vector of zeros is.</summary>
    private const long SmallEntry = 4L << 20;

    private const uint LocalSignature = 0x04034B50;
    private const uint DirectorySignature = 0x02014B50;
    private const uint EndSignature = 0x06054B50;
    private const uint End64Signature = 0x06064B50;
    private const uint Locator64Signature = 0x07064B50;
    private const int LocalBytes = 30;
    private const int DirectoryBytes = 46;
    private const int EndBytes = 22;
    private const int End64Bytes = 56;
    private const int Locator64Bytes = 20;
    private const int MaxName = 1024;

    /// <summary>Compression level hints (1, 2), data descriptor (3), names in UTF-8 (11).</summary>
    private const ushort KnownFlags = 0x080E;
    private const ushort DataDescriptor = 0x0008;

    private readonly Dictionary<string, ZipEntry> _byName;

    private ZipDirectory(IReadOnlyList<ZipEntry> entries, string root)
    {
        (Entries, Root) = (entries, root);
        _byName = entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
    }

    /// <summary>The entries, in the directory's order, without those of folders.</summary>
    public IReadOnlyList<ZipEntry> Entries { get; }

    /// <summary>The one folder that holds all entries, with its slash.</summary>
    public string Root { get; }

    /// <summary>The entry of that path inside the root, or null.</summary>
    public ZipEntry? Find(string path) => _byName.GetValueOrDefault(Root + path);

    /// <summary>Reads and checks the directory.</summary>
    /// <exception cref="ModelException">The archive is truncated, malformed or hostile.</exception>
    public static ZipDirectory Read(MappedFile map, string file)
    {
        (long start, long size, long count) = FindDirectory(map, file);
        List<(ZipEntry Entry, long Header)> found = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        string? root = null;
        long at = start;
        long end = start + size;
        Foresee(map, start, end, count);
        for (long i = 0; i < count; i++)
        {
            (ZipEntry entry, long header, int length) = ReadEntry(map, at, end, start, file);
            at += length;
            int slash = entry.Name.IndexOf('/', StringComparison.Ordinal);
            if (slash <= 0)
            {
                throw PyTorchErrors.BadArchive(file, "does not lie in a folder", entry.Name);
            }

            root ??= entry.Name[..(slash + 1)];
            if (!entry.Name.StartsWith(root, StringComparison.Ordinal))
            {
                throw PyTorchErrors.BadArchive(file, $"lies outside the folder '{Shown.Text(root)}'", entry.Name);
            }

            if (!names.Add(entry.Name))
            {
                throw PyTorchErrors.BadArchive(file, "occurs twice", entry.Name);
            }

            found.Add((entry, header));
        }

        if (at != end)
        {
            throw PyTorchErrors.BadArchive(file, $"the directory has {end - at} bytes more than its entries");
        }

        CheckLayout(found, start, file);
        return new ZipDirectory([.. found.Select(f => f.Entry).Where(e => !e.Name.EndsWith('/'))], root ?? "");
    }

    /// <summary>Of a file that is not here: every entry's local header is compared with the directory, and they lie all over the file.</summary>
    private static void Foresee(MappedFile map, long at, long end, long count)
    {
        // Name, padding to 64 bytes, and what torch writes besides.
        const int localHeader = 256;
        if (map.Parts is null)
        {
            return;
        }

        List<(long Offset, long Length)> headers = [];
        for (long i = 0; i < Math.Min(count, MaxEntries) && at <= end - DirectoryBytes; i++)
        {
            ReadOnlySpan<byte> head = map.Span(at, DirectoryBytes);
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(head[28..]);
            int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(head[30..]);
            long next = at + DirectoryBytes + nameLength + extraLength + BinaryPrimitives.ReadUInt16LittleEndian(head[32..]);
            if (next > end)
            {
                break;
            }

            // What is malformed is refused where it is read.
            (long bytes, long stored, long header) = (BinaryPrimitives.ReadUInt32LittleEndian(head[24..]), BinaryPrimitives.ReadUInt32LittleEndian(head[20..]), BinaryPrimitives.ReadUInt32LittleEndian(head[42..]));
            ReadZip64(map.Span(at + DirectoryBytes + nameLength, extraLength), ref bytes, ref stored, ref header, "", map.File.Path);
            headers.Add((header, localHeader));
            at = next;
        }

        map.Parts.Foresee(headers);
    }

    private static (long Start, long Size, long Count) FindDirectory(MappedFile map, string file)
    {
        long endAt = FindEnd(map, file);
        ReadOnlySpan<byte> end = map.Span(endAt, EndBytes);
        long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        long size = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        int disk = BinaryPrimitives.ReadUInt16LittleEndian(end[4..]) | BinaryPrimitives.ReadUInt16LittleEndian(end[6..]);
        bool isSplit = disk is not (0 or 0xFFFF);
        long directoryEnd = endAt;
        if (endAt >= Locator64Bytes && BinaryPrimitives.ReadUInt32LittleEndian(map.Span(endAt - Locator64Bytes, 4)) == Locator64Signature)
        {
            ReadOnlySpan<byte> locator = map.Span(endAt - Locator64Bytes, Locator64Bytes);
            ulong at = BinaryPrimitives.ReadUInt64LittleEndian(locator[8..]);
            if (at > (ulong)Math.Max(endAt - Locator64Bytes - End64Bytes, 0) || BinaryPrimitives.ReadUInt32LittleEndian(map.Span((long)at, 4)) != End64Signature)
            {
                throw PyTorchErrors.BadArchive(file, "the zip64 end record is not where its locator says");
            }

            ReadOnlySpan<byte> end64 = map.Span((long)at, End64Bytes);
            ulong recordCount = BinaryPrimitives.ReadUInt64LittleEndian(end64[32..]);
            ulong recordSize = BinaryPrimitives.ReadUInt64LittleEndian(end64[40..]);
            ulong recordStart = BinaryPrimitives.ReadUInt64LittleEndian(end64[48..]);
            bool differs = (count != 0xFFFF && (ulong)count != recordCount) || (size != 0xFFFFFFFF && (ulong)size != recordSize) || (start != 0xFFFFFFFF && (ulong)start != recordStart);
            if (differs || recordSize > at || recordStart > at)
            {
                throw PyTorchErrors.BadArchive(file, "its two end records say different things");
            }

            isSplit |= BinaryPrimitives.ReadUInt32LittleEndian(end64[16..]) != 0 || BinaryPrimitives.ReadUInt32LittleEndian(end64[20..]) != 0;
            (count, size, start, directoryEnd) = ((long)Math.Min(recordCount, long.MaxValue), (long)recordSize, (long)recordStart, (long)at);
        }

        if (isSplit)
        {
            throw PyTorchErrors.UnsupportedArchive(file, "several disks");
        }

        if (start + size != directoryEnd)
        {
            throw PyTorchErrors.BadArchive(file, $"the directory is said to lie at {start} with {size} bytes, but ends at {directoryEnd}");
        }

        if (count > MaxEntries)
        {
            throw PyTorchErrors.PickleLimit(file, "The number of entries", count, MaxEntries);
        }

        return count <= size / DirectoryBytes ? (start, size, count) : throw PyTorchErrors.BadArchive(file, $"{count} entries do not fit into a directory of {size} bytes");
    }

    /// <summary>Finds the end record; its comment must reach exactly to the end of the file.</summary>
    private static long FindEnd(MappedFile map, string file)
    {
        int length = (int)Math.Min(map.Length, EndBytes + ushort.MaxValue);
        ReadOnlySpan<byte> tail = map.Span(map.Length - length, length);
        for (int i = length - EndBytes; i >= 0; i--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail[i..]) == EndSignature && BinaryPrimitives.ReadUInt16LittleEndian(tail[(i + 20)..]) == length - i - EndBytes)
            {
                return map.Length - length + i;
            }
        }

        throw PyTorchErrors.NoDirectory(file, map.Length);
    }

    private static (ZipEntry Entry, long Header, int Length) ReadEntry(MappedFile map, long at, long end, long dataEnd, string file)
    {
        if (end - at < DirectoryBytes)
        {
            throw PyTorchErrors.BadArchive(file, $"the directory ends inside an entry at {at}");
        }

        ReadOnlySpan<byte> head = map.Span(at, DirectoryBytes);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(head[28..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(head[30..]);
        int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(head[32..]);
        int length = DirectoryBytes + nameLength + extraLength + commentLength;
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) != DirectorySignature || end - at < length)
        {
            throw PyTorchErrors.BadArchive(file, $"no whole directory entry at {at}");
        }

        ReadOnlySpan<byte> nameBytes = map.Span(at + DirectoryBytes, nameLength);
        string name = CheckName(nameBytes, file);
        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(head[8..]);
        ushort method = BinaryPrimitives.ReadUInt16LittleEndian(head[10..]);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(head[16..]);
        long stored = BinaryPrimitives.ReadUInt32LittleEndian(head[20..]);
        long bytes = BinaryPrimitives.ReadUInt32LittleEndian(head[24..]);
        long header = BinaryPrimitives.ReadUInt32LittleEndian(head[42..]);
        ReadZip64(map.Span(at + DirectoryBytes + nameLength, extraLength), ref bytes, ref stored, ref header, name, file);
        if ((flags & 1) != 0)
        {
            throw PyTorchErrors.UnsupportedArchive(file, "is marked as encrypted", name);
        }

        if ((flags & ~KnownFlags) != 0)
        {
            throw PyTorchErrors.UnsupportedArchive(file, $"has the flags 0x{flags:X4}", name);
        }

        if (method is not (0 or 8))
        {
            throw PyTorchErrors.UnsupportedArchive(file, $"is compressed by method {method}", name);
        }

        if (method == 0 && stored != bytes)
        {
            throw PyTorchErrors.BadArchive(file, $"is stored with {stored} bytes but stated with {bytes}", name);
        }

        if (method == 8 && bytes > SmallEntry && bytes / MaxRatio > stored)
        {
            throw PyTorchErrors.Bomb(file, name, stored, bytes);
        }

        long offset = CheckLocal(map, header, nameBytes, flags, method, crc, stored, bytes, dataEnd, name, file);
        return (new ZipEntry(name, method == 8, crc, stored, bytes, offset), header, length);
    }

    /// <summary>Sizes of 0xFFFFFFFF stand in extra field 1, in this order, only those that overflow.</summary>
    private static void ReadZip64(ReadOnlySpan<byte> extra, ref long bytes, ref long stored, ref long header, string name, string file)
    {
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4)
            {
                break;
            }

            if (id == 1)
            {
                ReadOnlySpan<byte> field = extra.Slice(4, size);
                bytes = Wide(bytes, ref field, name, file);
                stored = Wide(stored, ref field, name, file);
                header = Wide(header, ref field, name, file);
                return;
            }

            extra = extra[(4 + size)..];
        }
    }

    private static long Wide(long value, ref ReadOnlySpan<byte> field, string name, string file)
    {
        if (value != 0xFFFFFFFF)
        {
            return value;
        }

        if (field.Length < 8)
        {
            throw PyTorchErrors.BadArchive(file, "lacks its 64-bit sizes", name);
        }

        ulong wide = BinaryPrimitives.ReadUInt64LittleEndian(field);
        field = field[8..];
        return wide <= long.MaxValue ? (long)wide : throw PyTorchErrors.BadArchive(file, $"states a size of {wide}", name);
    }

    private static string CheckName(ReadOnlySpan<byte> bytes, string file)
    {
        if (bytes.Length is 0 or > MaxName)
        {
            throw PyTorchErrors.BadArchive(file, $"a name has {bytes.Length} bytes, 1 to {MaxName} are allowed");
        }

        string name = Pickle.PickleReader.OldText(bytes);
        bool leaves = name[0] == '/' || name.Contains('\\', StringComparison.Ordinal) || name.Contains('\0', StringComparison.Ordinal) || (name.Length > 1 && name[1] == ':' && char.IsAsciiLetter(name[0]))
            || name.Split('/').Contains("..");
        return leaves ? throw PyTorchErrors.BadArchive(file, "has a name that could leave its folder", name) : name;
    }

    private static long CheckLocal(MappedFile map, long at, ReadOnlySpan<byte> name, ushort flags, ushort method, uint crc, long stored, long bytes, long dataEnd, string shown, string file)
    {
        if (at > dataEnd - LocalBytes)
        {
            throw PyTorchErrors.BadArchive(file, $"is said to begin at {at}, behind the data", shown);
        }

        ReadOnlySpan<byte> head = map.Span(at, LocalBytes);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(head[26..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(head[28..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) != LocalSignature)
        {
            throw PyTorchErrors.BadArchive(file, $"has no header at {at}", shown);
        }

        long offset = at + LocalBytes + nameLength + extraLength;
        if (offset > dataEnd || stored > dataEnd - offset)
        {
            throw PyTorchErrors.BadArchive(file, $"has {stored} bytes at {offset}, but the data end at {dataEnd}", shown);
        }

        if (!map.Span(at + LocalBytes, nameLength).SequenceEqual(name))
        {
            throw PyTorchErrors.BadArchive(file, "has another name in its local header", shown);
        }

        // The local copies of sums and sizes may be zero when they follow the data; where they are not, they must agree.
        ushort localFlags = BinaryPrimitives.ReadUInt16LittleEndian(head[6..]);
        bool isDeferred = (flags & DataDescriptor) != 0;
        bool agrees = localFlags == flags && BinaryPrimitives.ReadUInt16LittleEndian(head[8..]) == method
            && Agrees(BinaryPrimitives.ReadUInt32LittleEndian(head[14..]), crc, isDeferred, 0)
            && Agrees(BinaryPrimitives.ReadUInt32LittleEndian(head[18..]), stored, isDeferred, uint.MaxValue)
            && Agrees(BinaryPrimitives.ReadUInt32LittleEndian(head[22..]), bytes, isDeferred, uint.MaxValue);
        return agrees ? offset : throw PyTorchErrors.BadArchive(file, "has a local header that differs from the directory", shown);
    }

    private static bool Agrees(uint local, long stated, bool isDeferred, uint wide) =>
        local == stated || (isDeferred && local == 0) || (wide != 0 && local == wide);

    private static void CheckLayout(List<(ZipEntry Entry, long Header)> found, long dataEnd, string file)
    {
        List<(ZipEntry Entry, long Header)> ordered = [.. found.OrderBy(f => f.Header)];
        if (ordered.Count > 0 && ordered[0].Header != 0)
        {
            throw PyTorchErrors.BadArchive(file, $"{ordered[0].Header} bytes lie before its first entry");
        }

        for (int i = 0; i < ordered.Count; i++)
        {
            long limit = i + 1 < ordered.Count ? ordered[i + 1].Header : dataEnd;
            if (ordered[i].Entry.Offset + ordered[i].Entry.Stored > limit)
            {
                throw PyTorchErrors.BadArchive(file, "overlaps the one that follows", ordered[i].Entry.Name);
            }
        }
    }
}
