using System.Buffers.Binary;
using System.Text.Unicode;
using LlmToolkit.Formats.Foreign;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>The header of one file: what could be read, and what is wrong. A header without a fault is fit to open.</summary>
internal sealed class SafetensorsHeader
{
    private readonly MappedFile _file;

    private SafetensorsHeader(MappedFile file) => _file = file;

    /// <summary>First byte of the data, from the start of the file; 0: the header could not be found.</summary>
    public long DataStart { get; private set; }

    /// <summary>True when the JSON was read to its end.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The texts of <c>__metadata__</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; private set; } = [];

    /// <summary>The tensors located, in the header's order.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; private set; } = [];

    /// <summary>What is wrong or worth knowing.</summary>
    public Findings Findings { get; } = new();

    /// <summary>Reads as far as the bytes allow.</summary>
    public static SafetensorsHeader Read(MappedFile file)
    {
        SafetensorsHeader header = new(file);
        try
        {
            header.Read();
            file.ThrowIfChanged();
        }
        catch (ModelException e)
        {
            // Bytes that changed while they were read say nothing about the file.
            header.Findings.Add(file.Changed ?? e.Diagnostic);
        }

        return header;
    }

    private void Read()
    {
        string path = _file.File.Path;
        if (_file.Length < SafetensorsConstants.LengthBytes)
        {
            throw new ModelException(_file.Length == 0 ? FileErrors.Empty(path) : SafetensorsErrors.TooShort(path, _file.Length));
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(_file.Head(SafetensorsConstants.LengthBytes));
        ulong there = (ulong)_file.Length - SafetensorsConstants.LengthBytes;
        ulong most = Math.Min(there, SafetensorsConstants.MaxHeaderBytes);
        bool isCut = length > there && length <= SafetensorsConstants.MaxHeaderBytes && StartsObject(_file.Head(64)[SafetensorsConstants.LengthBytes..]);
        if ((length > most && !isCut) || length == 0)
        {
            throw new ModelException(ForeignFormats.Leftover(path, _file.Head(512)) ?? SafetensorsErrors.HeaderLength(path, length, most));
        }

        ReadOnlySpan<byte> json = _file.Span(SafetensorsConstants.LengthBytes, (int)Math.Min(length, there));
        if (!isCut && !Utf8.IsValid(json))
        {
            throw new ModelException(SafetensorsErrors.NotUtf8(path));
        }

        DataStart = SafetensorsConstants.LengthBytes + (long)length;
        if (isCut)
        {
            Findings.Add(SafetensorsErrors.HeaderCut(path, _file.Length, DataStart));
        }

        SafetensorsReader reader = new(json, path, Findings);
        try
        {
            reader.Read();
            IsComplete = !isCut;
        }
        catch (ModelException) when (isCut)
        {
            // It breaks off where the file ends; what came before is told.
        }
        catch (ModelException e)
        {
            Findings.Add(e.Diagnostic);
        }

        Metadata = reader.Metadata;
        if (Findings.Fault is null)
        {
            CheckLayout(reader.Entries);
        }

        // An offset of 2^62 and a start of 2^27 still add up in 63 bits; beyond that no file can hold a tensor.
        Tensors = [.. reader.Entries.Where(e => e.End < 1UL << 62).Select(Locate)];
    }

    private static bool StartsObject(ReadOnlySpan<byte> json) => json.TrimStart(" \t\r\n"u8).StartsWith("{"u8);

    private TensorInfo Locate(SafetensorsEntry entry) => new()
    {
        Name = entry.Name,
        DType = entry.Type,
        Shape = entry.Shape,
        File = _file.File,
        Offset = DataStart + (long)entry.Begin,
        Bytes = (long)(entry.End - entry.Begin),
    };

    /// <summary>One walk over the sorted entries finds gaps, overlaps, shared ranges and a first tensor that is not at 0.</summary>
    private void CheckLayout(List<SafetensorsEntry> entries)
    {
        string path = _file.File.Path;
        ulong cursor = 0;
        foreach (SafetensorsEntry entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin != cursor)
            {
                Findings.Add(SafetensorsErrors.Offsets(path, entry.Name, entry.Begin, entry.End, cursor));
                return;
            }

            cursor = entry.End;
        }

        UInt128 expected = (UInt128)DataStart + cursor;
        if (expected != (UInt128)_file.Length)
        {
            Findings.Add(SafetensorsErrors.Length(path, expected, _file.Length));
        }
    }
}
