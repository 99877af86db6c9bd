using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Tests.Kernels;

public sealed unsafe class MatMulTests
{
    private static readonly int[] s_tokens = [1, 2, 3, 4, 5, 12, 13, 40];

    public static TheoryData<string, int> LevelsAndThreads => [.. from level in Simd.Available from threads in new[] { 1, 2, 4 } select (level.ToString(), threads)];

    [Theory, MemberData(nameof(LevelsAndThreads))]
    public void Run_FloatWeights_EqualsDoubleAndTheSameBitsInEveryShape(string level, int threads)
    {
        using WorkerPool pool = new(threads);
        foreach ((int rows, int columns) in new[] { (1, 1), (33, 70), (100, 64), (31, 1100) })
        {
            using NativeArray<float> weights = new(TestNumbers.Normal(rows, rows * columns));
            WeightMatrix matrix = new(new F32(), (byte*)weights.Pointer, columns * sizeof(float), rows, columns, false);
            float[] x = TestNumbers.Normal(columns, 40 * columns);
            float[] all = Multiply(pool, TestNumbers.Level(level), matrix, x, 40);
            Check(weights.ToArray(), x, all, rows, columns, 40);
            foreach (int tokens in s_tokens)
            {
                float[] some = Multiply(pool, TestNumbers.Level(level), matrix, x[..(tokens * columns)], tokens);
                Check(weights.ToArray(), x, some, rows, columns, tokens);
                if (tokens >= Activations.FewestForPanels)
                {
                    Assert.Equal(TestNumbers.Bits(all.AsSpan(0, tokens * rows)), TestNumbers.Bits(some));
                }
            }
        }
    }

    [Theory, MemberData(nameof(LevelsAndThreads))]
    public void Run_ByteWeights_EqualsDoubleAndTheSameBitsOnEveryLevel(string level, int threads)
    {
        using WorkerPool one = new(1);
        using WorkerPool pool = new(threads);
        foreach (int maxValue in new[] { 15, 63, 255 })
        {
            const int Rows = 70;
            foreach (int columns in new[] { 32, 4128 })
            {
                CodedWeights quant = new(maxValue);
                byte[] bytes = new byte[Rows * columns];
                new Random(maxValue).NextBytes(bytes);
                using NativeArray<byte> weights = new([.. bytes.Select(b => (byte)(b & maxValue))]);
                WeightMatrix matrix = new(quant, weights.Pointer, columns, Rows, columns, false);
                float[] values = new float[Rows * columns];
                for (int r = 0; r < Rows; r++)
                {
                    fixed (float* row = &values[r * columns])
                    {
                        quant.Dequantize(weights.Pointer + (r * columns), row, columns);
                    }
                }

                foreach (int tokens in s_tokens)
                {
                    float[] x = TestNumbers.Normal(columns, tokens * columns);
                    float[] products = Multiply(pool, TestNumbers.Level(level), matrix, x, tokens);
                    Check(values, x, products, Rows, columns, tokens, 0.01);
                    if (tokens >= Activations.FewestForPanels)
                    {
                        Assert.Equal(TestNumbers.Bits(Multiply(one, SimdLevel.V128, matrix, x, tokens)), TestNumbers.Bits(products));
                    }

                    WeightMatrix exact = new(quant, weights.Pointer, columns, Rows, columns, true);
                    Check(values, x, Multiply(pool, TestNumbers.Level(level), exact, x, tokens), Rows, columns, tokens);
                }
            }
        }
    }

