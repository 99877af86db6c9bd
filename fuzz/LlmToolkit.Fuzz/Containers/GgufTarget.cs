namespace LlmToolkit.Fuzz;

/// <summary>GGUF of every version and byte order, with every type of value, and a split set.</summary>
internal sealed class GgufTarget() : ContainerTarget("gguf")
{
    private const int U8 = 0, I8 = 1, U16 = 2, I16 = 3, U32 = 4, I32 = 5, F32 = 6, Bool = 7, String = 8, Array = 9, U64 = 10, I64 = 11, F64 = 12;

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds() =>
    [
        new("v3", Model(3).Fields, "model.gguf"),
        new("v2", Model(2).Fields, "model.gguf"),
        new("v1", Model(1).Fields, "model.gguf"),
        new("v3-big", Model(3, big: true).Fields, "model.gguf"),
        new("v3-align", Model(3, alignment: 64).Fields, "model.gguf"),
        new("types", Types().Fields, "model.gguf"),
        new("lora", Lora().Fields, "model.gguf"),
        new("empty", Begin(3, new FieldList()).Fields, "model.gguf"),
        new("split", Split().Fields, "m-00001-of-00002.gguf", "m-00002-of-00002.gguf"),
    ];

    private static FieldList Model(int version, bool big = false, int alignment = 32)
    {
        FieldList f = Begin(version, new FieldList { BigEndian = big });
        Text(f, version, "general.architecture", "llama");
        if (alignment != 32)
        {
            Number(f, version, "general.alignment", U32, 4, (ulong)alignment);
        }

        foreach ((string key, uint value) in ((string, uint)[])[("block_count", 1), ("embedding_length", 8), ("attention.head_count", 2), ("context_length", 16), ("feed_forward_length", 8), ("vocab_size", 3)])
        {
            Number(f, version, "llama." + key, U32, 4, value);
        }

        Number(f, version, "llama.attention.layer_norm_rms_epsilon", F32, 4, BitConverter.SingleToUInt32Bits(1e-5f));
        Text(f, version, "tokenizer.ggml.model", "gpt2");
        Strings(f, version, "tokenizer.ggml.tokens", "a", "b", "</s>");
        Numbers(f, version, "tokenizer.ggml.token_type", I32, 4, 1, 1, 3);
        Numbers(f, version, "tokenizer.ggml.scores", F32, 4, 0, 0xBF800000, 0);
        Number(f, version, "tokenizer.ggml.eos_token_id", U32, 4, 2);
        Text(f, version, "tokenizer.chat_template", "{% for m in messages %}{{ m.content }}{% endfor %}");
        Tensor(f, version, "token_embd.weight", 0, 0, 8, 3);
        Tensor(f, version, "blk.0.attn_q.weight", 1, alignment == 64 ? 128 : 96, 8, 8);
        Tensor(f, version, "output_norm.weight", 8, alignment == 64 ? 256 : 224, 32);
        return Data(f, alignment, 96, 128, 34);
    }

    private static FieldList Types()
    {
        FieldList f = Begin(3, new FieldList());
        (int Type, int Width)[] types = [(U8, 1), (I8, 1), (U16, 2), (I16, 2), (U32, 4), (I32, 4), (F32, 4), (Bool, 1), (U64, 8), (I64, 8), (F64, 8)];
        foreach ((int type, int width) in types)
        {
            Number(f, 3, $"a.{type}", type, width, 1);
            Numbers(f, 3, $"b.{type}", type, width, 1, 0, 1, 1);
        }

        Strings(f, 3, "c.texts", "x", "", "yz");
        Key(f, 3, "d.nested", Array).Number("header/keys/type", 4, Array).Number("header/keys/count", 8, 2);
        for (int i = 0; i < 2; i++)
        {
            _ = f.Number("header/keys/type", 4, U16).Number("header/keys/count", 8, 2).Number("header/keys/value", 2, 5).Number("header/keys/value", 2, 6);
        }

        Number(f.End(), 3, "general.sampling.temp", F32, 4, BitConverter.SingleToUInt32Bits(0.7f));
        Tensor(f, 3, "scalar", 0, 0);
        Tensor(f, 3, "none", 0, 32, 0, 5);
        Tensor(f, 3, "q4_k", 12, 32, 256);
        Tensor(f, 3, "f64", 28, 192, 2, 3, 1, 1);
        return Data(f, 32, 4, 144, 48);
    }

