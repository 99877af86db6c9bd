using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Kernels;

/// <summary>Asks for weights before they are needed. Beyond the weights it does no harm.</summary>
/// <remarks>
/// Hardware does not follow several short streams that share pages. The lines go to level 2 only: on Zen 4 asking for them in level 1 gave a third of the
/// rate (8.9, 12 and 30 GB/s for Q8_0 without, with, and so; 3 and 9 GB/s for four rows of F16 without and with, while others used the memory too).
/// </remarks>
internal static unsafe class Lookahead
{
    /// <summary>How far ahead one row asks for memory; a matrix goes on behind it.</summary>
    public const int OneRow = 8192;

    /// <summary>How far ahead several rows at once ask for memory: whole passes, so that together they ask for every line once.</summary>
    /// <param name="passBytes">Bytes of the rows that are read together.</param>
    public static nint Passes(nint passBytes) => passBytes is 0 or >= OneRow ? passBytes : (OneRow + passBytes - 1) / passBytes * passBytes;

    /// <summary>Asks for the cache lines of 32 stored numbers, <paramref name="bytes"/> (a constant) long each; nothing where there is no instruction for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch32(byte* p, int bytes)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(p);
            if (bytes > 2)
            {
                Sse.Prefetch1(p + 64);
            }
        }
    }
}
