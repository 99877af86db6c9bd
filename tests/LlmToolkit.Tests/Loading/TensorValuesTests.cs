namespace LlmToolkit.Tests.Loading;

public sealed class TensorValuesTests
{
    /// <summary>Type, little-endian bytes in hexadecimal, values.</summary>
    public static TheoryData<string, string, float[]> Rows => new()
    {
        { "F32", "0000803F000000C0", [1, -2] },
        { "F16", "003C00C0FF7B0100", [1, -2, 65504, 5.9604645e-8f] },
        { "BF16", "803F00C0", [1, -2] },
        { "F64", "000000000000F03F00000000000004C0", [1, -2.5f] },
        { "I8", "00017F80FF", [0, 1, 127, -128, -1] },
        { "I16", "FF7F0080", [32767, -32768] },
        { "I32", "FFFFFFFF00000001", [-1, 16777216] },
        { "I64", "FEFFFFFFFFFFFFFF", [-2] },
        { "U8", "00FF", [0, 255] },
        { "U16", "FFFF", [65535] },
        { "U32", "000000FF", [4278190080] },
        { "U64", "FFFFFFFFFFFFFFFF", [18446744073709551615f] },
        { "BOOL", "0001", [0, 1] },
        { "F8_E4M3", "00384878087E01FEFF", [0, 1, 4, 256, 0.015625f, 448, 0.001953125f, -448, float.NaN] },
        { "F8_E5M2", "003CBC7B7C FC0104 7F", [0, 1, -1, 57344, float.PositiveInfinity, float.NegativeInfinity, 1.52587890625e-5f, 6.103515625e-5f, float.NaN] },
        { "F8_E8M0", "7F7E80FF00", [1, 0.5f, 2, float.NaN, 5.877471754111438e-39f] },
    };

    [Theory, MemberData(nameof(Rows))]
    public void ToFloats_Row_GivesItsValues(string type, string hex, float[] expected)
    {
        ArgumentNullException.ThrowIfNull(hex);
        ArgumentNullException.ThrowIfNull(expected);
        float[] values = new float[expected.Length];

        TensorValues.ToFloats(DTypes.Find(type)!, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), values);

        Assert.Equal(expected, values);
    }

    [Fact]
    public void ToFloats_Block_IsDequantized()
    {
        byte[] block = [0x00, 0x38, .. Enumerable.Range(0, 32).Select(i => (byte)(i - 16))];
        float[] values = new float[32];

        TensorValues.ToFloats(DTypes.Q8_0, block, values);

        Assert.Equal(Enumerable.Range(0, 32).Select(i => (i - 16) / 2f), values);
    }

    [Theory]
    [InlineData("C64")]
    [InlineData("F4")]
    [InlineData("IQ1_S")]
    public void ToFloats_TypeWithoutValues_IsRefusedByName(string name)
    {
        DType type = DTypes.Find(name)!;
        Diagnostic error = Assert.Throws<ModelException>(() => TensorValues.ToFloats(type, new byte[type.BlockBytes], new float[type.BlockLength])).Diagnostic;

        Assert.Equal(("LT2104", name), (error.Code, error.Field));
    }

    [Fact]
    public void ToFloats_WrongLength_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorValues.ToFloats(DTypes.F32, new byte[8], new float[3]));
}
