namespace LlmToolkit.Core.Tests.Tensors;

public sealed class TensorShapeTests
{
    public static TheoryData<long[], long, long, long, string> Shapes => new()
    {
        { [], 1, 1, 1, "[]" },
        { [5], 5, 1, 5, "[5]" },
        { [2, 3], 6, 2, 3, "[2, 3]" },
        { [4, 2, 3], 24, 8, 3, "[4, 2, 3]" },
        { [0, 3], 0, 0, 3, "[0, 3]" },
        { [3, 0], 0, 3, 0, "[3, 0]" },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Shape_Dimensions_GiveElementsRowsAndColumns(long[] dimensions, long elements, long rows, long columns, string text)
    {
        TensorShape shape = new(dimensions);

        Assert.Equal((elements, rows, columns, text), (shape.Elements, shape.Rows, shape.Columns, shape.ToString()));
        Assert.Equal(dimensions, shape);
        Assert.Equal(dimensions.Length, shape.Count);
    }

    [Fact]
    public void Equality_OfDimensions_IsByValue()
    {
        TensorShape shape = [2, 3];

        Assert.True(shape == new TensorShape(2, 3));
        Assert.True(shape != new TensorShape(3, 2));
        Assert.Equal(shape.GetHashCode(), new TensorShape(2, 3).GetHashCode());
        Assert.Equal(default, new TensorShape());
        Assert.False(shape.Equals((object?)null));
    }

    [Fact]
    public void Elements_BeyondTheRange_Throws()
    {
        TensorShape shape = [1L << 40, 1L << 40];

        Assert.Throws<OverflowException>(() => shape.Elements);
        Assert.Throws<OverflowException>(() => new TensorShape(1L << 40, 1L << 40, 1).Rows);
    }
}
