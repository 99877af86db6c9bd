using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Quants;

/// <summary>32 weights of 5 bits with half scale and minimum: weight = scale × q + minimum.</summary>
internal sealed class Q5_1 : BlockQuant<BlockQ5_1>;

/// <summary>24 bytes, no padding. Source: ggml-org/llama.cpp, ggml/src/ggml-common.h (block_q5_1); order of operations: ggml/src/ggml-quants.c.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ5_1 : IBlock<BlockQ5_1>
{
    public ushort Scale;
    public ushort Minimum;

    /// <summary>Bit i: the fifth bit of weight i.</summary>
    public uint HighBits;

    /// <summary>Byte i: weight i in the low, weight i + 16 in the high nibble.</summary>
    public fixed byte Nibbles[16];

    public static DType Type => DTypes.Q5_1;

    public static int Length => 32;

    public static int Group => 32;

    public static int MaxValue => 31;

    public static int Offset => 0;

    public static bool Signed => false;

    public static bool HasMinimum => true;

    public static void Scales(BlockQ5_1* block, float* scales, float* minimums)
    {
        *scales = HalfBits.ToSingle(block->Scale);
        *minimums = HalfBits.ToSingle(block->Minimum);
    }

    public static void Unpack(BlockQ5_1* block, int part, byte* values)
    {
        Bits.SplitNibbles(block->Nibbles, values);
        Bits.AddFifthBits(block->HighBits, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FastScales(BlockQ5_1* block, float* halves, float* scales, float* minimums)
    {
        *scales = halves[block->Scale];
        *minimums = halves[block->Minimum];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Scales256(BlockQ5_1* block, float* halves) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ScaleOf(BlockQ5_1* block, float* halves) => halves[block->Scale];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinimumOf(BlockQ5_1* block, float* halves) => halves[block->Minimum];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Unpack128(BlockQ5_1* block, int part, int half) =>
        Bits.SplitNibbles128(block->Nibbles, half) | Bits.FifthBits128(block->HighBits, half);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack256(BlockQ5_1* block, int part) => Bits.SplitNibbles256(block->Nibbles) | Bits.FifthBits256(&block->HighBits);
}
