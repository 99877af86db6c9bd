using System.Runtime.CompilerServices;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;
using LlmToolkit.Engine.Tests.Kernels;
using LlmToolkit.Engine.Tests.Quants;

namespace LlmToolkit.Engine.Tests.Docs;

/// <summary>The worked example of docs/adding-a-quantization.md: its values, its row dots on every level, and whole products.</summary>
public sealed unsafe class Q8_FTests
{
    private const int Rows = 40;
    private const int Columns = 96;

    private static readonly Q8_F s_quant = new();
    private static readonly int s_rowBytes = (int)s_quant.DType.Bytes(Columns);

    public static TheoryData<string, int> LevelsAndTokens => [.. from level in Simd.Available from tokens in new[] { 1, 3, 12, 30 } select (level.ToString(), tokens)];

    [Fact]
    public void Block_Struct_HasTheSizeOfTheFile() => Assert.Equal(s_quant.DType.BlockBytes, Unsafe.SizeOf<BlockQ8_F>());

    [Fact]
    public void Dequantize_RandomBlocks_IsScaleTimesByte()
    {
        byte[] rows = RandomRows();
        float[] values = Values(rows);
        for (int i = 0; i < values.Length; i++)
        {
            int block = i / 32 * 36;
            Assert.Equal(BitConverter.ToSingle(rows, block) * (sbyte)rows[block + 4 + (i % 32)], values[i]);
        }
    }

    [Fact]
    public void Dots_EveryLevel_GiveTheBitsOfTheDefinition()
    {
        using Q8Fixture x = new(TestNumbers.Normal(7, Columns));
        float[] expected = new float[Rows];
        float[] actual = new float[Rows];
        fixed (byte* rows = RandomRows())
        fixed (float* e = expected, a = actual)
        {
            foreach (SimdLevel level in Simd.Available)
            {
                s_quant.DotQ8(SimdLevel.Scalar, rows, s_rowBytes, Rows, x.Row, Columns, e);
                s_quant.DotQ8(level, rows, s_rowBytes, Rows, x.Row, Columns, a);
                Assert.Equal(expected, actual);
                s_quant.DotF32(SimdLevel.Scalar, rows, s_rowBytes, Rows, x.Floats, Columns, e);
                s_quant.DotF32(level, rows, s_rowBytes, Rows, x.Floats, Columns, a);
                Assert.Equal(expected, actual);
            }
        }
    }

    [Theory, MemberData(nameof(LevelsAndTokens))]
    public void MatMul_FastAndExact_IsTheProductOfTheValues(string level, int tokens)
    {
        byte[] bytes = RandomRows();
        float[] values = Values(bytes);
        float[] x = TestNumbers.Normal(9, tokens * Columns);
        using NativeArray<byte> rows = new(bytes);
        foreach (bool exact in new[] { false, true })
        {
            float[] products = Multiply(TestNumbers.Level(level), new WeightMatrix(s_quant, rows.Pointer, s_rowBytes, Rows, Columns, exact), x, tokens);
            for (int i = 0; i < products.Length; i++)
            {
                double[] terms = [.. Enumerable.Range(0, Columns).Select(c => (double)values[(i % Rows * Columns) + c] * x[(i / Rows * Columns) + c])];
                double allowed = (exact ? 1e-5 : 0.04) * Math.Sqrt(terms.Sum(t => t * t));
                Assert.True(Math.Abs(terms.Sum() - products[i]) <= allowed, $"token {i / Rows}, row {i % Rows}: {products[i]}, expected {terms.Sum()} ± {allowed}");
            }
        }
    }

    private static float[] Multiply(SimdLevel level, WeightMatrix matrix, float[] x, int tokens)
    {
        using WorkerPool pool = new(2);
        using Activations activations = new(tokens, Columns, pool.Threads) { Rows = tokens, Level = level };
        using NativeArray<float> y = new(tokens * Rows);
        pool.Run(new EachWorker(worker =>
        {
            (int from, int to) = activations.Share(worker);
            for (int row = from; row < to; row++)
            {
                x.AsSpan(row * Columns, Columns).CopyTo(new Span<float>(activations.Row(worker, row), Columns));
            }

            activations.Publish(worker, matrix.Form);
            MatMul.Run(worker, matrix, activations, y.Pointer, Rows);
        }));
        return y.ToArray();
    }

    private static byte[] RandomRows()
    {
        Random random = new(5);
        byte[] bytes = new byte[Rows * s_rowBytes];
        random.NextBytes(bytes);
        for (int block = 0; block < bytes.Length; block += 36)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(block), (random.NextSingle() - 0.5f) / 64);
        }

        return bytes;
    }

    private static float[] Values(byte[] rows)
    {
        float[] values = new float[Rows * Columns];
        fixed (byte* r = rows)
        fixed (float* v = values)
        {
            s_quant.Dequantize(r, v, values.Length);
        }

        return values;
    }
}
