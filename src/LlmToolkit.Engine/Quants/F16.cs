using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Quants;

/// <summary>Half-precision weights, little-endian. The products take them as finite; <see cref="Dequantize"/> knows infinities and NaN.</summary>
/// <remarks>
/// The bits of a half, moved into the place of a float's, read as a float 2^112 times too small (the exponents' biases are 112 apart), denormals
/// included; the product with 2^112 is exact. .NET 10 has no vector instruction for it.
/// </remarks>
internal sealed unsafe class F16 : FloatQuant<F16.Stored>
{
    private const int SignAndMagnitude = unchecked((int)0x8FFFE000);
    private const float Rebias = 5.192296858534828e33f;

    public override DType DType => DTypes.F16;

    public override void Dequantize(byte* row, float* values, int count)
    {
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)((Half*)row)[i];
        }
    }

    internal readonly struct Stored : IStoredFloat
    {
        public static int Bytes => sizeof(ushort);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Load(byte* p) => BitConverter.Int32BitsToSingle((*(short*)p << 13) & SignAndMagnitude) * Rebias;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Load128(byte* p) =>
            ((Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)p).AsInt16()) << 13) & Vector128.Create(SignAndMagnitude)).AsSingle() * Vector128.Create(Rebias);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load256(byte* p) =>
            ((Vector256.WidenLower(Vector128.Load((short*)p).ToVector256Unsafe()) << 13) & Vector256.Create(SignAndMagnitude)).AsSingle() * Vector256.Create(Rebias);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load512(byte* p) =>
            ((Vector512.WidenLower(Vector256.Load((short*)p).ToVector512Unsafe()) << 13) & Vector512.Create(SignAndMagnitude)).AsSingle() * Vector512.Create(Rebias);
    }
}
