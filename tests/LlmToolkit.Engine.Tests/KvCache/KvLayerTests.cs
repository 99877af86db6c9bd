using LlmToolkit.Engine.KvCache;
using LlmToolkit.Engine.Tests.Kernels;

namespace LlmToolkit.Engine.Tests.KvCache;

public sealed unsafe class KvLayerTests
{
    [Theory]
    [InlineData(KvType.F16, 64, 64)]
    [InlineData(KvType.F16, 13, 40)]
    [InlineData(KvType.F16, 300, 7)]
    [InlineData(KvType.F32, 13, 40)]
    public void Write_ByManyThreads_ReadsBack(KvType type, int keyDim, int valueDim)
    {
        const int Heads = 3;
        const int Positions = 50;
        using KvLayer layer = new(type, Heads, keyDim, valueDim, Positions);
        using NativeFloats keys = NativeFloats.Random(Heads * Positions * keyDim, 1);
        using NativeFloats values = NativeFloats.Random(Heads * Positions * valueDim, 2);
        Parallel.For(0, Positions * Heads, i => layer.Write(i % Heads, i / Heads, keys.Pointer + (i * keyDim), values.Pointer + (i * valueDim)));
        for (int i = 0; i < Positions * Heads; i++)
        {
            for (int d = 0; d < keyDim; d++)
            {
                Assert.Equal(Stored(type, keys.Span[(i * keyDim) + d]), layer.Key(i % Heads, i / Heads, d));
            }

            for (int d = 0; d < valueDim; d++)
            {
                Assert.Equal(Stored(type, values.Span[(i * valueDim) + d]), layer.Value(i % Heads, i / Heads, d));
            }
        }
    }

    [Fact]
    public void Write_BeyondTheHalfRange_ReadsTheLargestPowerOfTwo()
    {
        using KvLayer layer = new(KvType.F16, 1, 4, 4, 1);
        float* row = stackalloc float[4] { 1e6f, -1e6f, 65504, 1e-9f };
        layer.Write(0, 0, row, row);
        Assert.Equal([65536f, -65536f, 65504f, 0f], Enumerable.Range(0, 4).Select(d => layer.Key(0, 0, d)));
    }

    [Fact]
    public void Constructor_OfALongContext_CommitsNothing()
    {
        // 8 heads × 128 × 512 Ki positions: 2 GiB of addresses. The bound leaves room for other tests' memory.
        long before = Environment.WorkingSet;
        using KvLayer layer = new(KvType.F16, 8, 128, 128, 1 << 19);
        Assert.Equal(2L << 30, layer.Bytes);
        Assert.True(Environment.WorkingSet - before < 1L << 30);
    }

    [Fact]
    public void Constructor_OfATypeThatItCannotStore_SaysSo()
    {
        ModelException error = Assert.Throws<ModelException>(() => new KvLayer(KvType.Q8_0, 1, 64, 64, 16));
        Assert.Contains("Q8_0", error.Diagnostic.Message, StringComparison.Ordinal);
    }

    private static float Stored(KvType type, float value) => type == KvType.F16 ? (float)(Half)value : value;
}
