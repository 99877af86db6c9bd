namespace LlmToolkit.Formats.Safetensors;

/// <summary>Numbers and names of safetensors. Source: huggingface/safetensors, <c>safetensors/src/tensor.rs</c>.</summary>
internal static class SafetensorsConstants
{
    /// <summary>Longest header, in bytes: the limit of the reference reader.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    /// <summary>Bytes of the header's length, before the header.</summary>
    public const int LengthBytes = 8;

    /// <summary>Most tensors of a file. Real files have under 100,000.</summary>
    public const int MaxTensors = 1 << 18;

    /// <summary>Most texts of <c>__metadata__</c>, and most bytes of one. Image adapters carry some hundred, and thumbnails of a few MB.</summary>
    public const int MaxMetadata = 1 << 17, MaxMetadataBytes = 16 << 20;

    /// <summary>Most dimensions of a tensor.</summary>
    public const int MaxDimensions = 64;

    /// <summary>Longest tensor name, in bytes.</summary>
    public const int MaxNameBytes = 1 << 16;

    /// <summary>Most files of a sharded set.</summary>
    public const int MaxShards = 4096;

    /// <summary>The member that holds free text instead of a tensor.</summary>
    public const string MetadataMember = "__metadata__";

    private static readonly Dictionary<string, DType> s_types = new DType[]
    {
        DTypes.Bool, DTypes.F4, DTypes.F6_E2M3, DTypes.F6_E3M2, DTypes.U8, DTypes.I8, DTypes.F8_E5M2, DTypes.F8_E4M3, DTypes.F8_E8M0, DTypes.F8_E4M3FNUZ, DTypes.F8_E5M2FNUZ,
        DTypes.I16, DTypes.U16, DTypes.F16, DTypes.BF16, DTypes.I32, DTypes.U32, DTypes.F32, DTypes.C64, DTypes.F64, DTypes.I64, DTypes.U64,
    }.ToDictionary(t => t.Name);

    /// <summary>The type of that name, or null.</summary>
    public static DType? Type(string name) => s_types.GetValueOrDefault(name);
}
