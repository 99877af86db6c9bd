namespace LlmToolkit.Formats.Foreign.Onnx;

/// <summary>Reads the wire format of Protocol Buffers, inside the bounds of the message in work. Source: protobuf.dev, "Encoding".</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> bytes, string file)
{
    private const int LongestVarint = 10;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Offset of the next unread byte.</summary>
    public int Position { get; private set; }

    /// <summary>The number of a field and how it is written: 0 varint, 1 eight bytes, 2 with a length, 5 four bytes.</summary>
    public (int Number, int Wire) Tag(int end)
    {
        int start = Position;
        ulong tag = Varint(end);
        int wire = (int)(tag & 7);
        ulong number = tag >> 3;
        if (number is 0 or > (1 << 29) - 1)
        {
            throw Damaged(start, $"a field has the number {number}, which none can have");
        }

        return wire is 0 or 1 or 2 or 5 ? ((int)number, wire) : throw Damaged(start, wire is 3 or 4 ? "a group stands there, which ONNX does not use" : $"a field is written in form {wire}, which does not exist");
    }

    /// <summary>A number of at most ten bytes of seven bits.</summary>
    public ulong Varint(int end)
    {
        int start = Position;
        ulong value = 0;
        for (int i = 0; i < LongestVarint; i++)
        {
            if (Position >= end)
            {
                throw Damaged(start, "the bytes end inside a number");
            }

            byte next = _bytes[Position++];
            if (i == LongestVarint - 1 && next > 1)
            {
                break;
            }

            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damaged(start, "a number has more than 64 bits");
    }

    /// <summary>The end of a field with a length, which lies inside its message.</summary>
    public int Length(int end)
    {
        int start = Position;
        ulong length = Varint(end);
        return length <= (ulong)(end - Position) ? Position + (int)length : throw Damaged(start, $"a field has {length} bytes, but only {end - Position} are left in its message");
    }

    /// <summary>Goes on at an offset that was given out as an end.</summary>
    public void Skip(int to, int end)
    {
        if (to > end)
        {
            throw Damaged(Position, $"{to - Position} bytes are missing");
        }

        Position = to;
    }

    /// <summary>How many numbers are packed up to an offset.</summary>
    public long CountVarints(int to)
    {
        long count = 0;
        int run = 0;
        ReadOnlySpan<byte> packed = _bytes[Position..to];
        for (int i = 0; i < packed.Length; i++)
        {
            run++;
            if (packed[i] < 0x80)
            {
                count++;
                run = 0;
            }
            else if (run >= LongestVarint)
            {
                throw Damaged(Position + i, "a number has more than 64 bits");
            }
        }

        if (run > 0)
        {
            throw Damaged(to, "the bytes end inside a number");
        }

        Position = to;
        return count;
    }

    /// <summary>The fault at an offset.</summary>
    public readonly ModelException Damaged(int offset, string what) => new(OnnxErrors.Damaged(file, offset, what));
}
