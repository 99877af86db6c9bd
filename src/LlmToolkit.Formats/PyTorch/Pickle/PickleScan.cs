using System.Buffers.Binary;
using System.IO.Compression;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch.Pickle;

/// <summary>Looks for pickles that name code where no checkpoint is read: in archives, arrays of objects, packed files, and behind what was read.</summary>
/// <remarks>Nothing is built from what is found, and nothing is believed of the archives' own words: entries are found by their local headers, whatever the directory says.</remarks>
internal sealed class PickleScan
{
    /// <summary>Archives in archives that are followed.</summary>
    private const int MaxDepth = 3;

    /// <summary>Bytes of a packed stream that are unpacked, and of all of them.</summary>
    private const int MaxInflated = 32 << 20;
    private const long MaxInflatedInAll = 128L << 20;

    /// <summary>Bytes of a packed stream that tell whether the rest is worth unpacking.</summary>
    private const int Peek = 512;

    /// <summary>Bytes of a file that are looked through; pickles stand at the front of entries, so this bounds archives of many gigabytes.</summary>
    private const int Window = 1 << 30;

    private const int LocalHeader = 30;
    private const int TarBlock = 512;

    private readonly string _file;
    private readonly List<Diagnostic> _findings = [];
    private long _inflated;
    private int _opcodes;

    private PickleScan(string file) => _file = file;

    /// <summary>The first reason to refuse a file that no format reads; null: no pickle in it names code, or it cannot be read.</summary>
    public static Diagnostic? Unsafe(string path)
    {
        try
        {
            MappedFile map = MappedFile.Open(new ArtifactFile(path, 0));
            try
            {
                return Unsafe(map.Head(Window), path).FirstOrDefault(f => !IsScriptName(f));
            }
            finally
            {
                map.Release();
            }
        }
        catch (ModelException)
        {
            return null;
        }
    }

    /// <summary>Reasons to refuse bytes, whatever they are.</summary>
    public static IReadOnlyList<Diagnostic> Unsafe(ReadOnlySpan<byte> bytes, string file, string? entry = null)
    {
        PickleScan scan = new(file);
        scan.Scan(bytes, entry, 0);
        return scan._findings;
    }

    /// <summary>True for a finding about a class that belongs to the script it lies in, or about what builds its lists.</summary>
    public static bool IsScriptName(Diagnostic finding) =>
        finding.Field is { } name && (name.StartsWith("__torch__.", StringComparison.Ordinal) || name.StartsWith("torch.jit._pickle.", StringComparison.Ordinal));

    /// <summary>True for bytes that are the start of a pickle of protocol 0 or 1, which has no signature: its opcodes make sense, and it names or ends something.</summary>
    public static bool LooksLikeText(ReadOnlySpan<byte> head)
    {
        const int Convincing = 16;
        PickleLog log = new("");
        PickleReader reader = new(head, 0, "");
        bool ended = Run(ref reader, log);
        return IsPlausible(log, ended) || (ended && reader.Left == 0 && log.Opcodes > 2) || (!ended && reader.Left == 0 && log.Opcodes >= Convincing);
    }

    /// <summary>Text that happens to begin like opcodes names something, but neither calls it nor comes to an end.</summary>
    public static bool IsPlausible(PickleLog log, bool ended) => log.Imports.Exists(IsQualified) && (ended || log.Calls > 0);

    /// <summary>True for <c>module.name</c> of letters, digits, underscores and dots.</summary>
    private static bool IsQualified(string name) => name.Length > 2 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.');

    private static bool Run(ref PickleReader reader, PickleLog log)
    {
        try
        {
            new PickleMachine(log, (_, _) => new PickleOpaque("persistent id")).Run(ref reader);
            return true;
        }
        catch (ModelException)
        {
            return false;
        }
    }

