using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Tests.Kernels;

public sealed unsafe class VectorMathTests
{
    [Fact]
    public void Exp_OverItsRange_IsNearTheExponential()
    {
        double worst = 0;
        for (double x = -87.3; x <= 88.7; x += 0.00037)
        {
            float argument = (float)x;
            worst = Math.Max(worst, Math.Abs((Scalar(VectorMath.Exp, argument) / Math.Exp(argument)) - 1));
        }

        Assert.True(worst <= 2e-7, $"The largest relative error is {worst:G3}.");
    }

    [Theory]
    [InlineData(float.NegativeInfinity, 0)]
    [InlineData(-1e30f, 0)]
    [InlineData(-87.34f, 0)]
    [InlineData(0f, 1)]
    public void Exp_AtSpecialPoints_IsExact(float x, float expected) => Assert.Equal(expected, Scalar(VectorMath.Exp, x));

    [Fact]
    public void Exp_BeyondTheLargestFloat_StaysThere() => Assert.InRange(Scalar(VectorMath.Exp, float.PositiveInfinity), 3.4e38f, float.MaxValue);

    [Fact]
    public void Tanh_OverItsRange_IsNearTheTangent()
    {
        double worst = 0;
        for (double x = -20; x <= 20; x += 0.00013)
        {
            float argument = (float)x;
            worst = Math.Max(worst, Math.Abs((Scalar(VectorMath.Tanh, argument) / Math.Tanh(argument)) - 1));
        }

        Assert.True(worst <= 4e-7, $"The largest relative error is {worst:G3}.");
    }

    [Fact]
    public void ToHalves_OfEveryKindOfFloat_RoundsAsTheRuntimeDoes()
    {
        // All signs, exponents and leading bits, and the neighbours of every tie.
        List<float> floats = [];
        for (int high = 0; high < 1 << 16; high += 3)
        {
            foreach (int low in new[] { 0, 1, 0xFFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x3001, 0xFFFF })
            {
                floats.Add(BitConverter.Int32BitsToSingle((high << 16) | low));
            }
        }

        using NativeFloats x = new(floats.Count);
        floats.CopyTo(x.Span);
        ushort[] halves = new ushort[floats.Count];
        foreach (SimdLevel level in Simd.Available)
        {
            fixed (ushort* y = halves)
            {
                VectorMath.ToHalves(level, x.Pointer, y, floats.Count);
            }

            for (int i = 0; i < halves.Length; i++)
            {
                Half expected = (Half)floats[i];
                Half actual = BitConverter.UInt16BitsToHalf(halves[i]);
                Assert.True(Half.IsNaN(expected) ? Half.IsNaN(actual) : BitConverter.HalfToUInt16Bits(expected) == halves[i], $"{level}: {floats[i]:R} became {actual}, expected {expected}.");
            }
        }
    }

    private static float Scalar(Func<Lanes1, Lanes1> function, float x)
    {
        float y;
        Lanes1.Store(function(Lanes1.Create(x)), &y);
        return y;
    }
}
