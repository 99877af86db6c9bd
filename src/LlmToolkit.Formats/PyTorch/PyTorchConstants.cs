namespace LlmToolkit.Formats.PyTorch;

/// <summary>A class of storage: what its elements are.</summary>
/// <param name="Name">The class, for example <c>FloatStorage</c>.</param>
/// <param name="ElementBytes">Bytes of an element.</param>
/// <param name="DType">The type; null where the toolkit has none (quantized types).</param>
internal sealed record StorageClass(string Name, int ElementBytes, DType? DType);

/// <summary>Names of torch's types. Sources: pytorch, torch/storage.py, c10/core/ScalarType.h.</summary>
internal static class PyTorchConstants
{
    /// <summary>The pickled integer 0x1950A86A20F9469CFC6C: begins every file of the form before torch 1.6.</summary>
    public static ReadOnlySpan<byte> LegacyMagic => [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E];

    /// <summary>The same as protocols 0 and 1 write it.</summary>
    private static ReadOnlySpan<byte> LegacyMagicAsText => "L119547037146038801333356L\n."u8;

    /// <summary>Bytes of the magic number at the start of a file, which any pickle protocol may have written; 0: there is none.</summary>
    public static int LegacyMagicLength(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith(LegacyMagicAsText))
        {
            return LegacyMagicAsText.Length;
        }

        const int Protocol = 2, Frame = 9;
        ReadOnlySpan<byte> number = LegacyMagic[Protocol..];
        int at = head is [0x80, <= 5, ..] ? Protocol : head.Length;
        at += head[at..] is [0x95, _, 0, 0, 0, 0, 0, 0, 0, ..] ? Frame : 0;
        return head[at..].StartsWith(number) ? at + number.Length : 0;
    }

    /// <summary>The version of the legacy form.</summary>
    public const long LegacyProtocol = 1001;

    /// <summary>The largest version of a zip that torch reads.</summary>
    public const int MaxVersion = 10;

    /// <summary>A storage without a type; it counts bytes.</summary>
    public static readonly StorageClass Untyped = new("UntypedStorage", 1, DTypes.U8);

    /// <summary>Storage classes in the modules torch and torch.cuda.</summary>
    public static readonly IReadOnlyList<StorageClass> Storages =
    [
        new("DoubleStorage", 8, DTypes.F64),
        new("FloatStorage", 4, DTypes.F32),
        new("HalfStorage", 2, DTypes.F16),
        new("BFloat16Storage", 2, DTypes.BF16),
        new("LongStorage", 8, DTypes.I64),
        new("IntStorage", 4, DTypes.I32),
        new("ShortStorage", 2, DTypes.I16),
        new("CharStorage", 1, DTypes.I8),
        new("ByteStorage", 1, DTypes.U8),
        new("BoolStorage", 1, DTypes.Bool),
        new("ComplexDoubleStorage", 16, DTypes.C128),
        new("ComplexFloatStorage", 8, DTypes.C64),
        new("QInt8Storage", 1, null),
        new("QUInt8Storage", 1, null),
        new("QInt32Storage", 4, null),
        new("QUInt4x2Storage", 1, null),
        new("QUInt2x4Storage", 1, null),
    ];

    /// <summary>Types in the module torch, with what the toolkit calls them.</summary>
    public static readonly IReadOnlyList<(string Name, DType DType)> Types =
    [
        ("float32", DTypes.F32), ("float", DTypes.F32), ("float64", DTypes.F64), ("double", DTypes.F64), ("float16", DTypes.F16), ("half", DTypes.F16), ("bfloat16", DTypes.BF16),
        ("float8_e4m3fn", DTypes.F8_E4M3), ("float8_e5m2", DTypes.F8_E5M2), ("float8_e8m0fnu", DTypes.F8_E8M0), ("float8_e4m3fnuz", DTypes.F8_E4M3FNUZ), ("float8_e5m2fnuz", DTypes.F8_E5M2FNUZ), ("float4_e2m1fn_x2", DTypes.F4),
        ("int8", DTypes.I8), ("int16", DTypes.I16), ("short", DTypes.I16), ("int32", DTypes.I32), ("int", DTypes.I32), ("int64", DTypes.I64), ("long", DTypes.I64),
        ("uint8", DTypes.U8), ("uint16", DTypes.U16), ("uint32", DTypes.U32), ("uint64", DTypes.U64), ("bool", DTypes.Bool),
        ("complex32", DTypes.C32), ("chalf", DTypes.C32), ("complex64", DTypes.C64), ("cfloat", DTypes.C64), ("complex128", DTypes.C128), ("cdouble", DTypes.C128),
    ];

    /// <summary>Types that torch knows and the toolkit has no name for: a tensor of them is refused, naming them is harmless.</summary>
    public static readonly IReadOnlyList<string> OtherTypes =
    [
        "quint8", "qint8", "qint32", "quint4x2", "quint2x4", "bits8", "bits16", "bits1x8", "bits2x4", "bits4x2",
        "uint1", "uint2", "uint3", "uint4", "uint5", "uint6", "uint7", "int1", "int2", "int3", "int4", "int5", "int6", "int7",
    ];

    /// <summary>Keys under which checkpoints keep their weights, likeliest first.</summary>
    public static readonly IReadOnlyList<string> Nests =
        ["state_dict", "model_state_dict", "model", "module", "language_model", "params", "weights", "network", "ema", "model_ema", "generator"];

    /// <summary>Prefixes that wrappers of a model (DataParallel, torch.compile, DeepSpeed, PEFT) put before every name.</summary>
    public static readonly IReadOnlyList<string> WrapperPrefixes = ["module.", "_orig_mod.", "_forward_module.", "base_model.model."];
}