    private void Scan(ReadOnlySpan<byte> bytes, string? entry, int depth)
    {
        if (depth > MaxDepth)
        {
            return;
        }

        switch (bytes)
        {
            case [(byte)'P', (byte)'K', 3, 4, ..]: ScanZip(bytes, depth); break;
            case [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', ..]: ScanArray(bytes, entry, depth); break;
            case [0x1F, 0x8B, ..]: ScanPacked(bytes, entry, depth, static s => new GZipStream(s, CompressionMode.Decompress)); break;
            case [0x78, 0x01 or 0x5E or 0x9C or 0xDA, ..]: ScanPacked(bytes, entry, depth, static s => new ZLibStream(s, CompressionMode.Decompress)); break;
            case { Length: >= 262 } when bytes[257..].StartsWith("ustar"u8): ScanTar(bytes, depth); break;
            default: ScanStream(bytes, entry); break;
        }
    }

    /// <summary>Pickles in a row, up to the first byte that is none.</summary>
    private void ScanStream(ReadOnlySpan<byte> bytes, string? entry)
    {
        PickleLog log = new(_file, entry, _opcodes);
        PickleReader reader = new(bytes, 0, _file);
        bool ended = false;
        while (reader.Left > 0 && Run(ref reader, log))
        {
            ended = true;
        }

        _opcodes = log.Opcodes;
        if (bytes is [0x80, <= 5, ..] || IsPlausible(log, ended))
        {
            _findings.AddRange(log.Findings);
        }
    }

    /// <summary>The header of .npy is a text; an array of objects ('O' in its type) is a pickle behind it.</summary>
    private void ScanArray(ReadOnlySpan<byte> bytes, string? entry, int depth)
    {
        const int VersionAt = 6, LengthAt = 8;
        if (bytes.Length < LengthAt + 4)
        {
            return;
        }

        bool isWide = bytes[VersionAt] > 1;
        long length = isWide ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[LengthAt..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[LengthAt..]);
        long start = LengthAt + (isWide ? 4 : 2) + length;
        if (start < bytes.Length)
        {
            Scan(bytes[(int)start..], entry, depth + 1);
        }
    }

    private void ScanTar(ReadOnlySpan<byte> bytes, int depth)
    {
        for (int at = 0; at <= bytes.Length - TarBlock && bytes[at] != 0;)
        {
            ReadOnlySpan<byte> head = bytes.Slice(at, TarBlock);
            string name = PickleReader.OldText(Until0(head[..100]));
            long size = 0;
            foreach (byte digit in Until0(head.Slice(124, 12)).Trim((byte)' '))
            {
                size = digit is >= (byte)'0' and <= (byte)'7' && size < 1L << 40 ? (size * 8) + digit - '0' : size;
            }

            int start = at + TarBlock;
            int length = (int)Math.Min(size, bytes.Length - start);
            Scan(bytes.Slice(start, length), name, depth + 1);
            at = (int)Math.Min((long)start + ((length + TarBlock - 1L) / TarBlock * TarBlock), int.MaxValue - TarBlock);
        }
    }

    private static ReadOnlySpan<byte> Until0(ReadOnlySpan<byte> field) => field.IndexOf((byte)0) is int end and >= 0 ? field[..end] : field;

    private void ScanZip(ReadOnlySpan<byte> bytes, int depth)
    {
        for (int at = 0; at >= 0 && at <= bytes.Length - LocalHeader;)
        {
            ReadOnlySpan<byte> head = bytes[at..];
            int method = BinaryPrimitives.ReadUInt16LittleEndian(head[8..]);
            uint stored = BinaryPrimitives.ReadUInt32LittleEndian(head[18..]);
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(head[26..]);
            long start = (long)at + LocalHeader + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(head[28..]);
            if (start > bytes.Length)
            {
                return;
            }

            // Sizes of zero or 2^32 - 1 stand elsewhere: then the entry ends at the next signature.
            int next = stored is not (0 or uint.MaxValue) && stored <= bytes.Length - start ? (int)(start + stored) : Signature(bytes, (int)start, any: true);
            ReadOnlySpan<byte> content = bytes[(int)start..next];
            string name = PickleReader.OldText(head.Slice(LocalHeader, nameLength));
            if (method == 0)
            {
                Scan(content, name, depth + 1);
            }
            else if (method == 8)
            {
                ScanPacked(content, name, depth, static s => new DeflateStream(s, CompressionMode.Decompress));
            }

            at = Signature(bytes, next, any: false);
        }
    }

    /// <summary>Where the next local header begins, or any record of a zip; -1 or the end where there is none.</summary>
    private static int Signature(ReadOnlySpan<byte> bytes, int from, bool any)
    {
        while (bytes[from..].IndexOf("PK"u8) is int found and >= 0)
        {
            from += found;
            if (bytes[from..] is [_, _, 3, 4, ..] || (any && bytes[from..] is [_, _, 7, 8, ..] or [_, _, 1, 2, ..] or [_, _, 5, 6, ..]))
            {
                return from;
            }

            from += 2;
        }

        return any ? bytes.Length : -1;
    }

    private void ScanPacked(ReadOnlySpan<byte> packed, string? entry, int depth, Func<Stream, Stream> unpack)
    {
        byte[] head = Unpack(packed[..Math.Min(packed.Length, 1 << 16)], Peek, unpack);
        bool isWorth = head is [0x80, <= 5, ..] or [(byte)'P', (byte)'K', ..] or [0x93, (byte)'N', ..] or [0x1F, 0x8B, ..] || LooksLikeText(head) || (head.Length > 262 && head.AsSpan(257).StartsWith("ustar"u8));
        if (isWorth && _inflated < MaxInflatedInAll)
        {
            byte[] content = Unpack(packed[..Math.Min(packed.Length, MaxInflated)], MaxInflated, unpack);
            _inflated += content.Length;
            Scan(content, entry, depth + 1);
        }
    }

    /// <summary>What comes out, up to a limit and up to the first damage.</summary>
    private static byte[] Unpack(ReadOnlySpan<byte> packed, int most, Func<Stream, Stream> unpack)
    {
        using MemoryStream content = new();
        try
        {
            using Stream whole = unpack(new MemoryStream(packed.ToArray(), writable: false));
            byte[] chunk = new byte[Math.Min(most, 1 << 16)];
            for (int read; content.Length < most && (read = whole.Read(chunk)) > 0;)
            {
                content.Write(chunk, 0, read);
            }
        }
        catch (InvalidDataException)
        {
            // Damaged, or not packed after all: what came out before is looked at all the same.
        }

        return content.ToArray();
    }
}
