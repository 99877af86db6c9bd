using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Quants;

/// <summary>32 weights of 4 bits with half scale and minimum: weight = scale × q + minimum.</summary>
internal sealed class Q4_1 : BlockQuant<BlockQ4_1>;

/// <summary>20 bytes, no padding. Source: ggml-org/llama.cpp, ggml/src/ggml-common.h (block_q4_1); order of operations: ggml/src/ggml-quants.c.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ4_1 : IBlock<BlockQ4_1>
{
    public ushort Scale;
    public ushort Minimum;

    /// <summary>Byte i: weight i in the low, weight i + 16 in the high nibble.</summary>
    public fixed byte Nibbles[16];

    public static DType Type => DTypes.Q4_1;

    public static int Length => 32;

    public static int Group => 32;

    public static int MaxValue => 15;

    public static int Offset => 0;

    public static bool Signed => false;

    public static bool HasMinimum => true;

    public static void Scales(BlockQ4_1* block, float* scales, float* minimums)
    {
        *scales = HalfBits.ToSingle(block->Scale);
        *minimums = HalfBits.ToSingle(block->Minimum);
    }

    public static void Unpack(BlockQ4_1* block, int part, byte* values) => Bits.SplitNibbles(block->Nibbles, values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FastScales(BlockQ4_1* block, float* halves, float* scales, float* minimums)
    {
        *scales = halves[block->Scale];
        *minimums = halves[block->Minimum];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Scales256(BlockQ4_1* block, float* halves) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ScaleOf(BlockQ4_1* block, float* halves) => halves[block->Scale];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinimumOf(BlockQ4_1* block, float* halves) => halves[block->Minimum];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Unpack128(BlockQ4_1* block, int part, int half) => Bits.SplitNibbles128(block->Nibbles, half);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack256(BlockQ4_1* block, int part) => Bits.SplitNibbles256(block->Nibbles);
}
