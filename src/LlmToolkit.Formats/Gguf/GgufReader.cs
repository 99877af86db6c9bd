using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>How a file writes its numbers.</summary>
/// <param name="BigEndian">Every number is big-endian.</param>
/// <param name="Wide">Lengths, counts and dimensions are u64 (version 2 and later), else u32 (version 1).</param>
internal readonly record struct GgufLayout(bool BigEndian, bool Wide);

/// <summary>Reads GGUF primitives. Every read is bounds-checked; no read allocates before it is.</summary>
/// <remarks>Bytes of a file that is not here are asked for as they are read.</remarks>
internal ref struct GgufReader(ReadOnlySpan<byte> bytes, string file, GgufLayout layout, int position = 0, FileParts? parts = null)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly string _file = file;
    private readonly FileParts? _parts = parts;

    /// <summary>How numbers are written.</summary>
    public GgufLayout Layout { get; set; } = layout;

    /// <summary>Offset of the next unread byte, from the start of the file.</summary>
    public int Position { get; private set; } = position;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Left => _bytes.Length - Position;

    public uint ReadUInt32(string what)
    {
        ReadOnlySpan<byte> taken = Take(sizeof(uint), what);
        return Layout.BigEndian ? BinaryPrimitives.ReadUInt32BigEndian(taken) : BinaryPrimitives.ReadUInt32LittleEndian(taken);
    }

    public ulong ReadUInt64(string what)
    {
        ReadOnlySpan<byte> taken = Take(sizeof(ulong), what);
        return Layout.BigEndian ? BinaryPrimitives.ReadUInt64BigEndian(taken) : BinaryPrimitives.ReadUInt64LittleEndian(taken);
    }

    /// <summary>A length, count or dimension: u64, in version 1 u32.</summary>
    public ulong ReadSize(string what) => Layout.Wide ? ReadUInt64(what) : ReadUInt32(what);

    /// <summary>The bytes of a string.</summary>
    public ReadOnlySpan<byte> ReadBytes(string what, int limit = int.MaxValue)
    {
        int start = Position;
        ulong length = ReadSize(what);
        if (length > (ulong)limit)
        {
            throw new ModelException(GgufErrors.TooMany(_file, $"The length of {what}", start, length, (ulong)limit));
        }

        return Take(length, what);
    }

    /// <summary>A number of the type as long, ulong (above the range of long), float, double or bool.</summary>
    public object ReadScalar(GgufType type, string what)
    {
        ReadOnlySpan<byte> taken = Take((ulong)type.Size(Layout.Wide), what);
        switch (type)
        {
            case GgufType.Bool: return taken[0] != 0;
            case GgufType.F32: return Single(taken, Layout.BigEndian);
            case GgufType.F64: return Double(taken, Layout.BigEndian);
            case GgufType.U64 when (ulong)Integer(type, taken, Layout.BigEndian) > long.MaxValue: return (ulong)Integer(type, taken, Layout.BigEndian);
            default: return Integer(type, taken, Layout.BigEndian);
        }
    }

    /// <summary>A stored integer; a u64 keeps its bits.</summary>
    public static long Integer(GgufType type, ReadOnlySpan<byte> bytes, bool bigEndian) => type switch
    {
        GgufType.U8 => bytes[0],
        GgufType.I8 => (sbyte)bytes[0],
        GgufType.U16 => bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        GgufType.I16 => bigEndian ? BinaryPrimitives.ReadInt16BigEndian(bytes) : BinaryPrimitives.ReadInt16LittleEndian(bytes),
        GgufType.U32 => bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        GgufType.I32 => bigEndian ? BinaryPrimitives.ReadInt32BigEndian(bytes) : BinaryPrimitives.ReadInt32LittleEndian(bytes),
        _ => bigEndian ? BinaryPrimitives.ReadInt64BigEndian(bytes) : BinaryPrimitives.ReadInt64LittleEndian(bytes),
    };

    /// <summary>A stored f32.</summary>
    public static float Single(ReadOnlySpan<byte> bytes, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadSingleBigEndian(bytes) : BinaryPrimitives.ReadSingleLittleEndian(bytes);

    /// <summary>A stored f64.</summary>
    public static double Double(ReadOnlySpan<byte> bytes, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadDoubleBigEndian(bytes) : BinaryPrimitives.ReadDoubleLittleEndian(bytes);

    /// <summary>A string's text, or its bytes when they are not UTF-8.</summary>
    public static object Text(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : bytes.ToArray();

    /// <summary>Reads an array's head and checks that its elements can be in the file.</summary>
    public (GgufType Element, int Count) ReadArrayHead(string key, int depth)
    {
        GgufType element = ReadType(key);
        if (depth >= GgufConstants.MaxArrayDepth && element == GgufType.Array)
        {
            throw new ModelException(GgufErrors.ArrayDepth(_file, key));
        }

        int start = Position;
        ulong count = ReadSize($"the length of the array \"{Shown.Text(key)}\"");
        ulong most = (ulong)(Left / element.Size(Layout.Wide));
        if (count <= most)
        {
            return (element, (int)count);
        }

        // What a real header could hold is missing here; what none could is no length at all.
        ulong size = (ulong)element.Size(Layout.Wide);
        throw new ModelException(count <= GgufConstants.MaxHeaderBytes / size
            ? GgufErrors.Truncated(_file, $"the array \"{Shown.Text(key)}\" of {count} elements", Position, count * size, Left)
            : GgufErrors.TooMany(_file, $"The length of the array \"{Shown.Text(key)}\"", start, count, most));
    }

    /// <summary>Reads a value type.</summary>
    public GgufType ReadType(string key)
    {
        int start = Position;
        uint type = ReadUInt32($"the type of \"{Shown.Text(key)}\"");
        return type <= (uint)GgufType.F64 ? (GgufType)type : throw new ModelException(GgufErrors.ValueType(_file, key, start, type));
    }

    /// <summary>Steps over the elements of an array, checking what is nested in them.</summary>
    public void SkipElements(GgufType element, int count, string key, int depth)
    {
        if (element is not (GgufType.String or GgufType.Array))
        {
            _ = Take((ulong)count * (ulong)element.Size(Layout.Wide), $"the array \"{Shown.Text(key)}\"");
            return;
        }

        string what = $"an element of \"{Shown.Text(key)}\"";
        for (int i = 0; i < count; i++)
        {
            if (element == GgufType.String)
            {
                _ = ReadBytes(what);
            }
            else
            {
                (GgufType inner, int innerCount) = ReadArrayHead(key, depth + 1);
                SkipElements(inner, innerCount, key, depth + 1);
            }
        }
    }

    /// <summary>Takes bytes.</summary>
    public ReadOnlySpan<byte> Take(ulong count, string what)
    {
        if (count > (ulong)Left)
        {
            throw new ModelException(GgufErrors.Truncated(_file, what, Position, count, Left));
        }

        _parts?.Require(Position, (int)count);
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }
}
