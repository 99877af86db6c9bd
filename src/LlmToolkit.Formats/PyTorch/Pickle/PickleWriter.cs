using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LlmToolkit.Formats.PyTorch.Pickle;

/// <summary>Writes the opcodes of protocol 2 that a state dict needs.</summary>
internal sealed class PickleWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public PickleWriter() => Op(PickleOp.Proto).Byte(2);

    public PickleWriter Op(PickleOp op) => Byte((byte)op);

    public PickleWriter Global(string module, string name)
    {
        Op(PickleOp.Global);
        _bytes.Write(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));
        return this;
    }

    public PickleWriter Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        Op(PickleOp.BinUnicode);
        _bytes.Write(length);
        _bytes.Write(utf8);
        return this;
    }

    public PickleWriter Integer(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        switch (value)
        {
            case >= 0 and <= byte.MaxValue:
                return Op(PickleOp.BinInt1).Byte((byte)value);
            case >= int.MinValue and <= int.MaxValue:
                Op(PickleOp.BinInt);
                _bytes.Write(bytes[..4]);
                return this;
            default:
                Op(PickleOp.Long1).Byte(8);
                _bytes.Write(bytes);
                return this;
        }
    }

    public PickleWriter Integers(IEnumerable<long> values)
    {
        Op(PickleOp.Mark);
        foreach (long value in values)
        {
            Integer(value);
        }

        return Op(PickleOp.Tuple);
    }

    /// <summary>Ends the pickle.</summary>
    public byte[] Finish()
    {
        Op(PickleOp.Stop);
        return _bytes.WrittenSpan.ToArray();
    }

    private PickleWriter Byte(byte value)
    {
        _bytes.Write([value]);
        return this;
    }
}
