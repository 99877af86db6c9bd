using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Text;

namespace LlmToolkit.Tests.Tokenizers;

/// <summary>A small independent reader of a GGUF's metadata, so that tokenizer tests need no other project.</summary>
internal sealed class MiniGguf : IModelMetadata
{
    private readonly Dictionary<string, MetadataValue> _entries = new(StringComparer.Ordinal);

    public MiniGguf(Stream stream)
    {
        using BinaryReader reader = new(stream);
        Assert.Equal("GGUF"u8.ToArray(), reader.ReadBytes(4));
        Assert.Equal(3u, reader.ReadUInt32());
        _ = reader.ReadUInt64();
        ulong count = reader.ReadUInt64();
        for (ulong i = 0; i < count; i++)
        {
            string key = Text(reader);
            uint type = reader.ReadUInt32();
            _entries[key] = new MetadataValue(type == 9 ? "array" : $"{type}", Value(reader, type));
        }
    }

    public IEnumerable<KeyValuePair<string, MetadataValue>> Entries => _entries;

    public static MiniGguf Open(string path)
    {
        using FileStream file = File.OpenRead(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using BufferedStream buffered = new(stream, 1 << 16);
        return new MiniGguf(buffered);
    }

    public bool TryGet(string key, [NotNullWhen(true)] out MetadataValue? value) => _entries.TryGetValue(key, out value);

    public void Set(string key, object value) => _entries[key] = new MetadataValue("string", value);

    private static string Text(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadUInt64()));

    private static object Value(BinaryReader reader, uint type) => type switch
    {
        0 => (long)reader.ReadByte(),
        1 => (long)reader.ReadSByte(),
        2 => (long)reader.ReadUInt16(),
        3 => (long)reader.ReadInt16(),
        4 => (long)reader.ReadUInt32(),
        5 => (long)reader.ReadInt32(),
        6 => reader.ReadSingle(),
        7 => reader.ReadByte() != 0,
        8 => Text(reader),
        9 => Array(reader),
        10 => (long)reader.ReadUInt64(),
        11 => reader.ReadInt64(),
        _ => reader.ReadDouble(),
    };

    private static object Array(BinaryReader reader)
    {
        uint type = reader.ReadUInt32();
        int count = (int)reader.ReadUInt64();
        switch (type)
        {
            case 8:
                string[] texts = new string[count];
                for (int i = 0; i < count; i++)
                {
                    texts[i] = Text(reader);
                }

                return texts;
            case 6:
                float[] floats = new float[count];
                for (int i = 0; i < count; i++)
                {
                    floats[i] = reader.ReadSingle();
                }

                return floats;
            default:
                long[] numbers = new long[count];
                for (int i = 0; i < count; i++)
                {
                    object value = Value(reader, type);
                    numbers[i] = value is bool b ? (b ? 1 : 0) : (long)value;
                }

                return numbers;
        }
    }
}
