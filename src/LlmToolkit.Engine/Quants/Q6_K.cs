using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Quants;

/// <summary>256 weights of 6 bits in 16 groups of 16: weight = (scale × group scale) × (q − 32).</summary>
internal sealed class Q6_K : BlockQuant<BlockQ6_K>;

/// <summary>210 bytes, no padding. Source: ggml-org/llama.cpp, ggml/src/ggml-common.h (block_q6_K); order of operations: ggml/src/ggml-quants.c.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ6_K : IBlock<BlockQ6_K>
{
    /// <summary>64 bytes for each half of 128 weights: parts 0 and 1 of the half in the low nibbles, parts 2 and 3 in the high ones.</summary>
    public fixed byte Nibbles[128];

    /// <summary>32 bytes for each half: byte i, bits 2p and 2p + 1: the upper two bits of weight i of part p of the half.</summary>
    public fixed byte HighBits[64];
    public fixed sbyte Groups[16];
    public ushort Scale;

    public static DType Type => DTypes.Q6_K;

    public static int Length => 256;

    public static int Group => 16;

    public static int MaxValue => 63;

    public static int Offset => 32;

    public static bool Signed => false;

    public static bool HasMinimum => false;

    public static void Scales(BlockQ6_K* block, float* scales, float* minimums)
    {
        float scale = HalfBits.ToSingle(block->Scale);
        for (int g = 0; g < 16; g++)
        {
            scales[g] = scale * block->Groups[g];
        }
    }

    public static void Unpack(BlockQ6_K* block, int part, byte* values)
    {
        byte* nibbles = block->Nibbles + (64 * (part / 4)) + (32 * (part % 2));
        byte* highBits = block->HighBits + (32 * (part / 4));
        int quarter = part % 4;
        for (int i = 0; i < 32; i++)
        {
            int low = quarter < 2 ? nibbles[i] & 15 : nibbles[i] >> 4;
            values[i] = (byte)(low | ((highBits[i] >> (2 * quarter) & 3) << 4));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FastScales(BlockQ6_K* block, float* halves, float* scales, float* minimums)
    {
        Vector128<float> scale = Vector128.Create(halves[block->Scale]);
        Bits.ToSingles(Vector128.Load(block->Groups), out Vector128<float> a, out Vector128<float> b, out Vector128<float> c, out Vector128<float> d);
        (a * scale).Store(scales);
        (b * scale).Store(scales + 4);
        (c * scale).Store(scales + 8);
        (d * scale).Store(scales + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Scales256(BlockQ6_K* block, float* halves)
    {
        Vector256<float> scale = Vector256.Create(halves[block->Scale]);
        return (Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(block->Groups)) * scale, Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(block->Groups + 8)) * scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ScaleOf(BlockQ6_K* block, float* halves) => halves[block->Scale];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinimumOf(BlockQ6_K* block, float* halves) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Unpack128(BlockQ6_K* block, int part, int half)
    {
        int quarter = part % 4;
        Vector128<byte> nibbles = Vector128.Load(block->Nibbles + (64 * (part / 4)) + (32 * (part % 2)) + (16 * half));
        Vector128<byte> high = Vector128.Load(block->HighBits + (32 * (part / 4)) + (16 * half));
        return (Bits.MoveBits(nibbles, quarter < 2 ? 0 : 4, 0) & Vector128.Create((byte)15)) | (Bits.MoveBits(high, 2 * quarter, 4) & Vector128.Create((byte)0x30));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack256(BlockQ6_K* block, int part)
    {
        int quarter = part % 4;
        Vector256<byte> nibbles = Vector256.Load(block->Nibbles + (64 * (part / 4)) + (32 * (part % 2)));
        Vector256<byte> high = Vector256.Load(block->HighBits + (32 * (part / 4)));
        return (Bits.MoveBits(nibbles, quarter < 2 ? 0 : 4, 0) & Vector256.Create((byte)15)) | (Bits.MoveBits(high, 2 * quarter, 4) & Vector256.Create((byte)0x30));
    }
}
