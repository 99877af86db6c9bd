namespace LlmToolkit.Core.Tests.Tensors;

public sealed class DTypesTests
{
    /// <summary>ggml's number, name, weights and bytes of a block. Source: ggml, <c>src/ggml.c</c> (type_traits), <c>ggml-common.h</c>.</summary>
    public static TheoryData<int, string, int, int> Ggml => new()
    {
        { 0, "F32", 1, 4 },
        { 1, "F16", 1, 2 },
        { 2, "Q4_0", 32, 18 },
        { 3, "Q4_1", 32, 20 },
        { 6, "Q5_0", 32, 22 },
        { 7, "Q5_1", 32, 24 },
        { 8, "Q8_0", 32, 34 },
        { 9, "Q8_1", 32, 36 },
        { 10, "Q2_K", 256, 84 },
        { 11, "Q3_K", 256, 110 },
        { 12, "Q4_K", 256, 144 },
        { 13, "Q5_K", 256, 176 },
        { 14, "Q6_K", 256, 210 },
        { 15, "Q8_K", 256, 292 },
        { 16, "IQ2_XXS", 256, 66 },
        { 17, "IQ2_XS", 256, 74 },
        { 18, "IQ3_XXS", 256, 98 },
        { 19, "IQ1_S", 256, 50 },
        { 20, "IQ4_NL", 32, 18 },
        { 21, "IQ3_S", 256, 110 },
        { 22, "IQ2_S", 256, 82 },
        { 23, "IQ4_XS", 256, 136 },
        { 24, "I8", 1, 1 },
        { 25, "I16", 1, 2 },
        { 26, "I32", 1, 4 },
        { 27, "I64", 1, 8 },
        { 28, "F64", 1, 8 },
        { 29, "IQ1_M", 256, 56 },
        { 30, "BF16", 1, 2 },
        { 34, "TQ1_0", 256, 54 },
        { 35, "TQ2_0", 256, 66 },
        { 39, "MXFP4", 32, 17 },
        { 40, "NVFP4", 64, 36 },
        { 41, "Q1_0", 128, 18 },
        { 42, "Q2_0", 64, 18 },
    };

    [Theory, MemberData(nameof(Ggml))]
    public void FromGgml_KnownNumber_GivesTheGeometryOfTheFile(int id, string name, int length, int bytes)
    {
        DType type = DTypes.FromGgml(id)!;

        Assert.Equal((name, length, bytes), (type.Name, type.BlockLength, type.BlockBytes));
        Assert.Same(type, DTypes.Find(name));
        Assert.Equal(3L * bytes, type.Bytes(3L * length));
        Assert.Equal(length > 1, type.IsBlock);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(36)]
    [InlineData(37)]
    [InlineData(38)]
    [InlineData(43)]
    [InlineData(-1)]
    public void FromGgml_RemovedOrUnknownNumber_IsNull(int id) => Assert.Null(DTypes.FromGgml(id));

    [Theory]
    [InlineData("U8", 1)]
    [InlineData("U16", 2)]
    [InlineData("U32", 4)]
    [InlineData("U64", 8)]
    [InlineData("BOOL", 1)]
    [InlineData("C32", 4)]
    [InlineData("C64", 8)]
    [InlineData("C128", 16)]
    [InlineData("F8_E4M3", 1)]
    [InlineData("F8_E5M2", 1)]
    [InlineData("F8_E8M0", 1)]
    public void Find_PlainType_HasItsSize(string name, int bytes) => Assert.Equal((1, bytes), (DTypes.Find(name)!.BlockLength, DTypes.Find(name)!.BlockBytes));

    [Fact]
    public void All_NamesAndNumbers_AreUnique()
    {
        Assert.Equal(DTypes.All.Count, DTypes.All.Select(t => t.Name).Distinct().Count());
        int[] numbers = [.. DTypes.All.Select(t => t.GgmlId).OfType<int>()];
        Assert.Equal(numbers.Length, numbers.Distinct().Count());
        Assert.Equal(Ggml.Count, numbers.Length);
    }

    [Fact]
    public void Bytes_BeyondTheRange_Throws() => Assert.Throws<OverflowException>(() => DTypes.F64.Bytes(long.MaxValue / 2));
}
