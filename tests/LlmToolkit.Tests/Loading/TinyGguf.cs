using System.Buffers.Binary;
using System.Text;

namespace LlmToolkit.Tests.Loading;

/// <summary>A GGUF of a few hundred bytes, written key by key: enough for every stop before the load.</summary>
internal sealed class TinyGguf
{
    private const uint UInt32 = 4;
    private const uint Text = 8;
    private const uint Array = 9;
    private const int Alignment = 32;

    private readonly Dictionary<string, byte[]> _keys = [];
    private readonly List<(string Name, ulong[] Sizes)> _tensors = [];

    /// <summary>A model that every check accepts.</summary>
    public static TinyGguf Sound() => new TinyGguf()
        .Set("general.architecture", "llama").Set("llama.block_count", 1).Set("llama.context_length", 16).Set("llama.embedding_length", 8)
        .Set("llama.feed_forward_length", 8).Set("llama.attention.head_count", 4).Set("llama.attention.head_count_kv", 2)
        .Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.tokens", "a", "b", "c").Set("tokenizer.ggml.bos_token_id", 0).Set("tokenizer.ggml.eos_token_id", 2)
        .Tensor("token_embd.weight", 8, 3).Tensor("output_norm.weight", 8);

    public TinyGguf Set(string key, uint value) => Set(key, [.. U32(UInt32), .. U32(value)]);

    public TinyGguf Set(string key, string value) => Set(key, [.. U32(Text), .. Bytes(value)]);

    public TinyGguf Set(string key, params string[] values) => Set(key, [.. U32(Array), .. U32(Text), .. U64((ulong)values.Length), .. values.SelectMany(Bytes)]);

    /// <summary>Takes keys away.</summary>
    public TinyGguf Without(string prefix)
    {
        foreach (string key in _keys.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).ToList())
        {
            _keys.Remove(key);
        }

        return this;
    }

    /// <summary>An F32 tensor of zeros, replaced where one of that name is there; sizes in GGUF's order, innermost first.</summary>
    public TinyGguf Tensor(string name, params ulong[] sizes)
    {
        _tensors.RemoveAll(t => t.Name == name);
        _tensors.Add((name, sizes));
        return this;
    }

    public byte[] Build()
    {
        List<byte> file = [.. "GGUF"u8, .. U32(3), .. U64((ulong)_tensors.Count), .. U64((ulong)_keys.Count)];
        foreach ((string key, byte[] value) in _keys)
        {
            file.AddRange([.. Bytes(key), .. value]);
        }

        ulong offset = 0;
        foreach ((string name, ulong[] sizes) in _tensors)
        {
            file.AddRange([.. Bytes(name), .. U32((uint)sizes.Length), .. sizes.SelectMany(U64), .. U32(0), .. U64(offset)]);
            offset += (4 * sizes.Aggregate(1UL, (a, b) => a * b) + Alignment - 1) / Alignment * Alignment;
        }

        while (file.Count % Alignment != 0)
        {
            file.Add(0);
        }

        file.AddRange(new byte[offset]);
        return [.. file];
    }

    private TinyGguf Set(string key, byte[] value)
    {
        _keys[key] = value;
        return this;
    }

    private static byte[] Bytes(string text) => [.. U64((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] U64(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
