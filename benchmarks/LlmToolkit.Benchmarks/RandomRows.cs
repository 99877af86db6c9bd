using LlmToolkit.Engine;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Benchmarks;

/// <summary>Weights of any type: random blocks whose values are numbers of the size of real weights.</summary>
internal static unsafe class RandomRows
{
    private const float Largest = 16;
    private const int DifferentBlocks = 4096;

    /// <summary>Names of every type, for parameters.</summary>
    public static IEnumerable<string> Types => DefaultQuants.All.Select(q => q.DType.Name);

    /// <summary>Levels of this machine beyond the definition, for parameters.</summary>
    public static IEnumerable<string> Levels => Simd.Available.Where(l => l != SimdLevel.Scalar).Select(l => l.ToString());

    /// <summary>The type of a parameter.</summary>
    public static Quant Find(string type) => DefaultQuants.All.Single(q => q.DType.Name == type);

    /// <summary>Rows of that many columns, drawn from some thousand different blocks.</summary>
    public static NativeArray<byte> Make(Quant quant, long rows, int columns)
    {
        int size = quant.DType.BlockBytes;
        List<byte[]> blocks = Blocks(quant);
        NativeArray<byte> memory = new(rows * quant.DType.Bytes(columns));
        Random random = new(2);
        for (long at = 0; at + size <= memory.Length; at += size)
        {
            blocks[random.Next(blocks.Count)].CopyTo(memory.Span(at, size));
        }

        return memory;
    }

    /// <summary>Bytes are thrown until the block they make holds numbers only, so a new type needs nothing here.</summary>
    private static List<byte[]> Blocks(Quant quant)
    {
        Random random = new(1);
        float[] values = new float[quant.DType.BlockLength];
        List<byte[]> made = [];
        while (made.Count < DifferentBlocks)
        {
            byte[] block = new byte[quant.DType.BlockBytes];
            random.NextBytes(block);
            fixed (byte* bytes = block)
            fixed (float* floats = values)
            {
                quant.Dequantize(bytes, floats, values.Length);
            }

            if (Array.TrueForAll(values, v => MathF.Abs(v) <= Largest))
            {
                made.Add(block);
            }
        }

        return made;
    }
}
