using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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

    public static bool Signed => true;

    public static bool HasMinimum => false;

    public static void Scales(BlockQ8_0* block, float* scales, float* minimums) => *scales = HalfBits.ToSingle(block->Scale);

    public static void Unpack(BlockQ8_0* block, int part, byte* values)
    {
        for (int i = 0; i < 32; i++)
        {
            values[i] = (byte)(block->Quants[i] + 128);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FastScales(BlockQ8_0* block, float* halves, float* scales, float* minimums) => *scales = halves[block->Scale];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Scales256(BlockQ8_0* block, float* halves) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ScaleOf(BlockQ8_0* block, float* halves) => halves[block->Scale];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinimumOf(BlockQ8_0* block, float* halves) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Unpack128(BlockQ8_0* block, int part, int half) => Vector128.Load(block->Quants + (16 * half)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack256(BlockQ8_0* block, int part) => Vector256.Load(block->Quants).AsByte();
}
