using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Kernels;

/// <summary>The float operations of the panel kernels on one vector width.</summary>
internal unsafe interface IFloatLanes<TFloats>
{
    /// <summary>Floats of a vector.</summary>
    static abstract int Count { get; }

    static abstract TFloats Load(float* p);

    static abstract void Store(TFloats v, float* p);

    static abstract TFloats Broadcast(float* p);

    static abstract TFloats Multiply(TFloats a, TFloats b);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract TFloats MultiplyAdd(TFloats a, TFloats b, TFloats c);
}

/// <summary>The byte operations of the panel kernels on one vector width: groups of 4 bytes belong to one row.</summary>
internal unsafe interface IByteLanes<TBytes, TShorts, TInts, TFloats> : IFloatLanes<TFloats>
{
    static abstract TBytes Load(byte* p);

    /// <summary>The unsigned bytes 0, 2, 4 ... as 16 bits.</summary>
    static abstract TShorts Even(TBytes v);

    /// <summary>The unsigned bytes 1, 3, 5 ... as 16 bits.</summary>
    static abstract TShorts Odd(TBytes v);

    /// <summary>Writes the signed bytes 0, 2, 4 ... and 1, 3, 5 ... of a vector as 16 bits.</summary>
    static abstract void Spread(int* bytes, int* even, int* odd);

    /// <summary>sum + the sums of neighbouring products with the two 16-bit numbers at x.</summary>
    static abstract TInts DotPairs(TInts sum, TShorts weights, int* x);

    /// <summary>Sums of neighbouring products of unsigned weights with the 4 signed bytes of x; they must fit in 16 bits.</summary>
    static abstract TShorts Pairs(TBytes weights, int x);

    static abstract TShorts Add(TShorts a, TShorts b);

    /// <summary>Sums of neighbours.</summary>
    static abstract TInts Widen(TShorts pairs);

    static abstract TInts Add(TInts a, TInts b);

    /// <summary>sum + the sums of 4 neighbouring products. Without an instruction for it (VNNI), for weights up to 127 only.</summary>
    static abstract TInts Dot(TInts sum, TBytes weights, int x);

    static abstract TFloats ToFloats(TInts v);
}

/// <summary>AVX-512: 16 rows.</summary>
internal readonly unsafe struct PanelLanes512 : IByteLanes<Vector512<byte>, Vector512<short>, Vector512<int>, Vector512<float>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* p) => Vector512.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> v, float* p) => v.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float* p) => Vector512.Create(*p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(byte* p) => Vector512.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Even(Vector512<byte> v) => (v.AsUInt16() & Vector512.Create((ushort)255)).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Odd(Vector512<byte> v) => (v.AsUInt16() >>> 8).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Spread(int* bytes, int* even, int* odd)
    {
        Vector512<short> v = Vector512.Load((short*)bytes);
        ((v << 8) >> 8).Store((short*)even);
        (v >> 8).Store((short*)odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DotPairs(Vector512<int> sum, Vector512<short> weights, int* x) => sum + Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(*x).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Pairs(Vector512<byte> weights, int x) => Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(x).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Add(Vector512<short> a, Vector512<short> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector512<short> pairs) => Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot(Vector512<int> sum, Vector512<byte> weights, int x) => sum + Widen(Pairs(weights, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToFloats(Vector512<int> v) => Vector512.ConvertToSingle(v);
}

/// <summary>AVX2 and FMA: 8 rows.</summary>
internal readonly unsafe struct PanelLanes256 : IByteLanes<Vector256<byte>, Vector256<short>, Vector256<int>, Vector256<float>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* p) => Vector256.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> v, float* p) => v.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* p) => Vector256.Create(*p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* p) => Vector256.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Even(Vector256<byte> v) => (v.AsUInt16() & Vector256.Create((ushort)255)).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Odd(Vector256<byte> v) => (v.AsUInt16() >>> 8).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Spread(int* bytes, int* even, int* odd)
    {
        Vector256<short> v = Vector256.Load((short*)bytes);
        ((v << 8) >> 8).Store((short*)even);
        (v >> 8).Store((short*)odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotPairs(Vector256<int> sum, Vector256<short> weights, int* x) => sum + Avx2.MultiplyAddAdjacent(weights, Vector256.Create(*x).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Pairs(Vector256<byte> weights, int x) => Avx2.MultiplyAddAdjacent(weights, Vector256.Create(x).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Add(Vector256<short> a, Vector256<short> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<short> pairs) => Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, int x) =>
        AvxVnni.IsSupported ? AvxVnni.MultiplyWideningAndAdd(sum, weights, Vector256.Create(x).AsSByte()) : sum + Widen(Pairs(weights, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloats(Vector256<int> v) => Vector256.ConvertToSingle(v);
}

/// <summary>128 bits: 4 rows. Portable; on x86 the two multiplications have instructions of their own.</summary>
internal readonly unsafe struct PanelLanes128 : IByteLanes<Vector128<byte>, Vector128<short>, Vector128<int>, Vector128<float>>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* p) => Vector128.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> v, float* p) => v.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* p) => Vector128.Create(*p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load(byte* p) => Vector128.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Even(Vector128<byte> v) => (v.AsUInt16() & Vector128.Create((ushort)255)).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Odd(Vector128<byte> v) => (v.AsUInt16() >>> 8).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Spread(int* bytes, int* even, int* odd)
    {
        Vector128<short> v = Vector128.Load((short*)bytes);
        ((v << 8) >> 8).Store((short*)even);
        (v >> 8).Store((short*)odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotPairs(Vector128<int> sum, Vector128<short> weights, int* x) => sum + (Sse2.IsSupported ? Sse2.MultiplyAddAdjacent(weights, Vector128.Create(*x).AsInt16()) : PortableDotPairs(weights, *x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Pairs(Vector128<byte> weights, int x) =>
        Ssse3.IsSupported ? Ssse3.MultiplyAddAdjacent(weights, Vector128.Create(x).AsSByte()) : PortablePairs(weights, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Add(Vector128<short> a, Vector128<short> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Widen(Vector128<short> pairs) =>
        Sse2.IsSupported ? Sse2.MultiplyAddAdjacent(pairs, Vector128<short>.One) : PortableWiden(pairs);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sum, Vector128<byte> weights, int x) => sum + Widen(Pairs(weights, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloats(Vector128<int> v) => Vector128.ConvertToSingle(v);

    /// <summary><see cref="Pairs"/> where there is no instruction for it: the even and the odd bytes apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> PortablePairs(Vector128<byte> weights, int x)
    {
        Vector128<short> pairs = Vector128.Create(x).AsInt16();
        Vector128<short> even = (weights.AsUInt16() & Vector128.Create((ushort)255)).AsInt16() * ((pairs << 8) >> 8);
        return even + ((weights.AsUInt16() >>> 8).AsInt16() * (pairs >> 8));
    }

    /// <summary>The products of <see cref="DotPairs"/> where there is no instruction for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> PortableDotPairs(Vector128<short> weights, int x) =>
        (((weights.AsInt32() << 16) >> 16) * Vector128.Create((int)(short)x)) + ((weights.AsInt32() >> 16) * Vector128.Create(x >> 16));

    /// <summary><see cref="Widen"/> where there is no instruction for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> PortableWiden(Vector128<short> pairs) => ((pairs.AsInt32() << 16) >> 16) + (pairs.AsInt32() >> 16);
}
