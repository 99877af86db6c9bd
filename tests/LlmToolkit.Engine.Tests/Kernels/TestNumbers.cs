using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Tests.Kernels;

/// <summary>Random numbers of the kinds that kernels meet, and those that break them.</summary>
internal static class TestNumbers
{
    /// <summary>Levels of this machine.</summary>
    public static TheoryData<string> Levels => [.. Simd.Available.Select(l => l.ToString())];

    public static SimdLevel Level(string name) => Enum.Parse<SimdLevel>(name);

    public static float[] Normal(int seed, int count, float scale = 1)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            double a = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(a * Math.Cos(2 * Math.PI * random.NextDouble())) * scale;
        }

        return values;
    }

    /// <summary>Normal ones with zeros, denormals and large values strewn in.</summary>
    public static float[] Wild(int seed, int count, float large = 1e6f)
    {
        float[] values = Normal(seed, count);
        Random random = new(seed + 1);
        for (int i = 0; i < count; i++)
        {
            values[i] = random.Next(16) switch
            {
                0 => 0,
                1 => -0f,
                2 => values[i] * 1e-40f,
                3 => values[i] * large,
                4 => float.Epsilon,
                _ => values[i],
            };
        }

        return values;
    }

    /// <summary>Bits, so that −0 and 0 differ.</summary>
    public static int[] Bits(ReadOnlySpan<float> values)
    {
        int[] bits = new int[values.Length];
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = BitConverter.SingleToInt32Bits(values[i]);
        }

        return bits;
    }
}
