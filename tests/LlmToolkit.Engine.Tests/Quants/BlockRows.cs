using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Tests.Quants;

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

/// <summary>Rows of random blocks whose scales are numbers.</summary>
internal static class BlockRows
{
    /// <summary>Random bytes, with the half-precision fields overwritten by numbers.</summary>
    public static byte[] Random(Quant quant, int rows, int columns, int seed, Scales scales)
    {
        System.Random random = new(seed);
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