    private static FieldList Lora()
    {
        FieldList f = Begin(3, new FieldList());
        Text(f, 3, "general.type", "adapter");
        Text(f, 3, "general.architecture", "llama");
        Text(f, 3, "adapter.type", "lora");
        Number(f, 3, "adapter.lora.alpha", F32, 4, BitConverter.SingleToUInt32Bits(16));
        Tensor(f, 3, "blk.0.attn_q.weight.lora_a", 0, 0, 8, 2);
        Tensor(f, 3, "blk.0.attn_q.weight.lora_b", 0, 64, 2, 8);
        return Data(f, 32, 64, 64);
    }

    private static FieldList Split()
    {
        FieldList f = new();
        for (int part = 0; part < 2; part++)
        {
            f.File = part;
            _ = Begin(3, f);
            if (part == 0)
            {
                Text(f, 3, "general.architecture", "llama");
            }

            Number(f, 3, "split.no", U16, 2, (ulong)part);
            Number(f, 3, "split.count", U16, 2, 2);
            Number(f, 3, "split.tensors.count", I32, 4, 2);
            Tensor(f, 3, $"t{part}", 0, 0, 4);
            _ = Data(f, 32, 16);
        }

        return f;
    }

    private static FieldList Begin(int version, FieldList f)
    {
        int size = version == 1 ? 4 : 8;
        return f.End().Bytes("magic", "GGUF"u8.ToArray()).Number("version", 4, (ulong)version)
            .Derived("count", size, DerivedKind.Count, "header/tensors").Derived("count", size, DerivedKind.Count, "header/keys");
    }

    private static FieldList Key(FieldList f, int version, string key, int type)
    {
        _ = f.Begin();
        string group = $"header/keys/{f.Entry}";
        return f.Derived("header/keys/length", version == 1 ? 4 : 8, DerivedKind.Length, group).Text(group, key).Number("header/keys/type", 4, (ulong)type);
    }

    private static void Number(FieldList f, int version, string key, int type, int width, ulong value) => Key(f, version, key, type).Number("header/keys/value", width, value).End();

    private static void Text(FieldList f, int version, string key, string text) => Value(Key(f, version, key, String), version, text).End();

    private static FieldList Value(FieldList f, int version, string text)
    {
        string group = $"header/keys/{f.Entry}v{f.Fields.Count}";
        return f.Derived("header/keys/length", version == 1 ? 4 : 8, DerivedKind.Length, group).Text(group, text);
    }

    private static void Strings(FieldList f, int version, string key, params string[] texts)
    {
        _ = Key(f, version, key, Array).Number("header/keys/type", 4, String).Number("header/keys/count", version == 1 ? 4 : 8, (ulong)texts.Length);
        foreach (string text in texts)
        {
            _ = Value(f, version, text);
        }

        _ = f.End();
    }

    private static void Numbers(FieldList f, int version, string key, int type, int width, params ulong[] values)
    {
        _ = Key(f, version, key, Array).Number("header/keys/type", 4, (ulong)type).Number("header/keys/count", version == 1 ? 4 : 8, (ulong)values.Length);
        foreach (ulong value in values)
        {
            _ = f.Number("header/keys/value", width, value);
        }

        _ = f.End();
    }

    private static void Tensor(FieldList f, int version, string name, int type, int offset, params ulong[] ne)
    {
        int size = version == 1 ? 4 : 8;
        _ = f.Begin();
        string group = $"header/tensors/{f.Entry}";
        _ = f.Derived("header/tensors/length", size, DerivedKind.Length, group).Text(group, name).Number("header/tensors/dims", 4, (ulong)ne.Length);
        foreach (ulong n in ne)
        {
            _ = f.Number("header/tensors/ne", size, n);
        }

        _ = f.Number("header/tensors/type", 4, (ulong)type).Number("header/tensors/offset", 8, (ulong)offset).End();
    }

    private static FieldList Data(FieldList f, int alignment, params int[] sizes)
    {
        foreach (int size in sizes)
        {
            _ = f.Padding("padding", alignment).Bytes("data", [.. Enumerable.Range(1, size).Select(i => (byte)i)]);
        }

        return f.Padding("padding", alignment);
    }
}
