using LlmToolkit.Text;

namespace LlmToolkit.Tests.Embedding;

public sealed class PoolingTests
{
    private static readonly float[] Hidden = [1, -2, 3, 4, 5, -6];

    [Theory]
    [InlineData("mean", 3f, -4f / 3)]
    [InlineData("cls", 1f, -2f)]
    [InlineData("lasttoken", 5f, -6f)]
    [InlineData("max", 5f, 4f)]
    [InlineData("weightedmean", (1f + 6 + 15) / 6, (-2f + 8 - 18) / 6)]
    [InlineData("mean_sqrt_len_tokens", 9f / 1.7320508f, -4f / 1.7320508f)]
    public void Pool_Mode_ThreeTokensOfWidthTwo(string mode, float x, float y)
    {
        float[] vector = Pooling.Pool(Hidden, 2, new PoolingOptions { Mode = mode });

        Assert.Equal(x, vector[0], 1e-6f);
        Assert.Equal(y, vector[1], 1e-6f);
    }

    [Fact]
    public void Pool_Normalize_HasLengthOne()
    {
        Assert.Equal([-0.6f, 0.8f], Pooling.Pool([-3, 4], 2, new PoolingOptions { Normalize = true }));
        Assert.Equal([0f, 0f], Pooling.Pool([0, 0], 2, new PoolingOptions { Normalize = true }));
    }

    [Fact]
    public void Pool_UnknownMode_SaysWhichAreKnown()
    {
        ModelException error = Assert.Throws<ModelException>(() => Pooling.Pool(Hidden, 2, new PoolingOptions { Mode = "none" }));

        Assert.Equal("LT3251", error.Diagnostic.Code);
        Assert.Contains("\"none\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("weightedmean", error.Message, StringComparison.Ordinal);
    }
}
