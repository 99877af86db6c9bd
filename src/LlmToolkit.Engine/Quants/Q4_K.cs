using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Quants;

/// <summary>256 weights of 4 bits in 8 groups of 32: weight = (scale × group scale) × q − minimum × group minimum.</summary>
internal sealed class Q4_K : BlockQuant<BlockQ4_K>;

/// <summary>144 bytes, no padding. Source: ggml-org/llama.cpp, ggml/src/ggml-common.h (block_q4_K); order of operations: ggml/src/ggml-quants.c.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ4_K : IBlock<BlockQ4_K>
{
    public ushort Scale;
    public ushort Minimum;
    public KScales Groups;

    /// <summary>32 bytes for each two groups: the first in the low, the second in the high nibbles.</summary>
    public fixed byte Nibbles[128];

    public static DType Type => DTypes.Q4_K;

    public static int Length => 256;

    public static int Group => 32;

    public static int MaxValue => 15;

    public static int Offset => 0;

    public static bool Signed => false;

    public static bool HasMinimum => true;

    public static void Scales(BlockQ4_K* block, float* scales, float* minimums) =>
        KScales.Expand(&block->Groups, HalfBits.ToSingle(block->Scale), HalfBits.ToSingle(block->Minimum), scales, minimums);

    public static void Unpack(BlockQ4_K* block, int part, byte* values) => Bits.PairNibbles(block->Nibbles, part, values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FastScales(BlockQ4_K* block, float* halves, float* scales, float* minimums) =>
        KScales.FastExpand(&block->Groups, halves[block->Scale], halves[block->Minimum], scales, minimums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Scales256(BlockQ4_K* block, float* halves) =>
        KScales.Expand256(&block->Groups, halves[block->Scale], halves[block->Minimum ^ HalfBits.Sign]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ScaleOf(BlockQ4_K* block, float* halves) => halves[block->Scale];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinimumOf(BlockQ4_K* block, float* halves) => halves[block->Minimum];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Unpack128(BlockQ4_K* block, int part, int half) => Bits.PairNibbles128(block->Nibbles, part, half);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack256(BlockQ4_K* block, int part) => Bits.PairNibbles256(block->Nibbles, part);
}
