using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;
using LlmToolkit.Tests;

namespace LlmToolkit.Engine.Tests.Kernels;

public sealed unsafe class Q8QuantizerTests
{
    [Theory, MemberData(nameof(TestNumbers.Levels), MemberType = typeof(TestNumbers))]
    public void Run_AnyRow_EqualsScalar(string level)
    {
        foreach (int columns in new[] { 0, 1, 31, 32, 96, 100, 576 })
        {
            float[] x = TestNumbers.Wild(columns, columns, 1e30f);
            Blocks expected = Quantize(SimdLevel.Scalar, x);
            Blocks actual = Quantize(TestNumbers.Level(level), x);

            Assert.Equal(expected.Quants, actual.Quants);
            Assert.Equal(TestNumbers.Bits(expected.Scales), TestNumbers.Bits(actual.Scales));
            Assert.Equal(TestNumbers.Bits(expected.ScaledSums), TestNumbers.Bits(actual.ScaledSums));
            Assert.Equal(expected.Sums16, actual.Sums16);
        }
    }

    [Fact]
    public void Run_AnyRow_IsWithinHalfAStep()
    {
        float[] x = TestNumbers.Normal(1, 3200);

        Blocks blocks = Quantize(Simd.Level, x);

        for (int i = 0; i < x.Length; i++)
        {
            Assert.True(Math.Abs((blocks.Scales[i / 32] * blocks.Quants[i]) - x[i]) <= blocks.Scales[i / 32] * 0.50001f, $"{i}");
        }

        for (int h = 0; h < blocks.Sums16.Length; h++)
        {
            Assert.Equal(blocks.Quants.Skip(16 * h).Take(16).Sum(q => q), blocks.Sums16[h]);
        }
    }

    [Theory, MemberData(nameof(TestNumbers.Levels), MemberType = typeof(TestNumbers))]
    public void Run_ZerosTinyAndNotANumber_GiveZerosAndNotANumber(string level)
    {
        float[] x = new float[96];
        x[40] = 1e-42f;
        x[70] = float.NaN;

        Blocks blocks = Quantize(TestNumbers.Level(level), x);

        Assert.Equal([0f, 0f], blocks.Scales[..2]);
        Assert.All(blocks.Quants[..64], q => Assert.Equal(0, q));
        Assert.True(float.IsNaN(blocks.Scales[2]));
    }

    [Theory, MemberData(nameof(TestNumbers.Levels), MemberType = typeof(TestNumbers))]
    public void Run_Conformance_QuantsAreGgmls(string level)
    {
        ReferenceTensors reference = new(SharedData.Conformance("quants", "activations.safetensors"));
        float[] x = reference.Floats("x");
        byte[] blocks = reference.Bytes(reference.Names.First(n => n.Contains("Q8_0", StringComparison.OrdinalIgnoreCase)));
        List<string> misses = [];

        Blocks ours = Quantize(TestNumbers.Level(level), x);

        for (int b = 0; b < ours.Scales.Length; b++)
        {
            Span<byte> block = blocks.AsSpan(b * 34, 34);
            for (int i = 0; i < 32; i++)
            {
                if ((sbyte)block[2 + i] != ours.Quants[(b * 32) + i])
                {
                    misses.Add($"block {b} value {i}: {ours.Quants[(b * 32) + i]}, expected {(sbyte)block[2 + i]} (x {x[(b * 32) + i]:R}, scale {ours.Scales[b]:R})");
                }
            }

            if ((Half)ours.Scales[b] != BitConverter.ToHalf(block))
            {
                misses.Add($"block {b}: scale {ours.Scales[b]:R}, expected {BitConverter.ToHalf(block)}");
            }
        }

        Assert.True(misses.Count == 0, $"{misses.Count} of {x.Length}\n{string.Join('\n', misses.Take(20))}");
    }

    private static Blocks Quantize(SimdLevel level, float[] values)
    {
        int blocks = (values.Length + 31) / 32;
        using NativeArray<float> x = new(values);
        using NativeArray<sbyte> quants = new(blocks * 32);
        using NativeArray<float> scales = new(blocks);
        using NativeArray<float> sums = new(blocks);
        using NativeArray<short> sums16 = new(blocks * 2);
        Q8Quantizer.Run(level, x.Pointer, values.Length, new Q8Row { Quants = quants.Pointer, Scales = scales.Pointer, ScaledSums = sums.Pointer, Sums16 = sums16.Pointer });
        return new Blocks(quants.ToArray(), scales.ToArray(), sums.ToArray(), sums16.ToArray());
    }

    private sealed record Blocks(sbyte[] Quants, float[] Scales, float[] ScaledSums, short[] Sums16);
}
