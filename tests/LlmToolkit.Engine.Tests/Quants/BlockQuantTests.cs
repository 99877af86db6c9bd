using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;
using LlmToolkit.Tests;

namespace LlmToolkit.Engine.Tests.Quants;

public sealed unsafe class BlockQuantTests
{
    public static TheoryData<string> Types => [.. DefaultQuants.All.Where(q => q.DType.IsBlock).Select(q => q.DType.Name)];

    [Theory]
    [InlineData("Q8_0", 34)]
    [InlineData("Q4_0", 18)]
    [InlineData("Q4_1", 20)]
    [InlineData("Q5_0", 22)]
    [InlineData("Q5_1", 24)]
    [InlineData("Q4_K", 144)]
    [InlineData("Q5_K", 176)]
    [InlineData("Q6_K", 210)]
    public void Block_Struct_HasTheSizeOfTheFile(string type, int bytes)
    {
        int actual = type switch
        {
            "Q8_0" => Unsafe.SizeOf<BlockQ8_0>(),
            "Q4_0" => Unsafe.SizeOf<BlockQ4_0>(),
            "Q4_1" => Unsafe.SizeOf<BlockQ4_1>(),
            "Q5_0" => Unsafe.SizeOf<BlockQ5_0>(),
            "Q5_1" => Unsafe.SizeOf<BlockQ5_1>(),
            "Q4_K" => Unsafe.SizeOf<BlockQ4_K>(),
            "Q5_K" => Unsafe.SizeOf<BlockQ5_K>(),
            _ => Unsafe.SizeOf<BlockQ6_K>(),
        };

        Assert.Equal(bytes, actual);
        Assert.Equal(bytes, Find(type).DType.BlockBytes);
    }

