namespace LlmToolkit;

/// <summary>Every type the toolkit knows, one line a type. Ids: ggml, <c>include/ggml.h</c> (enum ggml_type).</summary>
public static class DTypes
{
    /// <summary>32-bit float.</summary>
    public static readonly DType F32 = new("F32", 1, 4) { GgmlId = 0 };

    /// <summary>16-bit IEEE float.</summary>
    public static readonly DType F16 = new("F16", 1, 2) { GgmlId = 1 };

    /// <summary>16-bit float with the exponent of F32.</summary>
    public static readonly DType BF16 = new("BF16", 1, 2) { GgmlId = 30 };

    /// <summary>64-bit float.</summary>
    public static readonly DType F64 = Plain("F64", 8, 28);

    /// <summary>Signed 8-bit integer.</summary>
    public static readonly DType I8 = Plain("I8", 1, 24);

    /// <summary>Signed 16-bit integer.</summary>
    public static readonly DType I16 = Plain("I16", 2, 25);

    /// <summary>Signed 32-bit integer.</summary>
    public static readonly DType I32 = Plain("I32", 4, 26);

    /// <summary>Signed 64-bit integer.</summary>
    public static readonly DType I64 = Plain("I64", 8, 27);

    /// <summary>Unsigned 8-bit integer.</summary>
    public static readonly DType U8 = Plain("U8", 1);

    /// <summary>Unsigned 16-bit integer.</summary>
    public static readonly DType U16 = Plain("U16", 2);

    /// <summary>Unsigned 32-bit integer.</summary>
    public static readonly DType U32 = Plain("U32", 4);

    /// <summary>Unsigned 64-bit integer.</summary>
    public static readonly DType U64 = Plain("U64", 8);

    /// <summary>One byte, 0 or 1.</summary>
    public static readonly DType Bool = Plain("BOOL", 1);

    /// <summary>Two 16-bit floats: real, imaginary.</summary>
    public static readonly DType C32 = Plain("C32", 4);

    /// <summary>Two 32-bit floats: real, imaginary.</summary>
    public static readonly DType C64 = Plain("C64", 8);

    /// <summary>Two 64-bit floats: real, imaginary.</summary>
    public static readonly DType C128 = Plain("C128", 16);

    /// <summary>8-bit float, 4 exponent and 3 mantissa bits.</summary>
    public static readonly DType F8_E4M3 = Plain("F8_E4M3", 1);

    /// <summary>8-bit float, 5 exponent and 2 mantissa bits.</summary>
    public static readonly DType F8_E5M2 = Plain("F8_E5M2", 1);

    /// <summary>8-bit power of two.</summary>
    public static readonly DType F8_E8M0 = Plain("F8_E8M0", 1);

    /// <summary>8-bit float, 4 exponent and 3 mantissa bits, bias 8, without infinities and negative zero.</summary>
    public static readonly DType F8_E4M3FNUZ = Plain("F8_E4M3FNUZ", 1);

    /// <summary>8-bit float, 5 exponent and 2 mantissa bits, bias 16, without infinities and negative zero.</summary>
    public static readonly DType F8_E5M2FNUZ = Plain("F8_E5M2FNUZ", 1);

    /// <summary>Four 6-bit floats, 2 exponent and 3 mantissa bits, in three bytes.</summary>
    public static readonly DType F6_E2M3 = new("F6_E2M3", 4, 3) { StorageOnly = true };

    /// <summary>Four 6-bit floats, 3 exponent and 2 mantissa bits, in three bytes.</summary>
    public static readonly DType F6_E3M2 = new("F6_E3M2", 4, 3) { StorageOnly = true };

    /// <summary>Two 4-bit floats in a byte.</summary>
    public static readonly DType F4 = new("F4", 2, 1) { StorageOnly = true };

    /// <summary>32 weights of 4 bits with one half scale.</summary>
    public static readonly DType Q4_0 = Block("Q4_0", 32, 18, 2);

    /// <summary>32 weights of 4 bits with half scale and minimum.</summary>
    public static readonly DType Q4_1 = Block("Q4_1", 32, 20, 3);

    /// <summary>32 weights of 5 bits with one half scale.</summary>
    public static readonly DType Q5_0 = Block("Q5_0", 32, 22, 6);

    /// <summary>32 weights of 5 bits with half scale and minimum.</summary>
    public static readonly DType Q5_1 = Block("Q5_1", 32, 24, 7);

    /// <summary>32 weights of 8 bits with one half scale.</summary>
    public static readonly DType Q8_0 = Block("Q8_0", 32, 34, 8);

    /// <summary>256 weights of 4 bits in 8 groups with 6-bit scales and minimums.</summary>
    public static readonly DType Q4_K = Block("Q4_K", 256, 144, 12);

    /// <summary>256 weights of 5 bits in 8 groups with 6-bit scales and minimums.</summary>
    public static readonly DType Q5_K = Block("Q5_K", 256, 176, 13);

    /// <summary>256 weights of 6 bits in 16 groups with 8-bit scales.</summary>
    public static readonly DType Q6_K = Block("Q6_K", 256, 210, 14);

    /// <summary>Every type, plain ones first.</summary>
    public static IReadOnlyList<DType> All { get; } =
    [
        F32, F16, BF16, F64, I8, I16, I32, I64, U8, U16, U32, U64, Bool, C32, C64, C128, F8_E4M3, F8_E5M2, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ, F6_E2M3, F6_E3M2, F4,
        Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K,
        Stored("Q8_1", 32, 36, 9), Stored("Q2_K", 256, 84, 10), Stored("Q3_K", 256, 110, 11), Stored("Q8_K", 256, 292, 15),
        Stored("IQ2_XXS", 256, 66, 16), Stored("IQ2_XS", 256, 74, 17), Stored("IQ3_XXS", 256, 98, 18), Stored("IQ1_S", 256, 50, 19),
        Stored("IQ4_NL", 32, 18, 20), Stored("IQ3_S", 256, 110, 21), Stored("IQ2_S", 256, 82, 22), Stored("IQ4_XS", 256, 136, 23),
        Stored("IQ1_M", 256, 56, 29), Stored("TQ1_0", 256, 54, 34), Stored("TQ2_0", 256, 66, 35), Stored("MXFP4", 32, 17, 39),
        Stored("NVFP4", 64, 36, 40), Stored("Q1_0", 128, 18, 41), Stored("Q2_0", 64, 18, 42),
    ];

    /// <summary>The type of that name, or null.</summary>
    public static DType? Find(string name) => All.FirstOrDefault(t => t.Name == name);

    /// <summary>The type with that ggml number, or null.</summary>
    public static DType? FromGgml(int id) => All.FirstOrDefault(t => t.GgmlId == id);

    private static DType Plain(string name, int bytes, int? ggml = null) => new(name, 1, bytes) { GgmlId = ggml, StorageOnly = true };

    private static DType Block(string name, int length, int bytes, int ggml) => new(name, length, bytes) { GgmlId = ggml };

    private static DType Stored(string name, int length, int bytes, int ggml) => new(name, length, bytes) { GgmlId = ggml, StorageOnly = true };
}