    [Theory, InlineData(1), InlineData(3), InlineData(9)]
    public void Run_RowOrderBiasAndAccumulate_AddsThemToTheRightRows(int tokens)
    {
        const int Rows = 50;
        const int Columns = 40;
        using WorkerPool pool = new(2);
        using NativeArray<float> weights = new(TestNumbers.Normal(1, Rows * Columns));
        using NativeArray<float> bias = new(TestNumbers.Normal(2, Rows));
        int[] order = [.. Enumerable.Range(0, Rows / 2).Select(i => 2 * i), .. Enumerable.Range(0, Rows / 2).Select(i => Rows - 1 - (2 * i))];
        float[] x = TestNumbers.Normal(3, tokens * Columns);
        WeightMatrix plain = new(new F32(), (byte*)weights.Pointer, Columns * sizeof(float), Rows, Columns, false);
        WeightMatrix ordered = new(new F32(), (byte*)weights.Pointer, Columns * sizeof(float), Rows, Columns, false) { RowOrder = order, Bias = bias.Pointer };
        float[] products = Multiply(pool, Simd.Level, plain, x, tokens);
        float[] start = TestNumbers.Normal(4, tokens * Rows);

        float[] written = Multiply(pool, Simd.Level, ordered, x, tokens);
        float[] added = Multiply(pool, Simd.Level, ordered, x, tokens, start);

        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < Rows; r++)
            {
                float expected = products[(t * Rows) + order[r]] + bias.Span[r];
                Assert.Equal(expected, written[(t * Rows) + r]);
                Assert.Equal(start[(t * Rows) + r] + expected, added[(t * Rows) + r]);
            }
        }
    }

    [Theory, InlineData(1), InlineData(3), InlineData(30)]
    public void Run_Repeatedly_AllocatesNothing(int tokens)
    {
        const int Columns = 256;
        using WorkerPool pool = new(2);
        foreach (Quant quant in new Quant[] { new F16(), new CodedWeights(63) })
        {
            using NativeArray<byte> weights = new(64 * (int)quant.DType.Bytes(Columns));
            WeightMatrix matrix = new(quant, weights.Pointer, (nint)quant.DType.Bytes(Columns), 64, Columns, false);
            using Activations activations = new(tokens, Columns, pool.Threads) { Rows = tokens };
            using NativeArray<float> y = new(tokens * 64);
            Product product = new(matrix, activations, new float[tokens * Columns], y.Pointer, false);
            pool.Run(product);
            product.Allocated = 0;

            for (int i = 0; i < 50; i++)
            {
                pool.Run(product);
            }

            Assert.Equal(0, product.Allocated);
        }
    }

    [Fact]
    public void Run_FormNotPublished_Throws()
    {
        using WorkerPool pool = new(1);
        using Activations x = new(1, 32, 1) { Rows = 1 };
        using NativeArray<float> y = new(1);
        WeightMatrix matrix = new(new F32(), null, 128, 1, 32, false);

        Assert.Throws<InvalidOperationException>(() => pool.Run(new WorkerPoolTests.Work(worker => MatMul.Run(worker, matrix, x, y.Pointer, 1))));
    }

    private static float[] Multiply(WorkerPool pool, SimdLevel level, WeightMatrix matrix, float[] x, int tokens, float[]? start = null)
    {
        using Activations activations = new(tokens, matrix.Columns, pool.Threads) { Rows = tokens, Level = level };
        using NativeArray<float> y = new(start ?? new float[tokens * matrix.Rows]);
        pool.Run(new Product(matrix, activations, x, y.Pointer, start is not null));
        return y.ToArray();
    }

    private static void Check(float[] weights, float[] x, float[] y, int rows, int columns, int tokens, double tolerance = 1e-5)
    {
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < rows; r++)
            {
                double sum = 0;
                double size = 0;
                for (int c = 0; c < columns; c++)
                {
                    double product = (double)weights[(r * columns) + c] * x[(t * columns) + c];
                    sum += product;
                    size += product * product;
                }

                // Errors of rounding grow with the root of the number of products, as a random sum does.
                if (!(Math.Abs(sum - y[(t * rows) + r]) <= (tolerance * 4 * Math.Sqrt(size)) + 1e-7))
                {
                    Assert.Fail($"token {t} row {r} of {rows} x {columns}: {y[(t * rows) + r]}, expected {sum}");
                }
            }
        }
    }

    private sealed class Product(WeightMatrix matrix, Activations x, float[] values, float* y, bool accumulate) : IParallelWork
    {
        private readonly float* _y = y;

        public long Allocated;

        public void Run(Worker worker)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            (int from, int to) = x.Share(worker);
            for (int row = from; row < to; row++)
            {
                values.AsSpan(row * x.Width, x.Width).CopyTo(new Span<float>(x.Row(worker, row), x.Width));
            }

            x.Publish(worker, matrix.Form);
            MatMul.Run(worker, matrix, x, _y, matrix.Rows, accumulate);
            worker.Barrier();
            Interlocked.Add(ref Allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    /// <summary>A weight type for tests: a byte is a weight; scale and minimum follow from the row's first byte of a block.</summary>
    private sealed class CodedWeights(int maxValue) : Quant
    {
        public override DType DType { get; } = new("CODED", 32, 32);

        public override ActivationForms FastForm => ActivationForms.Q8;

        public override PanelU8? Panel { get; } = new(32, maxValue);

        public override void Dequantize(byte* row, float* values, int count)
        {
            for (int i = 0; i < count; i++)
            {
                values[i] = (Scale(row + (i / 32 * 32)) * row[i]) + Minimum(row + (i / 32 * 32));
            }
        }

        public override void DotF32(SimdLevel level, byte* rows, nint rowBytes, int count, float* x, int columns, float* y)
        {
            for (int r = 0; r < count; r++, rows += rowBytes)
            {
                double sum = 0;
                for (int i = 0; i < columns; i++)
                {
                    sum += ((Scale(rows + (i / 32 * 32)) * rows[i]) + Minimum(rows + (i / 32 * 32))) * x[i];
                }

                y[r] = (float)sum;
            }
        }

        public override void DotQ8(SimdLevel level, byte* rows, nint rowBytes, int count, in Q8Row x, int columns, float* y)
        {
            for (int r = 0; r < count; r++, rows += rowBytes)
            {
                double sum = 0;
                for (int b = 0; b < columns / 32; b++)
                {
                    int dot = 0;
                    for (int i = 0; i < 32; i++)
                    {
                        dot += rows[(b * 32) + i] * x.Quants[(b * 32) + i];
                    }

                    sum += (Scale(rows + (b * 32)) * dot * x.Scales[b]) + (Minimum(rows + (b * 32)) * x.ScaledSums[b]);
                }

                y[r] = (float)sum;
            }
        }

        public override void MakePanelF32(SimdLevel level, byte** rows, int columns, float* panel, float* scratch)
        {
            for (int r = 0; r < 32; r++)
            {
                if (rows[r] == null)
                {
                    new Span<float>(scratch + (r * columns), columns).Clear();
                }
                else
                {
                    Dequantize(rows[r], scratch + (r * columns), columns);
                }
            }

            PanelF32.FromRows(level, scratch, columns, panel);
        }

        public override void MakePanelU8(SimdLevel level, byte** rows, int columns, byte* panel)
        {
            for (int b = 0; b < columns / 32; b++, panel += Panel!.Value.BlockBytes)
            {
                for (int r = 0; r < 16; r++)
                {
                    byte* row = rows[r] + (b * 32);
                    ((float*)panel)[r] = rows[r] == null ? 0 : Scale(row);
                    ((float*)panel)[16 + r] = rows[r] == null ? 0 : Minimum(row);
                    for (int i = 0; i < 32; i++)
                    {
                        panel[128 + (((i / 4 * 16) + r) * 4) + (i % 4)] = rows[r] == null ? (byte)0 : row[i];
                    }
                }
            }
        }

        private float Scale(byte* block) => (1 + (block[0] % 7)) / (8f * maxValue);

        private float Minimum(byte* block) => -Scale(block) * maxValue / 2;
    }
}
