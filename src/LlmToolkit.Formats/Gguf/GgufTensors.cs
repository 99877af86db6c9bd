using System.Text;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>Reads the list of tensors and checks that their bytes lie where a sound file has them.</summary>
internal sealed class GgufTensors(MappedFile file, uint alignment, Action<Diagnostic> note)
{
    private readonly List<Entry> _entries = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Reads one entry. What is wrong with the entry alone is a finding, and the entry is left out.</summary>
    /// <exception cref="ModelException">The entry cannot be read to its end.</exception>
    public void Read(ref GgufReader reader, string what)
    {
        string path = file.File.Path;
        ReadOnlySpan<byte> nameBytes = reader.ReadBytes($"the name of {what}", GgufConstants.MaxNameBytes);
        string name = Encoding.UTF8.GetString(nameBytes);
        if (nameBytes.Length > GgufConstants.GgmlNameBytes)
        {
            note(GgufErrors.LongName(path, name, nameBytes.Length));
        }

        uint count = reader.ReadUInt32($"the number of dimensions of {what}");
        if (count > GgufConstants.MaxDimensions)
        {
            throw new ModelException(GgufErrors.Dimensions(path, name, count));
        }

        Span<ulong> sizes = stackalloc ulong[(int)count];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = reader.ReadSize($"the dimensions of {what}");
        }

        uint typeId = reader.ReadUInt32($"the type of {what}");
        ulong offset = reader.ReadUInt64($"the offset of {what}");
        if (!_names.Add(name))
        {
            note(GgufErrors.DuplicateTensor(path, name));
            return;
        }

        if (Geometry(name, sizes, typeId) is { } geometry && Placed(name, offset))
        {
            _entries.Add(new Entry(name, geometry.Type, geometry.Shape, (long)offset, geometry.Bytes));
        }
    }

    /// <summary>Checks how the tensors lie in the file and gives them with their absolute offsets, in the file's order.</summary>
    public List<TensorInfo> Locate(long dataStart, bool bigEndian)
    {
        CheckBounds(dataStart);
        CheckOverlaps();
        CheckOrder();
        return [.. _entries.Select(e => Info(e, dataStart + e.Offset, bigEndian))];
    }

    /// <summary>The tensors read so far of a list that is cut: where their bytes lie is not known.</summary>
    public List<TensorInfo> Named(bool bigEndian) => [.. _entries.Select(e => Info(e, -1, bigEndian))];

    /// <summary>Where the last tensor ends, from the start of the file.</summary>
    public UInt128 End(long dataStart) => _entries.Aggregate((UInt128)dataStart, (end, e) => UInt128.Max(end, (UInt128)dataStart + (UInt128)e.Offset + (UInt128)e.Bytes));

    private TensorInfo Info(Entry entry, long offset, bool bigEndian) => new()
    {
        Name = entry.Name,
        DType = entry.Type,
        Shape = entry.Shape,
        File = file.File,
        Offset = offset,
        Bytes = entry.Bytes,
        BigEndian = bigEndian && entry.Type.BlockBytes > 1,
    };

    private (DType Type, TensorShape Shape, long Bytes)? Geometry(string name, ReadOnlySpan<ulong> sizes, uint typeId)
    {
        string path = file.File.Path;
        if (typeId > int.MaxValue || DTypes.FromGgml((int)typeId) is not { } type)
        {
            note(GgufConstants.RemovedType(typeId) is var (word, instead) ? GgufErrors.RemovedType(path, name, typeId, word, instead) : GgufErrors.TensorType(path, name, typeId));
            return null;
        }

        // Zero is a legal dimension; the product of the others must fit all the same, because rows are counted without it.
        UInt128 product = 1;
        long[] shape = new long[sizes.Length];
        for (int i = 0; i < sizes.Length; i++)
        {
            product *= Math.Max(sizes[i], 1);
            if (product > long.MaxValue)
            {
                note(GgufErrors.Shape(path, name, "[" + string.Join(", ", sizes.ToArray()) + "]"));
                return null;
            }

            shape[^(i + 1)] = (long)sizes[i];
        }

        ulong columns = sizes.Length == 0 ? 1 : sizes[0];
        if (columns % (ulong)type.BlockLength != 0)
        {
            note(GgufErrors.RowLength(path, name, columns, type));
            return null;
        }

        UInt128 bytes = sizes.Contains(0UL) ? 0 : product / (UInt128)type.BlockLength * (UInt128)type.BlockBytes;
        if (bytes > long.MaxValue)
        {
            note(GgufErrors.Shape(path, name, $"[{string.Join(", ", sizes.ToArray())}] of {type}"));
            return null;
        }

        return (type, new TensorShape(shape), (long)bytes);
    }

    private bool Placed(string name, ulong offset)
    {
        if (offset % alignment != 0)
        {
            note(GgufErrors.Misaligned(file.File.Path, name, offset, alignment));
        }

        // Half of what a long holds: adding the start of the data and the size cannot overflow then.
        if (offset > long.MaxValue / 2)
        {
            note(GgufErrors.OffsetTooLarge(file.File.Path, name, offset));
            return false;
        }

        return true;
    }

    private void CheckBounds(long dataStart)
    {
        int outside = 0;
        string? first = null;
        UInt128 needed = 0;
        foreach (Entry entry in _entries)
        {
            UInt128 end = (UInt128)dataStart + (UInt128)entry.Offset + (UInt128)entry.Bytes;
            needed = UInt128.Max(needed, end);
            if (end > (UInt128)file.Length && entry.Bytes > 0)
            {
                outside++;
                first ??= entry.Name;
            }
        }

        if (first is not null)
        {
            note(GgufErrors.OutOfFile(file.File.Path, first, outside, needed, file.Length));
        }
    }

    private void CheckOverlaps()
    {
        Entry? previous = null;
        foreach (Entry entry in _entries.Where(e => e.Bytes > 0).OrderBy(e => e.Offset))
        {
            if (previous is not null && (UInt128)previous.Offset + (UInt128)previous.Bytes > (UInt128)entry.Offset)
            {
                note(GgufErrors.Overlap(file.File.Path, previous.Name, entry.Name));
            }

            previous = entry;
        }
    }

    private void CheckOrder()
    {
        UInt128 expected = 0;
        foreach (Entry entry in _entries)
        {
            if ((UInt128)entry.Offset != expected)
            {
                note(GgufErrors.NotInOrder(file.File.Path, entry.Name));
                return;
            }

            expected = ((UInt128)entry.Offset + (UInt128)entry.Bytes + alignment - 1) / alignment * alignment;
        }
    }

    private sealed record Entry(string Name, DType Type, TensorShape Shape, long Offset, long Bytes);
}
