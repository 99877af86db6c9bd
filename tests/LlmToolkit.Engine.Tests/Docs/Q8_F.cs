using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Tests.Docs;

/// <summary>32 weights of 8 bits with one float scale: weight = scale × q. Q8_0 with a scale that does not lose bits.</summary>
internal sealed class Q8_F : BlockQuant<BlockQ8_F>;

/// <summary>36 bytes, no padding.</summary>
/// <remarks>The signed bytes count as unsigned ones with an offset of 128.</remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct BlockQ8_F : IBlock<BlockQ8_F>
{
    public float Scale;
    public fixed sbyte Quants[32];

    // A type of the product has its line in DTypes.
    public static DType Type { get; } = new("Q8_F", 32, 36);

    public static int Length => 32;

    public static int Group => 32;

    public static int MaxValue => 255;

    public static int Offset => 128;

    public static bool Signed => true;

    public static bool HasMinimum => false;

    // The definition, written to be read: every level is compared with it.
    public static void Scales(BlockQ8_F* block, float* scales, float* minimums) => *scales = block->Scale;

    public static void Unpack(BlockQ8_F* block, int part, byte* values)
    {
        for (int i = 0; i < 32; i++)
        {
            values[i] = (byte)(block->Quants[i] + 128);
        }
    }

    // The same in vectors: row dots and panels of every level are built on these few lines.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FastScales(BlockQ8_F* block, float* halves, float* scales, float* minimums) => *scales = block->Scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Scales256(BlockQ8_F* block, float* halves) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ScaleOf(BlockQ8_F* block, float* halves) => block->Scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinimumOf(BlockQ8_F* block, float* halves) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Unpack128(BlockQ8_F* block, int part, int half) => Vector128.Load(block->Quants + (16 * half)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack256(BlockQ8_F* block, int part) => Vector256.Load(block->Quants).AsByte();
}
