using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Tests.Kernels;

public sealed unsafe class ElementwiseTests
{
    /// <summary>Tails of every width, and more.</summary>
    private static readonly int[] s_counts = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 63, 64, 100, 576, 2051];

    private delegate void Operation(SimdLevel level, float* x, float* z, float* w, float* y, int count);

    private delegate double Definition(double x, double z);

    [Fact]
    public void RmsNorm_AtEveryLevel_IsTheFormula() =>
        Check(
            (level, x, z, w, y, n) => Elementwise.RmsNorm(level, x, z, 1e-5f, y, n),
            (x, z, w) => [.. x.Select((v, i) => v / Math.Sqrt(x.Average(u => u * u) + 1e-5f) * z[i])]);

    [Fact]
    public void RmsNorm_WithoutWeight_UsesOnes() =>
        Check(
            (level, x, z, w, y, n) => Elementwise.RmsNorm(level, x, null, 1e-5f, y, n),
            (x, z, w) => [.. x.Select(v => v / Math.Sqrt(x.Average(u => u * u) + 1e-5f))]);

    [Fact]
    public void LayerNorm_AtEveryLevel_IsTheFormula() =>
        Check(
            (level, x, z, w, y, n) => Elementwise.LayerNorm(level, x, z, w, 1e-2f, y, n),
            (x, z, w) =>
            {
                double mean = x.Average();
                double scale = 1 / Math.Sqrt(x.Average(u => (u - mean) * (u - mean)) + 1e-2f);
                return [.. x.Select((v, i) => ((v - mean) * scale * z[i]) + w[i])];
            },
            termsCancel: true);

    [Fact]
    public void Add_AtEveryLevel_IsTheFormula() => Check(
        (level, x, z, w, y, n) =>
        {
            new Span<float>(z, n).CopyTo(new(y, n));
            Elementwise.Add(level, x, y, n);
        },
        (x, z) => x + z);

    [Fact]
    public void Scale_AtEveryLevel_IsTheFormula() => Check(
        (level, x, z, w, y, n) =>
        {
            new Span<float>(x, n).CopyTo(new(y, n));
            Elementwise.Scale(level, 0.37f, y, n);
        },
        (x, z) => x * 0.37f);

    [Fact]
    public void SiluMul_AtEveryLevel_IsTheFormula() =>
        Check((level, x, z, w, y, n) => Elementwise.SiluMul(level, x, z, y, n), (x, z) => x / (1 + Math.Exp(-x)) * z);

    [Fact]
    public void GeluTanh_AtEveryLevel_IsTheFormula() => Check(
        (level, x, z, w, y, n) => Elementwise.GeluTanh(level, x, z, y, n),
        (x, z) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))) * z);

    [Fact]
    public void GeluErf_AtEveryLevel_IsTheFormula() =>
        Check((level, x, z, w, y, n) => Elementwise.GeluErf(level, x, null, y, n), (x, z) => 0.5 * x * Erfc(-x * Math.Sqrt(0.5)));

    [Fact]
    public void Relu_AtEveryLevel_IsTheFormula() =>
        Check((level, x, z, w, y, n) => Elementwise.Relu(level, x, y, n), (x, z) => Math.Max(x, 0));

    [Fact]
    public void SoftCap_AtEveryLevel_IsTheFormula() => Check(
        (level, x, z, w, y, n) =>
        {
            new Span<float>(x, n).CopyTo(new(y, n));
            Elementwise.SoftCap(level, 3, y, n);
        },
        (x, z) => 3 * Math.Tanh(x / 3));

    [Fact]
    public void RopeHalves_AtEveryLevel_IsTheRotation() => Check(
        (level, x, z, w, y, n) =>
        {
            new Span<float>(x, n).CopyTo(new(y, n));
            Elementwise.RopeHalves(level, y, z, w, n / 2);
        },
        (x, z, w) =>
        {
            int half = x.Length / 2;
            return [.. x.Select((v, i) => i < half ? (v * z[i]) - (x[i + half] * w[i]) : i < 2 * half ? (v * z[i - half]) + (x[i - half] * w[i - half]) : v)];
        },
        termsCancel: true);

    [Fact]
    public void RopePairs_AtEveryLevel_IsTheRotation() => Check(
        (level, x, z, w, y, n) =>
        {
            new Span<float>(x, n).CopyTo(new(y, n));
            Elementwise.RopePairs(level, y, z, w, n / 2);
        },
        (x, z, w) => [.. x.Select((v, i) => i / 2 * 2 == x.Length - 1 ? v : i % 2 == 0 ? (v * z[i / 2]) - (x[i + 1] * w[i / 2]) : (v * z[i / 2]) + (x[i - 1] * w[i / 2]))],
        termsCancel: true);

    [Fact]
    public void Operations_OnNoNumbers_LetThemThrough()
    {
        foreach (SimdLevel level in Simd.Available)
        {
            using NativeFloats x = new(17);
            using NativeFloats y = new(17);
            x.Span.Fill(float.NaN);
            foreach (Operation operation in new Operation[]
            {
                (l, a, z, w, b, n) => Elementwise.SiluMul(l, a, null, b, n), (l, a, z, w, b, n) => Elementwise.GeluErf(l, a, null, b, n), (l, a, z, w, b, n) => Elementwise.GeluTanh(l, a, null, b, n),
                (l, a, z, w, b, n) => Elementwise.Relu(l, a, b, n), (l, a, z, w, b, n) => Elementwise.RmsNorm(l, a, null, 0, b, n),
            })
            {
                operation(level, x.Pointer, null, null, y.Pointer, 17);
                Assert.All(y.Span.ToArray(), v => Assert.True(float.IsNaN(v)));
            }
        }
    }

    [Fact]
    public void Activations_FarOut_AreTheirLimits()
    {
        float[] far = [-1e30f, -200, -100, 100, 200, 1e30f];
        foreach (SimdLevel level in Simd.Available)
        {
            using NativeFloats x = new(18);
            using NativeFloats y = new(18);
            for (int i = 0; i < 18; i++)
            {
                x.Span[i] = far[i % 6];
            }

            foreach (Operation operation in new Operation[]
            {
                (l, a, z, w, b, n) => Elementwise.SiluMul(l, a, null, b, n), (l, a, z, w, b, n) => Elementwise.GeluErf(l, a, null, b, n), (l, a, z, w, b, n) => Elementwise.GeluTanh(l, a, null, b, n),
            })
            {
                operation(level, x.Pointer, null, null, y.Pointer, 18);
                Assert.All(Enumerable.Range(0, 18), i => Assert.Equal(Math.Max(0, x.Span[i]), y.Span[i], 1e-7f * Math.Abs(x.Span[i])));
            }
        }
    }

    private static double Erfc(double x)
    {
        // 2/√π ∫ e^(−t²) from x on, by Simpson's rule over 12 units: 1e-13 is plenty here.
        const int Steps = 4000;
        double step = 12.0 / Steps;
        double sum = 0;
        for (int i = 0; i <= Steps; i++)
        {
            double t = x + (i * step);
            sum += Math.Exp(-t * t) * (i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2);
        }

        return sum * step / 3 * 2 / Math.Sqrt(Math.PI);
    }

    private static void Check(Operation operation, Definition definition) =>
        Check(operation, (x, z, w) => [.. x.Select((v, i) => definition(v, z[i]))]);

    /// <summary>Errors are within 1e-6 of the result; where terms cancel, of the row's largest result.</summary>
    private static void Check(Operation operation, Func<double[], double[], double[], double[]> definition, bool termsCancel = false)
    {
        foreach (int count in s_counts)
        {
            using NativeFloats x = NativeFloats.Random(count, count, 3);
            using NativeFloats z = NativeFloats.Random(count, count + 1);
            using NativeFloats w = NativeFloats.Random(count, count + 2);
            double[] expected = definition(Widen(x), Widen(z), Widen(w));
            double floor = termsCancel ? Math.Max(1, expected.Max(Math.Abs)) : 0.1;
            float[]? scalar = null;
            foreach (SimdLevel level in Simd.Available)
            {
                using NativeFloats y = new(count);
                long before = GC.GetAllocatedBytesForCurrentThread();
                operation(level, x.Pointer, z.Pointer, w.Pointer, y.Pointer, count);
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
                for (int i = 0; i < count; i++)
                {
                    Assert.True(Math.Abs(y.Span[i] - expected[i]) <= 1e-6 * Math.Max(floor, Math.Abs(expected[i])), $"{level}, {count} values, {i}: {y.Span[i]:R}, expected {expected[i]:R}.");
                }

                scalar ??= y.Span.ToArray();
                Assert.Equal(scalar, y.Span.ToArray());
            }
        }
    }

    private static double[] Widen(NativeFloats floats) => [.. floats.Span.ToArray().Select(v => (double)v)];
}
