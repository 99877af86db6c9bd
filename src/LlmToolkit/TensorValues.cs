using System.Buffers.Binary;
using LlmToolkit.Engine;

namespace LlmToolkit;

/// <summary>Values of stored tensors as floats.</summary>
public static class TensorValues
{
    /// <summary>Dequantizes or converts a row of little-endian bytes.</summary>
    /// <param name="type">Type of the stored elements.</param>
    /// <param name="row">Whole blocks.</param>
    /// <param name="values">Where the values go; its length is the number of elements.</param>
    /// <exception cref="ModelException">Values of this type cannot be computed.</exception>
    public static void ToFloats(DType type, ReadOnlySpan<byte> row, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentOutOfRangeException.ThrowIfNotEqual(row.Length, type.Bytes(values.Length), nameof(row));
        if (Dequantizer.TryRun(type, row, values))
        {
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = One(type, row.Slice(i * type.BlockBytes, type.BlockBytes));
        }
    }

    private static float One(DType type, ReadOnlySpan<byte> bytes) => type.Name switch
    {
        "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        "I8" => (sbyte)bytes[0],
        "I16" => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        "I32" => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        "I64" => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        "U8" => bytes[0],
        "BOOL" => bytes[0] == 0 ? 0 : 1,
        "U16" => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        "U32" => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        "U64" => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        "F8_E4M3" => Float8(bytes[0], 4, 7, finite: true),
        "F8_E5M2" => Float8(bytes[0], 5, 15, finite: false),
        "F8_E8M0" => bytes[0] == 255 ? float.NaN : MathF.ScaleB(1, bytes[0] - 127),
        _ => throw Loading.LoadingErrors.NoValues(type),
    };

    /// <summary>OCP 8-bit floats; the finite kind has no infinities and one NaN (all ones).</summary>
    private static float Float8(byte bits, int exponentBits, int bias, bool finite)
    {
        int mantissaBits = 7 - exponentBits;
        int exponent = (bits & 0x7F) >> mantissaBits;
        int mantissa = bits & ((1 << mantissaBits) - 1);
        float sign = (bits & 0x80) != 0 ? -1 : 1;
        bool top = exponent == (1 << exponentBits) - 1;
        return top && finite && mantissa == (1 << mantissaBits) - 1 ? float.NaN
            : top && !finite ? (mantissa == 0 ? sign * float.PositiveInfinity : float.NaN)
            : exponent == 0 ? sign * MathF.ScaleB(mantissa, 1 - bias - mantissaBits)
            : sign * MathF.ScaleB((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits);
    }
}
