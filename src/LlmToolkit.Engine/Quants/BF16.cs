using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Quants;

/// <summary>The upper halves of single-precision weights, little-endian.</summary>
internal sealed unsafe class BF16 : FloatQuant<BF16.Stored>
{
    public override DType DType => DTypes.BF16;

    internal readonly struct Stored : IStoredFloat
    {
        public static int Bytes => sizeof(ushort);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Load(byte* p) => BitConverter.UInt32BitsToSingle((uint)*(ushort*)p << 16);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Load128(byte* p) => (Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)p).AsUInt16()) << 16).AsSingle();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load256(byte* p) => (Vector256.WidenLower(Vector128.Load((ushort*)p).ToVector256Unsafe()) << 16).AsSingle();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load512(byte* p) => (Vector512.WidenLower(Vector256.Load((ushort*)p).ToVector512Unsafe()) << 16).AsSingle();
    }
}
