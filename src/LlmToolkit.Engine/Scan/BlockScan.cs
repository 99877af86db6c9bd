using System.Buffers.Binary;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Scan;

/// <summary>One pass over the scales of blocks. The integers beside them are always finite, so the scales tell all that can be wrong with the weights.</summary>
/// <remarks>Layouts: ggml-org/llama.cpp, ggml/src/ggml-common.h; the test of each type is that of its <c>--check-tensors</c>.</remarks>
internal static class BlockScan
{
    /// <summary>Kinds of scales.</summary>
    private enum Scale
    {
        /// <summary>Half precision.</summary>
        Half,

        /// <summary>Single precision.</summary>
        Single,

        /// <summary>A power of two in a byte; 255 is none.</summary>
        E8M0,

        /// <summary>8 bits without a sign, 4 of exponent; 127 and 255 are no numbers.</summary>
        UE4M3,

        /// <summary>The top four bits of four 16-bit numbers, the lowest first: IQ1_M.</summary>
        Scattered,
    }

    /// <summary>A magnitude of half precision is finite below this.</summary>
    private const int Infinity = 0x7C00;

    /// <summary>Where the scales of a block lie.</summary>
    private static readonly Dictionary<string, (Scale Kind, int[] Offsets)> s_layouts = new()
    {
        ["Q4_0"] = (Scale.Half, [0]),
        ["Q4_1"] = (Scale.Half, [0, 2]),
        ["Q5_0"] = (Scale.Half, [0]),
        ["Q5_1"] = (Scale.Half, [0, 2]),
        ["Q8_0"] = (Scale.Half, [0]),
        ["Q8_1"] = (Scale.Half, [0, 2]),
        ["Q1_0"] = (Scale.Half, [0]),
        ["Q2_0"] = (Scale.Half, [0]),
        ["Q2_K"] = (Scale.Half, [80, 82]),
        ["Q3_K"] = (Scale.Half, [108]),
        ["Q4_K"] = (Scale.Half, [0, 2]),
        ["Q5_K"] = (Scale.Half, [0, 2]),
        ["Q6_K"] = (Scale.Half, [208]),
        ["Q8_K"] = (Scale.Single, [0]),
        ["IQ1_S"] = (Scale.Half, [0]),
        ["IQ1_M"] = (Scale.Scattered, [48]),
        ["IQ2_XXS"] = (Scale.Half, [0]),
        ["IQ2_XS"] = (Scale.Half, [0]),
        ["IQ2_S"] = (Scale.Half, [0]),
        ["IQ3_XXS"] = (Scale.Half, [0]),
        ["IQ3_S"] = (Scale.Half, [0]),
        ["IQ4_NL"] = (Scale.Half, [0]),
        ["IQ4_XS"] = (Scale.Half, [0]),
        ["TQ1_0"] = (Scale.Half, [52]),
        ["TQ2_0"] = (Scale.Half, [64]),
        ["MXFP4"] = (Scale.E8M0, [0]),
        ["NVFP4"] = (Scale.UE4M3, [0, 1, 2, 3]),
    };

    /// <summary>True when the scales of a type's blocks are known.</summary>
    public static bool Knows(DType type) => s_layouts.ContainsKey(type.Name);

    /// <summary>The facts of whole blocks.</summary>
    public static ValueFacts Run(DType type, ReadOnlySpan<byte> bytes)
    {
        (Scale kind, int[] offsets) = s_layouts[type.Name];
        return kind == Scale.Half ? Halves(type, bytes, offsets) : Others(type, bytes, kind, offsets);
    }

    private static unsafe ValueFacts Halves(DType type, ReadOnlySpan<byte> bytes, int[] offsets)
    {
        float* halves = HalfBits.Table;
        int size = type.BlockBytes;
        ValueFacts facts = new() { Count = bytes.Length / size * offsets.Length, Varies = Repeats(bytes, size) is false };
        foreach (int offset in offsets)
        {
            int largest = 0;
            double sum = 0;
            for (int at = offset; at < bytes.Length; at += size)
            {
                int magnitude = BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]) & 0x7FFF;
                if (magnitude >= Infinity)
                {
                    facts.NotFinite++;
                    long weight = (long)(at / size) * type.BlockLength;
                    facts.FirstNotFinite = facts.FirstNotFinite < 0 ? weight : Math.Min(facts.FirstNotFinite, weight);
                    continue;
                }

                largest = Math.Max(largest, magnitude);
                double value = halves[magnitude];
                sum += value * value;
            }

            facts.MaxAbs = Math.Max(facts.MaxAbs, StoredF16.Value((ushort)largest));
            facts.SumSquares += sum;
        }

        return facts;
    }

    private static ValueFacts Others(DType type, ReadOnlySpan<byte> bytes, Scale kind, int[] offsets)
    {
        int size = type.BlockBytes;
        ValueFacts facts = new() { Count = bytes.Length / size * offsets.Length, Varies = Repeats(bytes, size) is false };
        for (int block = 0; block < bytes.Length; block += size)
        {
            foreach (int offset in offsets)
            {
                double value = Math.Abs(Value(kind, bytes.Slice(block + offset)));
                if (!double.IsFinite(value))
                {
                    facts.FirstNotFinite = facts.NotFinite++ == 0 ? (long)(block / size) * type.BlockLength : facts.FirstNotFinite;
                    continue;
                }

                facts.MaxAbs = Math.Max(facts.MaxAbs, value);
                facts.SumSquares += value * value;
            }
        }

        return facts;
    }

    private static double Value(Scale kind, ReadOnlySpan<byte> at) => kind switch
    {
        Scale.Single => BinaryPrimitives.ReadSingleLittleEndian(at),
        Scale.E8M0 => at[0] == 255 ? double.NaN : Math.ScaleB(1, at[0] - 127),
        Scale.UE4M3 => (at[0] & 0x7F) == 0x7F ? double.NaN : StoredF8E4M3.Value((byte)(at[0] & 0x7F)),
        _ => (double)BitConverter.UInt16BitsToHalf((ushort)((at[1] >> 4) | (at[3] & 0xF0) | ((at[5] & 0xF0) << 4) | ((at[7] & 0xF0) << 8))),
    };

    /// <summary>True when every block has the bytes of the first: the bytes are then the same one block further on.</summary>
    private static bool Repeats(ReadOnlySpan<byte> bytes, int size) => bytes.Length <= size || bytes[size..].SequenceEqual(bytes[..^size]);
}
