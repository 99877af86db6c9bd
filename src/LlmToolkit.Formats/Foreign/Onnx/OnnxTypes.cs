namespace LlmToolkit.Formats.Foreign.Onnx;

/// <summary>A type of tensors.</summary>
/// <param name="Bits">Bits of an element; 0 for texts.</param>
/// <param name="DType">Our name of it; null for texts.</param>
/// <param name="Field">Number of the TensorProto field that holds its values when they are no raw bytes.</param>
/// <param name="Values">Values a element takes in that field.</param>
internal readonly record struct OnnxType(int Bits, DType? DType, int Field, int Values = 1);

/// <summary>The numbers of TensorProto.data_type. Source: onnx, onnx/onnx.proto3 (TensorProto.DataType).</summary>
internal static class OnnxTypes
{
    /// <summary>Texts.</summary>
    public const int String = 8;

    /// <summary>Four bits: two in a byte, the first in the lower half.</summary>
    private static readonly DType s_u4 = new("U4", 2, 1) { StorageOnly = true };

    private static readonly DType s_i4 = new("I4", 2, 1) { StorageOnly = true };

    private static readonly DType s_u2 = new("U2", 4, 1) { StorageOnly = true };

    private static readonly DType s_i2 = new("I2", 4, 1) { StorageOnly = true };

    private static readonly OnnxType?[] s_types =
    [
        null,
        new(32, DTypes.F32, 4),
        new(8, DTypes.U8, 5),
        new(8, DTypes.I8, 5),
        new(16, DTypes.U16, 5),
        new(16, DTypes.I16, 5),
        new(32, DTypes.I32, 5),
        new(64, DTypes.I64, 7),
        new(0, null, 6),
        new(8, DTypes.Bool, 5),
        new(16, DTypes.F16, 5),
        new(64, DTypes.F64, 10),
        new(32, DTypes.U32, 11),
        new(64, DTypes.U64, 11),
        new(64, DTypes.C64, 4, 2),
        new(128, DTypes.C128, 10, 2),
        new(16, DTypes.BF16, 5),
        new(8, DTypes.F8_E4M3, 5),
        new(8, DTypes.F8_E4M3FNUZ, 5),
        new(8, DTypes.F8_E5M2, 5),
        new(8, DTypes.F8_E5M2FNUZ, 5),
        new(4, s_u4, 5),
        new(4, s_i4, 5),
        new(4, DTypes.F4, 5),
        new(8, DTypes.F8_E8M0, 5),
        new(2, s_u2, 5),
        new(2, s_i2, 5),
    ];

    /// <summary>The type of that number, or null.</summary>
    public static OnnxType? Find(long number) => number > 0 && number < s_types.Length ? s_types[number] : null;
}
