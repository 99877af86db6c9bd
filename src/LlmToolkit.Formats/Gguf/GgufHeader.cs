using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using LlmToolkit.Formats.Foreign;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>Everything before the tensor data of one file: what could be read, and what is wrong. A header without a fault is fit to open.</summary>
internal sealed class GgufHeader
{
    private readonly MappedFile _file;
    private readonly Findings _findings = new();

    private GgufHeader(MappedFile file) => _file = file;

    /// <summary>Version as the file says, in the file's byte order; null: the file ends before it.</summary>
    public uint? Version { get; private set; }

    /// <summary>True when the list of tensors was read to its end.</summary>
    public bool HasAllTensors { get; private set; }

    /// <summary>True when every number of the file is big-endian.</summary>
    public bool BigEndian { get; private set; }

    /// <summary>Name of the known layout that was used for a version newer than known; else null.</summary>
    public string? CompatibilityMode { get; private set; }

    /// <summary>Distance to which tensors are padded.</summary>
    public uint Alignment { get; private set; } = GgufConstants.DefaultAlignment;

    /// <summary>Bytes of counts, metadata and tensor list.</summary>
    public long HeaderBytes { get; private set; }

    /// <summary>First byte of the tensor data, from the start of the file.</summary>
    public long DataStart { get; private set; }

    /// <summary>The metadata read.</summary>
    public GgufMetadata Metadata { get; } = new();

    /// <summary>The tensors located, in the file's order.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; private set; } = [];

    /// <summary>What is wrong or worth knowing.</summary>
    public Findings Findings => _findings;

    /// <summary>True when the file is one at all: its magic is right.</summary>
    public bool IsGguf { get; private set; }

    /// <summary>Reads as far as the bytes allow.</summary>
    public static GgufHeader Read(MappedFile file)
    {
        GgufHeader header = new(file);
        try
        {
            header.Read();
            file.ThrowIfChanged();
        }
        catch (ModelException e)
        {
            // Bytes that changed while they were read say nothing about the file.
            header.Note(file.Changed ?? e.Diagnostic);
        }

        return header;
    }

    /// <summary>What contradicts the known layout is no fault of a file of another version.</summary>
    private void Note(Diagnostic finding) =>
        _findings.Add(CompatibilityMode is null || finding.Severity < Severity.High ? finding : finding with { Kind = FaultKind.Unsupported });

    private void Read()
    {
        string path = _file.File.Path;
        ReadOnlySpan<byte> head = _file.Window(GgufConstants.MaxHeaderBytes);
        CheckMagic(_file.Head(512));
        IsGguf = true;
        GgufReader reader = new(head, path, default, position: 4, _file.Parts);
        ReadVersion(ref reader);

        (int tensorBytes, int keyBytes) = reader.Layout.Wide ? (24, 13) : (16, 9);
        ulong tensorCount = ReadCount(ref reader, "the number of tensors", tensorBytes, GgufConstants.MaxTensors);
        ulong keyCount = ReadCount(ref reader, "the number of metadata keys", keyBytes, GgufConstants.MaxKeys);
        for (ulong i = 0; i < keyCount; i++)
        {
            if (!Metadata.Read(ref reader, _file, $"key {i + 1} of {keyCount}", out string key))
            {
                Note(GgufErrors.DuplicateKey(path, key));
            }
        }

        ReadAlignment();
        GgufTensors tensors = new(_file, Alignment, Note);
        try
        {
            for (ulong i = 0; i < tensorCount; i++)
            {
                tensors.Read(ref reader, $"tensor {i + 1} of {tensorCount}");
            }
        }
        catch (ModelException e)
        {
            // The data begin after the last entry, so without it no tensor can be located, only named.
            Note(e.Diagnostic);
            Tensors = tensors.Named(BigEndian);
            return;
        }

        HasAllTensors = true;
        HeaderBytes = reader.Position;
        DataStart = tensorCount == 0 ? HeaderBytes : (HeaderBytes + Alignment - 1) / Alignment * Alignment;
        Tensors = tensors.Locate(DataStart, BigEndian);
        CheckTrailing(tensors.End(DataStart));
    }

    /// <summary>Readers ignore what follows the last tensor and its padding; a second file hidden there is worth a word.</summary>
    private void CheckTrailing(UInt128 end)
    {
        const int ArchiveEnd = 1 << 16;
        end = (end + Alignment - 1) / Alignment * Alignment;
        if ((UInt128)_file.Length <= end + Alignment)
        {
            return;
        }

        long count = _file.Length - (long)end;
        int tail = (int)Math.Min(count, ArchiveEnd);
        IsFollowedByGguf = _file.Span((long)end, (int)Math.Min(count, 4)).SequenceEqual("GGUF"u8);
        Note(GgufErrors.Trailing(_file.File.Path, count, _file.Span(_file.Length - tail, tail).IndexOf("PK\u0005\u0006"u8) >= 0));
    }

    /// <summary>True when another GGUF begins behind this one.</summary>
    public bool IsFollowedByGguf { get; private set; }

    private void CheckMagic(ReadOnlySpan<byte> head)
    {
        string path = _file.File.Path;
        if (head.IsEmpty)
        {
            throw new ModelException(FileErrors.Empty(path));
        }

        if (head.StartsWith("GGUF"u8))
        {
            return;
        }

        if (head.Length < 4)
        {
            throw new ModelException(GgufErrors.Truncated(path, "the magic", 0, 4, head.Length));
        }

        ReadOnlySpan<byte> magic = head[..4];
        throw new ModelException(
            magic.SequenceEqual("lmgg"u8) || magic.SequenceEqual("fmgg"u8) || magic.SequenceEqual("tjgg"u8) || magic.SequenceEqual("algg"u8)
                ? GgufErrors.Ancestor(path, Encoding.ASCII.GetString(magic))
                : ForeignFormats.Leftover(path, head[..Math.Min(head.Length, 512)]) ?? GgufErrors.BadMagic(path, BinaryPrimitives.ReadUInt32LittleEndian(magic)));
    }

    private void ReadVersion(ref GgufReader reader)
    {
        uint version = reader.ReadUInt32("the version");
        // There is no flag for the byte order: a big-endian file shows by a version whose low half is 0.
        BigEndian = (version & 0xFFFF) == 0 && version != 0;
        version = BigEndian ? BinaryPrimitives.ReverseEndianness(version) : version;
        Version = version;
        reader.Layout = new GgufLayout(BigEndian, Wide: version != 1);
        if (version is 0 or > GgufConstants.NewestVersion)
        {
            _findings.Add(GgufErrors.Version(_file.File.Path, version));
            CompatibilityMode = version == 0 ? null : $"gguf-v{GgufConstants.NewestVersion}";
        }
    }

    private ulong ReadCount(ref GgufReader reader, string what, int leastBytes, int limit)
    {
        int start = reader.Position;
        ulong count = reader.ReadSize(what);
        ulong most = Math.Min((ulong)(reader.Left / leastBytes), (ulong)limit);
        return count <= most ? count : throw new ModelException(GgufErrors.TooMany(_file.File.Path, char.ToUpperInvariant(what[0]) + what[1..], start, count, most));
    }

    private void ReadAlignment()
    {
        if (!Metadata.TryGet("general.alignment", out MetadataValue? value))
        {
            return;
        }

        if (value.Type == GgufType.U32.Name() && value.Value is long alignment && alignment > 0 && BitOperations.IsPow2(alignment))
        {
            Alignment = (uint)alignment;
        }
        else
        {
            Note(GgufErrors.Alignment(_file.File.Path, $"{value.Type} {Shown.Text(value.ToString())}"));
        }
    }
}
