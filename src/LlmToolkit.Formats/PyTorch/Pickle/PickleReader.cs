using System.Buffers.Binary;
using System.Text;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch.Pickle;

/// <summary>Reads opcodes and their operands. Every read is bounds-checked, and none crosses the end of a frame.</summary>
/// <remarks>Bytes of a file that is not here are asked for as they are read; such bytes begin where the file does.</remarks>
internal ref struct PickleReader(ReadOnlySpan<byte> bytes, int start, string file, FileParts? parts = null)
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly string _file = file;
    private readonly FileParts? _parts = parts;
    private int _frameEnd = -1;

    /// <summary>Offset of the next unread byte.</summary>
    public int Position { get; private set; } = start;

    /// <summary>Bytes that are left.</summary>
    public readonly int Left => _bytes.Length - Position;

    public byte ReadByte(string what) => Take(1, what)[0];

    public ushort ReadUInt16(string what) => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, what));

    public int ReadInt32(string what) => BinaryPrimitives.ReadInt32LittleEndian(Take(4, what));

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A double, which pickle alone stores big-endian.</summary>
    public double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8, "a float"));

    public ReadOnlySpan<byte> Take(ulong count, string what)
    {
        if (count > (ulong)Left)
        {
            throw PyTorchErrors.Truncated(_file, what, Position, (long)Math.Min(count, long.MaxValue), Left);
        }

        int end = Position + (int)count;
        if (_frameEnd > Position && end > _frameEnd)
        {
            throw PyTorchErrors.BadPickle(_file, Position, $"{what} reaches over the end of its frame");
        }

        _parts?.Require(Position, (int)count);
        ReadOnlySpan<byte> taken = _bytes[Position..end];
        Position = end;
        return taken;
    }

    /// <summary>Text up to a line feed, which is consumed and not part of it.</summary>
    public ReadOnlySpan<byte> TakeLine(string what)
    {
        int length = LineLength();
        if (length < 0)
        {
            throw PyTorchErrors.Truncated(_file, $"the line feed after {what}", Position, Left + 1L, Left);
        }

        return Take((ulong)length + 1, what)[..length];
    }

    private readonly int LineLength()
    {
        if (_parts is null)
        {
            return _bytes[Position..].IndexOf((byte)'\n');
        }

        const int piece = 4 << 10;
        for (int at = Position; at < _bytes.Length; at += piece)
        {
            int length = Math.Min(piece, _bytes.Length - at);
            _parts.Require(at, length);
            if (_bytes.Slice(at, length).IndexOf((byte)'\n') is int found and >= 0)
            {
                return at + found - Position;
            }
        }

        return -1;
    }

    public string ReadUtf8(ulong length, string what)
    {
        int at = Position;
        return Decode(Take(length, what), at, what);
    }

    /// <summary>Text of the opcodes of Python 2, which do not say their encoding: UTF-8 where it is, else Latin-1.</summary>
    public string ReadOldText(ulong length) => OldText(Take(length, "a string"));

    public static string OldText(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    public readonly string Decode(ReadOnlySpan<byte> bytes, int at, string what)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            // Python writes lone surrogates as three bytes ("surrogatepass"); as names they are of no use here.
            throw PyTorchErrors.BadPickle(_file, at, $"{what} is not UTF-8");
        }
    }

    /// <summary>Begins a frame: what follows must end exactly where the frame does, or two readers would see two programs.</summary>
    public void EnterFrame()
    {
        int at = Position;
        ulong length = ReadUInt64("the length of a frame");
        if (_frameEnd > Position)
        {
            throw PyTorchErrors.BadPickle(_file, at, "a frame begins inside a frame");
        }

        if (length > (ulong)Left)
        {
            throw PyTorchErrors.Truncated(_file, "a frame", Position, (long)Math.Min(length, long.MaxValue), Left);
        }

        _frameEnd = Position + (int)length;
    }
}
