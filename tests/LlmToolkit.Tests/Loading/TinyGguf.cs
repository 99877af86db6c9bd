using System.Buffers.Binary;
using System.Text;

namespace LlmToolkit.Tests.Loading;

/// <summary>A GGUF of a few hundred bytes, written key by key: enough for every stop before the load.</summary>
internal sealed class TinyGguf
{
    private const uint UInt32 = 4;
    private const uint Float32 = 6;
    private const uint Text = 8;
    private const uint Array = 9;
    private const int Alignment = 32;

    private readonly Dictionary<string, byte[]> _keys = [];
    private readonly List<(string Name, uint Type, ulong[] Sizes, byte[]? Data)> _tensors = [];

    /// <summary>A model that every check accepts.</summary>
    /// <param name="layers">Its layers.</param>
    public static TinyGguf Sound(int layers = 1)
    {
        TinyGguf model = new TinyGguf()
            .Set("general.architecture", "llama").Set("llama.block_count", (uint)layers).Set("llama.context_length", 16).Set("llama.embedding_length", 8)
            .Set("llama.feed_forward_length", 8).Set("llama.attention.head_count", 4).Set("llama.attention.head_count_kv", 2).Set("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.tokens", "a", "b", "ab").Set("tokenizer.ggml.merges", ["a b"])
            .Set("tokenizer.ggml.bos_token_id", 0).Set("tokenizer.ggml.eos_token_id", 2)
            .Tensor("token_embd.weight", 8, 3).Tensor("output_norm.weight", 8);
        for (int n = 0; n < layers; n++)
        {
            model.Tensor($"blk.{n}.attn_norm.weight", 8).Tensor($"blk.{n}.attn_q.weight", 8, 8).Tensor($"blk.{n}.attn_k.weight", 8, 4).Tensor($"blk.{n}.attn_v.weight", 8, 4)
                .Tensor($"blk.{n}.attn_output.weight", 8, 8).Tensor($"blk.{n}.ffn_norm.weight", 8)
                .Tensor($"blk.{n}.ffn_gate.weight", 8, 8).Tensor($"blk.{n}.ffn_up.weight", 8, 8).Tensor($"blk.{n}.ffn_down.weight", 8, 8);
        }

        return model;
    }

    public TinyGguf Set(string key, uint value) => Set(key, [.. U32(UInt32), .. U32(value)]);

    public TinyGguf Set(string key, float value) => Set(key, [.. U32(Float32), .. BitConverter.GetBytes(value)]);

    public TinyGguf Set(string key, uint[] values) => Set(key, [.. U32(Array), .. U32(UInt32), .. U64((ulong)values.Length), .. values.SelectMany(U32)]);

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
    public TinyGguf Tensor(string name, params ulong[] sizes) => Tensor(name, 0, null, sizes);

    /// <summary>A tensor of a ggml type, of these bytes or of zeros; it takes the place of one of its name.</summary>
    public TinyGguf Tensor(string name, uint type, byte[]? data, params ulong[] sizes)
    {
        int at = _tensors.FindIndex(t => t.Name == name);
        if (at < 0)
        {
            _tensors.Add((name, type, sizes, data));
        }
        else
        {
            _tensors[at] = (name, type, sizes, data);
        }

        return this;
    }

    /// <summary>Takes tensors away.</summary>
    public TinyGguf WithoutTensors(string prefix)
    {
        _tensors.RemoveAll(t => t.Name.StartsWith(prefix, StringComparison.Ordinal));
        return this;
    }

    public byte[] Build()
    {
        List<byte> file = [.. "GGUF"u8, .. U32(3), .. U64((ulong)_tensors.Count), .. U64((ulong)_keys.Count)];
        foreach ((string key, byte[] value) in _keys)
        {
            file.AddRange([.. Bytes(key), .. value]);
        }

        List<byte> values = [];
        foreach ((string name, uint type, ulong[] sizes, byte[]? data) in _tensors)
        {
            file.AddRange([.. Bytes(name), .. U32((uint)sizes.Length), .. sizes.SelectMany(U64), .. U32(type), .. U64((ulong)values.Count)]);
            values.AddRange(data ?? new byte[DTypes.FromGgml((int)type)!.Bytes((long)sizes.Aggregate(1UL, (a, b) => a * b))]);
            values.AddRange(new byte[(Alignment - (values.Count % Alignment)) % Alignment]);
        }

        while (file.Count % Alignment != 0)
        {
            file.Add(0);
        }

        return [.. file, .. values];
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
