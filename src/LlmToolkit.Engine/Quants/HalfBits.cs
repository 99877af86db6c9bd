using System.Runtime.CompilerServices;

namespace LlmToolkit.Engine.Quants;

/// <summary>Half-precision scales as they lie in blocks.</summary>
internal static class HalfBits
{
    /// <summary>The value; exact for every half, subnormal ones, infinities and NaN included. For once per block, not for inner loops.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);
}
