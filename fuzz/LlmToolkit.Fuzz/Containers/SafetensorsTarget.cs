namespace LlmToolkit.Fuzz;

/// <summary>safetensors files of every dtype, and a set of shards with its index.</summary>
internal sealed class SafetensorsTarget() : ContainerTarget("safetensors")
{
    private const string Every = """
        {"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[1,1],"data_offsets":[8,16]},"c":{"dtype":"U64","shape":[],"data_offsets":[16,24]},
        "d":{"dtype":"C64","shape":[1],"data_offsets":[24,32]},"e":{"dtype":"F32","shape":[2],"data_offsets":[32,40]},"f":{"dtype":"I32","shape":[1],"data_offsets":[40,44]},"g":{"dtype":"U32","shape":[1],"data_offsets":[44,48]},
        "h":{"dtype":"BF16","shape":[2],"data_offsets":[48,52]},"i":{"dtype":"F16","shape":[2],"data_offsets":[52,56]},"j":{"dtype":"I16","shape":[2],"data_offsets":[56,60]},"k":{"dtype":"U16","shape":[2],"data_offsets":[60,64]},
        "l":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[64,65]},"m":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[65,66]},"n":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[66,67]},"o":{"dtype":"I8","shape":[1],"data_offsets":[67,68]},
        "p":{"dtype":"U8","shape":[1],"data_offsets":[68,69]},"q":{"dtype":"BOOL","shape":[1],"data_offsets":[69,70]},"r":{"dtype":"F4","shape":[4],"data_offsets":[70,72]},"s":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[72,75]},
        "t":{"dtype":"F8_E4M3FNUZ","shape":[1],"data_offsets":[75,76]},"u":{"dtype":"F32","shape":[0,7],"data_offsets":[76,76]}}
        """;

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds() =>
    [
        new("plain", File(new FieldList(), Plain(), 96).Fields, "model.safetensors"),
        new("every dtype", File(new FieldList(), Every, 76).Fields, "model.safetensors"),
        new("empty", File(new FieldList(), "{}", 0).Fields, "model.safetensors"),
        new("index", Sharded(index: true).Fields, "model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
        new("shard", Sharded(index: false).Fields, "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"),
    ];

    /// <summary>A small model's file.</summary>
    public static string Plain(string prefix = "model.") => $$$"""
        {"__metadata__":{"format":"pt","x":"\u00e9\n"},"{{{prefix}}}embed.weight":{"dtype":"F32","shape":[2,8],"data_offsets":[0,64]},"{{{prefix}}}norm.weight":{"dtype":"F16","shape":[8],"data_offsets":[64,80]},"{{{prefix}}}head.weight":{"dtype":"BF16","shape":[1,8],"data_offsets":[80,96]}}  
        """;

    /// <summary>Adds a file's fields.</summary>
    public static FieldList File(FieldList f, string json, int data) =>
        f.Derived("length", 8, DerivedKind.Length, "json").Words("json", FieldKind.Json, Words.Json(json)).Bytes("data", [.. Enumerable.Range(0, data).Select(i => (byte)i)]);

    /// <summary>The words of an index over two shards.</summary>
    public static string Index => """
        {"metadata":{"total_size":192},"weight_map":{"a.embed.weight":"model-00001-of-00002.safetensors","a.norm.weight":"model-00001-of-00002.safetensors","a.head.weight":"model-00001-of-00002.safetensors",
        "b.embed.weight":"model-00002-of-00002.safetensors","b.norm.weight":"model-00002-of-00002.safetensors","b.head.weight":"model-00002-of-00002.safetensors"}}
        """;

    private static FieldList Sharded(bool index)
    {
        FieldList f = new();
        _ = index ? f.Words("json", FieldKind.Json, Words.Json(Index)) : File(f, Plain("a."), 96);
        f.File = 1;
        _ = File(f, Plain(index ? "a." : "b."), 96);
        f.File = 2;
        return index ? File(f, Plain("b."), 96) : f.Words("json", FieldKind.Json, Words.Json(Index));
    }
}