    [Theory, MemberData(nameof(Types))]
    public void Dequantize_ReferenceBlocks_GivesTheSameBits(string type)
    {
        Quant quant = Find(type);
        ReferenceTensors reference = new(SharedData.Conformance("quants", $"{type}.safetensors"));
        float[] expected = reference.Floats("values");
        byte[] blocks = reference.Bytes("blocks");
        float[] actual = new float[expected.Length];
        int rows = (int)reference.Shape("values")[0];
        int columns = (int)reference.Shape("values")[1];
        fixed (byte* row = blocks)
        fixed (float* values = actual)
        {
            for (int r = 0; r < rows; r++)
            {
                quant.Dequantize(row + (r * quant.DType.Bytes(columns)), values + (r * columns), columns);
            }
        }

        Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), actual.Select(BitConverter.SingleToUInt32Bits));
    }

    [Theory, MemberData(nameof(Types))]
    public void Dequantize_PartOfABlock_WritesNoMore(string type)
    {
        Quant quant = Find(type);
        byte[] row = BlockRows.Random(quant, 1, 2 * quant.DType.BlockLength, 1, Scales.Usual);
        int count = quant.DType.BlockLength + 5;
        float[] whole = new float[2 * quant.DType.BlockLength];
        float[] part = new float[count + 1];
        part[count] = 42;
        fixed (byte* r = row)
        fixed (float* w = whole, p = part)
        {
            quant.Dequantize(r, w, whole.Length);
            quant.Dequantize(r, p, count);
        }

        Assert.Equal(whole[..count], part[..count]);
        Assert.Equal(42, part[count]);
    }

    [Theory, MemberData(nameof(Types))]
    public void Dots_ReferenceRows_AreWithinTheirTolerance(string type)
    {
        Quant quant = Find(type);
        ReferenceTensors reference = new(SharedData.Conformance("quants", $"{type}.safetensors"));
        float[] values = reference.Floats("values");
        float[] x = reference.Floats("x");
        double[] exact = reference.Doubles("dot_exact");
        float[] ggml = reference.Floats("dot_ggml");
        double xNorm = Math.Sqrt(x.Sum(v => (double)v * v));
        List<string> misses = [];

        // The tolerance is the reference's own rounding of x, so x is rounded as the reference rounds it: in groups of 256 where its metadata says Q8_K.
        using Q8Fixture activations = new(x, reference.Metadata["dot_type"] == "Q8_K" ? 256 : 32);
        fixed (byte* blocks = reference.Bytes("blocks"))
        {
            float* y = stackalloc float[exact.Length];
            foreach (SimdLevel level in Simd.Available)
            {
                for (int r = 0; r < exact.Length; r++)
                {
                    double norm = Math.Sqrt(values.AsSpan(r * x.Length, x.Length).ToArray().Sum(v => (double)v * v));
                    byte* row = blocks + (r * quant.DType.Bytes(x.Length));
                    double allowed = 1.5 * Math.Max(Math.Abs(ggml[r] - exact[r]), 2e-4 * norm * xNorm);
                    quant.DotQ8(level, row, (nint)quant.DType.Bytes(x.Length), 1, activations.Row, x.Length, y);
                    Check($"byte dot, row {r}, {level}", y[0], exact[r], allowed);
                    quant.DotF32(level, row, (nint)quant.DType.Bytes(x.Length), 1, activations.Floats, x.Length, y);
                    Check($"float dot, row {r}, {level}", y[0], exact[r], 1e-6 * norm * xNorm);
                }
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses));

        void Check(string what, double actual, double expected, double allowed)
        {
            if (!(Math.Abs(actual - expected) <= allowed))
            {
                misses.Add($"{what}: {actual}, expected {expected} ± {allowed}");
            }
        }
    }

    /// <summary>Types × numbers of blocks × kinds of scales.</summary>
    public static TheoryData<string, int, string> Cases
    {
        get
        {
            TheoryData<string, int, string> cases = [];
            foreach (string type in Types.Select(row => row.Data))
            {
                foreach (int blocks in new[] { 0, 1, 2, 7 })
                {
                    foreach (Scales scales in Enum.GetValues<Scales>())
                    {
                        cases.Add(type, blocks, scales.ToString());
                    }
                }
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Dots_EveryLevel_GivesTheBitsOfTheDefinition(string type, int blocks, string scales)
    {
        Quant quant = Find(type);
        const int rows = 7;
        int columns = blocks * quant.DType.BlockLength;
        nint rowBytes = (nint)quant.DType.Bytes(columns);
        using Q8Fixture x = new(RandomFloats(columns, 5));
        float[] expected = new float[rows];
        float[] actual = new float[rows];
        fixed (byte* w = BlockRows.Random(quant, rows, columns, 3, Enum.Parse<Scales>(scales)))
        fixed (float* e = expected, a = actual)
        {
            foreach (SimdLevel level in Simd.Available)
            {
                quant.DotQ8(SimdLevel.Scalar, w, rowBytes, rows, x.Row, columns, e);
                quant.DotQ8(level, w, rowBytes, rows, x.Row, columns, a);
                Same(level, "byte dot");
                quant.DotF32(SimdLevel.Scalar, w, rowBytes, rows, x.Floats, columns, e);
                quant.DotF32(level, w, rowBytes, rows, x.Floats, columns, a);
                Same(level, "float dot");
            }
        }

        void Same(SimdLevel level, string what)
        {
            // 128-bit vectors on a machine without fused multiply-add round twice: sums of few terms of one size, so a few units in the last place of the largest.
            bool rounded = level == SimdLevel.V128 && !Fma.IsSupported && !AdvSimd.IsSupported;
            float bound = rounded ? 1e-5f * expected.Max(MathF.Abs) : 0;
            Assert.True(
                expected.Zip(actual).All(pair => MathF.Abs(pair.First - pair.Second) <= bound),
                $"{what}, {level}: {string.Join(' ', actual)}, expected {string.Join(' ', expected)}");
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void DotQ8_ExtremeBytes_IsTheDotOfTheDequantizedRow(string type, int blocks, string scales)
    {
        Quant quant = Find(type);
        int columns = blocks * quant.DType.BlockLength;
        byte[] row = BlockRows.Random(quant, 1, columns, 9, Enum.Parse<Scales>(scales));
        Random random = new(11);
        float[] values = new float[columns];
        float[] rounded = new float[columns];
        using Q8Fixture x = new(RandomFloats(columns, 5));
        for (int i = 0; i < columns; i++)
        {
            // Only the largest products can overflow something on the way.
            x.Row.Quants[i] = (sbyte)(random.Next(2) == 0 ? -127 : 127);
        }

        for (int b = 0; b < columns / 32; b++)
        {
            int low = 0;
            int high = 0;
            for (int i = 0; i < 16; i++)
            {
                low += x.Row.Quants[(32 * b) + i];
                high += x.Row.Quants[(32 * b) + 16 + i];
            }

            x.Row.Sums16[2 * b] = (short)low;
            x.Row.Sums16[(2 * b) + 1] = (short)high;
            x.Row.ScaledSums[b] = x.Row.Scales[b] * (low + high);
        }

        double exact = 0;
        float dot = 0;
        fixed (byte* w = row)
        fixed (float* v = values)
        {
            quant.Dequantize(w, v, columns);
            for (int i = 0; i < columns; i++)
            {
                double product = (double)v[i] * x.Row.Quants[i] * x.Row.Scales[i / 32];
                exact += product;
            }

            foreach (SimdLevel level in Simd.Available)
            {
                quant.DotQ8(level, w, (nint)quant.DType.Bytes(columns), 1, x.Row, columns, &dot);

                // scale × q and minimum are summed apart, each as large as the largest weight of its part may be.
                double allowed = 2e-6 * Loudest(values, x, columns);
                Assert.True(Math.Abs(dot - exact) <= allowed, $"{level}: {dot}, expected {exact} ± {allowed}");
            }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Panels_EveryLevel_HoldTheDequantizedWeights(string type, int blocks, string scales)
    {
        Quant quant = Find(type);
        int columns = blocks * quant.DType.BlockLength;
        long rowBytes = quant.DType.Bytes(columns);
        PanelU8 shape = quant.Panel!.Value;
        byte[] definition = new byte[shape.Bytes(columns)];
        byte[] bytes = new byte[shape.Bytes(columns)];
        float[] floats = new float[columns * 32];
        float[] values = new float[32 * columns];
        byte** rows = stackalloc byte*[32];
        fixed (byte* w = BlockRows.Random(quant, 32, columns, 21, Enum.Parse<Scales>(scales)), d = definition, b = bytes)
        fixed (float* f = floats, v = values)
        {
            for (int r = 0; r < 32; r++)
            {
                rows[r] = r % 13 == 5 ? null : w + (r * rowBytes);
                if (rows[r] != null)
                {
                    quant.Dequantize(rows[r], v + (r * columns), columns);
                }
            }

            quant.MakePanelU8(SimdLevel.Scalar, rows, columns, d);
            foreach (SimdLevel level in Simd.Available)
            {
                quant.MakePanelU8(level, rows, columns, b);
                Assert.True(definition.AsSpan().SequenceEqual(bytes), $"byte panel, {level}");
                quant.MakePanelF32(level, rows, columns, f, null);
                for (int i = 0; i < values.Length; i++)
                {
                    Assert.True(values[i] == floats[(i % columns * 32) + (i / columns)], $"float panel, {level}, row {i / columns}, column {i % columns}");
                }
            }

            for (int r = 0; r < PanelU8.Rows; r++)
            {
                for (int c = 0; c < columns; c++)
                {
                    byte* block = b + (c / shape.Block * shape.BlockBytes);
                    float scale = ((float*)block)[r];
                    float minimum = ((float*)block)[PanelU8.Rows + r];
                    int q = block[128 + (((c % shape.Block / 4 * PanelU8.Rows) + r) * 4) + (c % 4)];
                    float expanded = (scale * q) + minimum;
                    Assert.InRange(q, 0, shape.MaxValue);

                    // scale × q and minimum are rounded once each before they are added: half a unit of the larger.
                    float bound = MathF.Max(MathF.Abs(scale * q), MathF.Abs(minimum)) * 1.2e-7f;
                    Assert.True(MathF.Abs(expanded - values[(r * columns) + c]) <= bound, $"row {r}, column {c}: {expanded}, expected {values[(r * columns) + c]}");
                }
            }
        }
    }

    [Fact]
    public void PortableProducts_AllBytes_AreExact()
    {
        Random random = new(1);
        for (int round = 0; round < 1000; round++)
        {
            sbyte[] w = [.. Enumerable.Range(0, 16).Select(_ => (sbyte)(round < 10 ? -128 : random.Next(-128, 128)))];
            sbyte[] x = [.. Enumerable.Range(0, 16).Select(_ => (sbyte)(round < 10 ? (round % 2 == 0 ? -127 : 127) : random.Next(-127, 128)))];
            Vector128<int> sums = BlockDot128<BlockQ8_0>.PortableProducts(Vector128.Create(w), Vector128.Create(x));
            for (int lane = 0; lane < 4; lane++)
            {
                Assert.Equal(Enumerable.Range(4 * lane, 4).Sum(i => w[i] * x[i]), sums[lane]);
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Kernels_OnceWarm_AllocateNothing(string type)
    {
        Quant quant = Find(type);
        const int columns = 512;
        using Q8Fixture x = new(RandomFloats(columns, 5));
        byte[] panel = new byte[quant.Panel!.Value.Bytes(columns)];
        float[] floats = new float[columns * 32];
        byte** rows = stackalloc byte*[32];
        fixed (byte* w = BlockRows.Random(quant, 32, columns, 1, Scales.Usual), b = panel)
        fixed (float* f = floats)
        {
            for (int r = 0; r < 32; r++)
            {
                rows[r] = w + (r * quant.DType.Bytes(columns));
            }

            long before = 0;
            for (int round = 0; round < 2; round++)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
                foreach (SimdLevel level in (ReadOnlySpan<SimdLevel>)[SimdLevel.Scalar, SimdLevel.V128, Simd.Level])
                {
                    quant.DotQ8(level, w, (nint)quant.DType.Bytes(columns), 32, x.Row, columns, f);
                    quant.DotF32(level, w, (nint)quant.DType.Bytes(columns), 32, x.Floats, columns, f);
                    quant.MakePanelU8(level, rows, columns, b);
                    quant.MakePanelF32(level, rows, columns, f, null);
                    quant.Dequantize(w, f, columns);
                }
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static double Loudest(float[] values, Q8Fixture x, int columns)
    {
        double sum = 0;
        for (int c = 0; c < columns; c++)
        {
            float most = 0;
            foreach (float v in values.AsSpan(c / 32 * 32, 32))
            {
                most = MathF.Max(most, MathF.Abs(v));
            }

            sum += most * 127.0 * x.Row.Scales[c / 32];
        }

        return sum;
    }

    private static float[] RandomFloats(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) * 4))];
    }

    private static Quant Find(string type) => DefaultQuants.Find(DTypes.Find(type)!)!;
}
