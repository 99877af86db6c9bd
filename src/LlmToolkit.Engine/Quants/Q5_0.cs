using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Quants;

/// <summary>32 weights of 5 bits with one half scale: weight = scale × (q − 16).</summary>
internal sealed class Q5_0 : BlockQuant<BlockQ5_0>;

/// <summary>22 bytes, no padding. Source: ggml-org/llama.cpp, ggml/src/ggml-common.h (block_q5_0); order of operations: ggml/src/ggml-quants.c.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ5_0 : IBlock<BlockQ5_0>
{
    public ushort Scale;

    /// <summary>Bit i: the fifth bit of weight i.</summary>
    public uint HighBits;

    /// <summary>Byte i: weight i in the low, weight i + 16 in the high nibble.</summary>
    public fixed byte Nibbles[16];

    public static DType Type => DTypes.Q5_0;

    public static int Length => 32;

    public static int Group => 32;

    public static int MaxValue => 31;

    public static int Offset => 16;

    public static bool Signed => false;

    public static bool HasMinimum => false;

    public static void Scales(BlockQ5_0* block, float* scales, float* minimums) => *scales = HalfBits.ToSingle(block->Scale);

    public static void Unpack(BlockQ5_0* block, int part, byte* values)
    {
        Bits.SplitNibbles(block->Nibbles, values);
        Bits.AddFifthBits(block->HighBits, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FastScales(BlockQ5_0* block, float* halves, float* scales, float* minimums) => *scales = halves[block->Scale];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Scales256(BlockQ5_0* block, float* halves) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ScaleOf(BlockQ5_0* block, float* halves) => halves[block->Scale];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinimumOf(BlockQ5_0* block, float* halves) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Unpack128(BlockQ5_0* block, int part, int half) =>
        Bits.SplitNibbles128(block->Nibbles, half) | Bits.FifthBits128(block->HighBits, half);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack256(BlockQ5_0* block, int part) => Bits.SplitNibbles256(block->Nibbles) | Bits.FifthBits256(&block->HighBits);
}
