using System.Runtime.CompilerServices;
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
        byte[] row = RandomRows(quant, 1, 2 * quant.DType.BlockLength, 1, Scales.Usual);
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
        using Q8Fixture activations = new(x);
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

    private static Quant Find(string type) => DefaultQuants.Find(DTypes.Find(type)!)!;

    /// <summary>What the half-precision fields of a random block hold.</summary>
    internal enum Scales
    {
        /// <summary>Those of real weights, subnormal halves among them.</summary>
        Usual,

        /// <summary>The largest halves.</summary>
        Huge,

        /// <summary>Zeros and the smallest halves.</summary>
        Tiny,
    }

    /// <summary>Random bytes, with the half-precision fields overwritten by numbers.</summary>
    internal static byte[] RandomRows(Quant quant, int rows, int columns, int seed, Scales scales)
    {
        Random random = new(seed);
        byte[] bytes = new byte[rows * quant.DType.Bytes(columns)];
        random.NextBytes(bytes);
        int[] fields = quant.DType.Name switch
        {
            "Q6_K" => [208],
            "Q4_1" or "Q5_1" or "Q4_K" or "Q5_K" => [0, 2],
            _ => [0],
        };
        for (int block = 0; block < bytes.Length; block += quant.DType.BlockBytes)
        {
            foreach (int field in fields)
            {
                int half = scales switch
                {
                    Scales.Usual => random.Next(0x0100, 0x2400),
                    Scales.Huge => random.Next(0x7000, 0x7C00),
                    _ => random.Next(3),
                };
                BitConverter.TryWriteBytes(bytes.AsSpan(block + field), (ushort)(half | (random.Next(2) << 15)));
            }
        }

        return bytes;
    }
}
