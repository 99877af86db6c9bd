using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Kernels;

/// <summary>Width of the vectors that kernels use; the value is the number of bits.</summary>
internal enum SimdLevel
{
    /// <summary>The definition: plain loops.</summary>
    Scalar = 0,

    /// <summary>Portable 128-bit vectors: what ARM (AdvSimd) and old x86 run.</summary>
    V128 = 128,

    /// <summary>AVX2 with FMA; AVX-VNNI where present.</summary>
    V256 = 256,

    /// <summary>AVX-512 F, BW, DQ.</summary>
    V512 = 512,
}

/// <summary>Chooses the level once, at start.</summary>
internal static class Simd
{
    /// <summary>The widest level of this machine, or what <c>LLMTK_SIMD</c> (<c>scalar</c>, <c>128</c>, <c>256</c>, <c>512</c>) forces.</summary>
    public static SimdLevel Level { get; } = Choose(Environment.GetEnvironmentVariable("LLMTK_SIMD"));

    /// <summary>Levels that this machine can run, for tests.</summary>
    public static IReadOnlyList<SimdLevel> Available { get; } = [.. Enum.GetValues<SimdLevel>().Where(l => l <= Widest)];

    private static SimdLevel Widest =>
        Vector512.IsHardwareAccelerated && System.Runtime.Intrinsics.X86.Avx512BW.IsSupported && System.Runtime.Intrinsics.X86.Avx512DQ.IsSupported ? SimdLevel.V512
        : System.Runtime.Intrinsics.X86.Avx2.IsSupported && System.Runtime.Intrinsics.X86.Fma.IsSupported ? SimdLevel.V256
        : Vector128.IsHardwareAccelerated ? SimdLevel.V128
        : SimdLevel.Scalar;

    private static SimdLevel Choose(string? forced)
    {
        SimdLevel wanted = forced switch
        {
            null or "" => Widest,
            "scalar" => SimdLevel.Scalar,
            "128" => SimdLevel.V128,
            "256" => SimdLevel.V256,
            "512" => SimdLevel.V512,
            _ => throw EngineErrors.UnknownSimdLevel(forced),
        };
        return wanted <= Widest ? wanted : throw EngineErrors.SimdLevelMissing(forced!, Widest.ToString());
    }
}
