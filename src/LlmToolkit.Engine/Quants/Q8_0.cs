using System.Runtime.InteropServices;

namespace LlmToolkit.Engine.Quants;

/// <summary>32 weights of 8 bits with one half scale: weight = scale × q.</summary>
internal sealed class Q8_0 : BlockQuant<BlockQ8_0>;

/// <summary>34 bytes, no padding. Source: ggml-org/llama.cpp, ggml/src/ggml-common.h (block_q8_0); order of operations: ggml/src/ggml-quants.c.</summary>
/// <remarks>The signed bytes count as unsigned ones with an offset of 128.</remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ8_0 : IBlock<BlockQ8_0>
{
    public ushort Scale;
    public fixed sbyte Quants[32];

    public static DType Type => DTypes.Q8_0;

    public static int Length => 32;

    public static int Group => 32;

    public static int MaxValue => 255;

    public static int Offset => 128;

    public static bool HasMinimum => false;

    public static void Scales(BlockQ8_0* block, float* scales, float* minimums) => *scales = HalfBits.ToSingle(block->Scale);

    public static void Unpack(BlockQ8_0* block, int part, byte* values)
    {
        for (int i = 0; i < 32; i++)
        {
            values[i] = (byte)(block->Quants[i] + 128);
        }
    }
}
