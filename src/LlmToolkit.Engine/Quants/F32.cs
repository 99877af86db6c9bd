using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Quants;

/// <summary>Single-precision weights, little-endian.</summary>
internal sealed unsafe class F32 : FloatQuant<F32.Stored>
{
    public override DType DType => DTypes.F32;

    public override void Dequantize(byte* row, float* values, int count) => new ReadOnlySpan<float>(row, count).CopyTo(new Span<float>(values, count));

    internal readonly struct Stored : IStoredFloat
    {
        public static int Bytes => sizeof(float);

        public static float Load(byte* p) => *(float*)p;

        public static Vector128<float> Load128(byte* p) => Vector128.Load((float*)p);

        public static Vector256<float> Load256(byte* p) => Vector256.Load((float*)p);

        public static Vector512<float> Load512(byte* p) => Vector512.Load((float*)p);
    }
}
