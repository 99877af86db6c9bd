using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Quants;

/// <summary>
/// Eight scales and eight minimums of 6 bits in 12 bytes: the first four of each lie in the low 6 bits of bytes 0-3 and 4-7; of the last four, bytes 8-11 hold
/// the low 4 bits (scale in the low nibble, minimum in the high one) and the upper 2 bits of bytes 0-7 the rest.
/// </summary>
/// <remarks>Source: ggml-org/llama.cpp, ggml/src/ggml-quants.c (get_scale_min_k4).</remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct KScales
{
    public uint First;
    public uint Second;
    public uint Third;

    /// <summary>The scales, one a byte.</summary>
    public readonly ulong Scales => (First & 0x3F3F3F3F) | ((ulong)((Third & 0x0F0F0F0F) | ((First >> 2) & 0x30303030)) << 32);

    /// <summary>The minimums, one a byte.</summary>
    public readonly ulong Minimums => (Second & 0x3F3F3F3F) | ((ulong)(((Third >> 4) & 0x0F0F0F0F) | ((Second >> 2) & 0x30303030)) << 32);

    /// <summary>The scale of each group, and what is added to its weights.</summary>
    public static void Expand(KScales* groups, float scale, float minimum, float* scales, float* minimums)
    {
        ulong s = groups->Scales;
        ulong m = groups->Minimums;
        for (int g = 0; g < 8; g++, s >>= 8, m >>= 8)
        {
            scales[g] = scale * (byte)s;
            minimums[g] = -(minimum * (byte)m);
        }
    }

    /// <summary>As <see cref="Expand"/>, in vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FastExpand(KScales* groups, float scale, float minimum, float* scales, float* minimums)
    {
        Vector128<sbyte> both = Vector128.Create(groups->Scales, groups->Minimums).AsSByte();
        Bits.ToSingles(both, out Vector128<float> a, out Vector128<float> b, out Vector128<float> c, out Vector128<float> d);
        Vector128<float> s = Vector128.Create(scale);
        Vector128<float> m = Vector128.Create(minimum);
        (a * s).Store(scales);
        (b * s).Store(scales + 4);
        (-(c * m)).Store(minimums);
        (-(d * m)).Store(minimums + 4);
    }

    /// <summary>As <see cref="Expand"/>, in registers; the minimum comes negated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> Scales, Vector256<float> Minimums) Expand256(KScales* groups, float scale, float negatedMinimum) => (
        Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(Vector128.CreateScalar(groups->Scales).AsByte())) * Vector256.Create(scale),
        Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(Vector128.CreateScalar(groups->Minimums).AsByte())) * Vector256.Create(negatedMinimum));
}
