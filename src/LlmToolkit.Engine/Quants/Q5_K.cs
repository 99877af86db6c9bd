using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Quants;

/// <summary>256 weights of 5 bits in 8 groups of 32: weight = (scale × group scale) × q − minimum × group minimum.</summary>
internal sealed class Q5_K : BlockQuant<BlockQ5_K>;

/// <summary>176 bytes, no padding. Source: ggml-org/llama.cpp, ggml/src/ggml-common.h (block_q5_K); order of operations: ggml/src/ggml-quants.c.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ5_K : IBlock<BlockQ5_K>
{
    public ushort Scale;
    public ushort Minimum;
    public KScales Groups;

    /// <summary>Byte i, bit g: the fifth bit of weight i of group g.</summary>
    public fixed byte HighBits[32];

    /// <summary>32 bytes for each two groups: the first in the low, the second in the high nibbles.</summary>
    public fixed byte Nibbles[128];

    public static DType Type => DTypes.Q5_K;

    public static int Length => 256;

    public static int Group => 32;

    public static int MaxValue => 31;

    public static int Offset => 0;

    public static bool Signed => false;

    public static bool HasMinimum => true;

    public static void Scales(BlockQ5_K* block, float* scales, float* minimums) =>
        KScales.Expand(&block->Groups, HalfBits.ToSingle(block->Scale), HalfBits.ToSingle(block->Minimum), scales, minimums);

    public static void Unpack(BlockQ5_K* block, int part, byte* values)
    {
        Bits.PairNibbles(block->Nibbles, part, values);
        for (int i = 0; i < 32; i++)
        {
            values[i] |= (byte)((block->HighBits[i] >> part & 1) << 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FastScales(BlockQ5_K* block, float* halves, float* scales, float* minimums) =>
        KScales.FastExpand(&block->Groups, halves[block->Scale], halves[block->Minimum], scales, minimums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Scales256(BlockQ5_K* block, float* halves) =>
        KScales.Expand256(&block->Groups, halves[block->Scale], halves[block->Minimum ^ HalfBits.Sign]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ScaleOf(BlockQ5_K* block, float* halves) => halves[block->Scale];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinimumOf(BlockQ5_K* block, float* halves) => halves[block->Minimum];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Unpack128(BlockQ5_K* block, int part, int half) =>
        Bits.PairNibbles128(block->Nibbles, part, half) | (Bits.MoveBits(Vector128.Load(block->HighBits + (16 * half)), part, 4) & Vector128.Create((byte)16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack256(BlockQ5_K* block, int part) =>
        Bits.PairNibbles256(block->Nibbles, part) | (Bits.MoveBits(Vector256.Load(block->HighBits), part, 4) & Vector256.Create((byte)16));
}
