using System.Buffers.Binary;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>The fields of a SentencePiece model file that matter here.</summary>
/// <remarks>google/sentencepiece src/sentencepiece_model.proto.</remarks>
internal sealed class SentencePieceFile
{
    /// <summary>Pieces accepted; the largest vocabularies have 300,000.</summary>
    private const int MaxPieces = 16_000_000;

    private readonly string? _file;

    private SentencePieceFile(string? file) => _file = file;

    public List<(string Text, float Score, SentencePieceType Type)> Pieces { get; } = [];

    /// <summary>1 unigram, 2 BPE, 3 word, 4 char.</summary>
    public int ModelType { get; private set; } = 1;

    public bool ByteFallback { get; private set; }

    public bool WhitespaceAsSuffix { get; private set; }

    public int UnknownId { get; private set; }

    public int BosId { get; private set; } = 1;

    public int EosId { get; private set; } = 2;

    public int PadId { get; private set; } = -1;

    public string UnknownSurface { get; private set; } = " \u2047 ";

    public byte[] CharsMap { get; private set; } = [];

    public bool AddDummyPrefix { get; private set; } = true;

    public bool RemoveExtraSpaces { get; private set; } = true;

    public bool EscapeSpaces { get; private set; } = true;

    public static SentencePieceFile Read(ReadOnlySpan<byte> bytes, string? file)
    {
        SentencePieceFile model = new(file);
        ProtobufReader reader = new(bytes, 0, file);
        while (reader.Next(out int field, out int wire))
        {
            switch (field)
            {
                case 1 when wire == 2:
                    model.ReadPiece(reader.Message());
                    break;
                case 2 when wire == 2:
                    model.ReadTrainer(reader.Message());
                    break;
                case 3 when wire == 2:
                    model.ReadNormalizer(reader.Message());
                    break;
                default:
                    reader.Skip(wire);
                    break;
            }
        }

        return model.Pieces.Count > 0 ? model : throw TokenizerErrors.BadProtobuf(file, bytes.Length, "no pieces");
    }

    private void ReadPiece(ProtobufReader reader)
    {
        (string text, float score, int type) = ("", 0, 1);
        while (reader.Next(out int field, out int wire))
        {
            switch (field)
            {
                case 1 when wire == 2: text = reader.Text(); break;
                case 2 when wire == 5: score = reader.Float(); break;
                case 3 when wire == 0: type = reader.Int(); break;
                default: reader.Skip(wire); break;
            }
        }

        if (Pieces.Count >= MaxPieces)
        {
            throw TokenizerErrors.BadProtobuf(_file, reader.Position, $"more than {MaxPieces} pieces");
        }

        Pieces.Add((text, score, type is >= 1 and <= 6 ? (SentencePieceType)type : SentencePieceType.Normal));
    }

    private void ReadTrainer(ProtobufReader reader)
    {
        while (reader.Next(out int field, out int wire))
        {
            switch (field)
            {
                case 3 when wire == 0: ModelType = reader.Int(); break;
                case 24 when wire == 0: WhitespaceAsSuffix = reader.Int() != 0; break;
                case 35 when wire == 0: ByteFallback = reader.Int() != 0; break;
                case 40 when wire == 0: UnknownId = reader.Int(); break;
                case 41 when wire == 0: BosId = reader.Int(); break;
                case 42 when wire == 0: EosId = reader.Int(); break;
                case 43 when wire == 0: PadId = reader.Int(); break;
                case 44 when wire == 2: UnknownSurface = reader.Text(); break;
                default: reader.Skip(wire); break;
            }
        }
    }

    private void ReadNormalizer(ProtobufReader reader)
    {
        while (reader.Next(out int field, out int wire))
        {
            switch (field)
            {
                case 2 when wire == 2: CharsMap = reader.Bytes().ToArray(); break;
                case 3 when wire == 0: AddDummyPrefix = reader.Int() != 0; break;
                case 4 when wire == 0: RemoveExtraSpaces = reader.Int() != 0; break;
                case 5 when wire == 0: EscapeSpaces = reader.Int() != 0; break;
                default: reader.Skip(wire); break;
            }
        }
    }
}

/// <summary>Types of pieces.</summary>
internal enum SentencePieceType
{
    Normal = 1,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

/// <summary>Reads protobuf's wire format. Every read is checked against the bytes that are left.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> bytes, int origin, string? file)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    /// <summary>Offset in the file.</summary>
    public readonly int Position => origin + _at;

    /// <summary>Reads the next field's number and wire type.</summary>
    public bool Next(out int field, out int wire)
    {
        (field, wire) = (0, 0);
        if (_at == _bytes.Length)
        {
            return false;
        }

        ulong tag = Varint();
        if (tag >> 3 is 0 or > int.MaxValue)
        {
            throw TokenizerErrors.BadProtobuf(file, Position, $"the field number {tag >> 3}");
        }

        (field, wire) = ((int)(tag >> 3), (int)(tag & 7));
        return true;
    }

    public int Int() => unchecked((int)Varint());

    public float Float() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    public ReadOnlySpan<byte> Bytes() => Take(Varint());

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public ProtobufReader Message()
    {
        ReadOnlySpan<byte> body = Bytes();
        return new ProtobufReader(body, Position - body.Length, file);
    }

    public void Skip(int wire)
    {
        switch (wire)
        {
            case 0: Varint(); break;
            case 1: Take(8); break;
            case 2: Bytes(); break;
            case 5: Take(4); break;
            default: throw TokenizerErrors.BadProtobuf(file, Position, $"the wire type {wire}");
        }
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte b = Take(1)[0];
            value |= (ulong)(b & 0x7F) << Math.Min(shift, 63);
            if (b < 0x80)
            {
                return value;
            }
        }

        throw TokenizerErrors.BadProtobuf(file, Position, "an integer of more than ten bytes");
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        int left = _bytes.Length - _at;
        if (count > (ulong)left)
        {
            throw TokenizerErrors.BadProtobuf(file, Position, $"{count} bytes needed, {left} left,");
        }

        ReadOnlySpan<byte> taken = _bytes.Slice(_at, (int)count);
        _at += (int)count;
        return taken;
    }
}
