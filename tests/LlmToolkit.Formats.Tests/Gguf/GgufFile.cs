using System.Buffers.Binary;
using System.Text;

namespace LlmToolkit.Formats.Tests.Gguf;

/// <summary>Builds a GGUF byte by byte, sound or not.</summary>
internal sealed class GgufFile
{
    private readonly List<byte> _keys = [];
    private readonly List<byte> _tensors = [];
    private readonly List<byte> _data = [];

    public uint Version { get; init; } = 3;

    public ulong? KeyCount { get; init; }

    public ulong? TensorCount { get; init; }

    public int Alignment { get; init; } = 32;

    private ulong Keys { get; set; }

    private ulong Tensors { get; set; }

    public GgufFile Key(string key, uint type, params byte[] value)
    {
        Write(_keys, Text(key), U32(type), value);
        Keys++;
        return this;
    }

    public GgufFile Key(string key, uint value) => Key(key, 4, U32(value));

    public GgufFile Key(string key, string value) => Key(key, 8, Text(value));

    public GgufFile RawKey(params byte[] bytes)
    {
        Write(_keys, bytes);
        Keys++;
        return this;
    }

    /// <summary>A tensor with its data appended and aligned, unless an offset is given.</summary>
    public GgufFile Tensor(string name, ulong[] ne, uint type, int bytes, ulong? offset = null, uint? dimensions = null)
    {
        Write(_tensors, Text(name), U32(dimensions ?? (uint)ne.Length), [.. ne.SelectMany(U64)], U32(type), U64(offset ?? (ulong)_data.Count));
        Tensors++;
        if (offset is null)
        {
            for (int i = 0; i < bytes; i++)
            {
                _data.Add((byte)(i + (int)Tensors));
            }

            while (_data.Count % Alignment != 0)
            {
                _data.Add(0);
            }
        }

        return this;
    }

    public byte[] Build(int cut = 0)
    {
        List<byte> file = [];
        Write(file, "GGUF"u8.ToArray(), U32(Version), U64(TensorCount ?? Tensors), U64(KeyCount ?? Keys), [.. _keys], [.. _tensors]);
        while (Tensors > 0 && file.Count % Alignment != 0)
        {
            file.Add(0);
        }

        file.AddRange(_data);
        return [.. file[..^cut]];
    }

    /// <summary>A file with a bit of everything.</summary>
    public static GgufFile Sound() => new GgufFile().Key("general.architecture", "llama").Key("llama.block_count", 2).Key("llama.embedding_length", 8)
        .Key("llama.attention.head_count", 2).Key("tokenizer.ggml.model", "gpt2").Key("tokenizer.ggml.tokens", 9, [.. U32(8), .. U64(2), .. Text("a"), .. Text("b")])
        .Tensor("a", [8, 2], 0, 64).Tensor("b", [32], 8, 34);

    public static byte[] Text(string text) => [.. U64((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] U64(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static void Write(List<byte> bytes, params byte[][] parts)
    {
        foreach (byte[] part in parts)
        {
            bytes.AddRange(part);
        }
    }
}
