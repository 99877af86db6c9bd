using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// A register of floats, so that a kernel is written once and compiled for each width (the type arguments are structs, so every call is inlined).
/// Every operation rounds alike at every width: a kernel whose lanes do not meet gives the same bits at all levels.
/// </summary>
internal unsafe interface ILanes<T>
    where T : struct, ILanes<T>
{
    /// <summary>Floats in the register.</summary>
    static abstract int Count { get; }

    static abstract T Create(float value);

    static abstract T Load(float* source);

    /// <summary>Halves as floats × 2^-112: shifting the bits into place leaves the exponent's bias wrong by 112, and the caller folds 2^112 into the other factor.
    /// Exact for zeros, normal and subnormal halves; an infinity reads as 2^16 × 2^-112.</summary>
    static abstract T LoadHalves(ushort* source);

    static abstract void Store(T value, float* target);

    /// <summary>Rounds to halves, nearest even; what is beyond the range becomes infinite.</summary>
    static abstract void StoreHalves(T value, ushort* target);

    static abstract T operator +(T left, T right);

    static abstract T operator -(T left, T right);

    static abstract T operator *(T left, T right);

    static abstract T operator /(T left, T right);

    /// <summary>a * b + c, rounded once (where the machine can).</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>The larger; the right one where one is not a number (ARM: not a number).</summary>
    static abstract T Max(T left, T right);

    /// <summary>The smaller; the right one where one is not a number (ARM: not a number).</summary>
    static abstract T Min(T left, T right);

    static abstract T Abs(T value);

    /// <summary>The size of one with the sign of another.</summary>
    static abstract T CopySign(T size, T sign);

    /// <summary>left &lt; right ? yes : no, lane by lane.</summary>
    static abstract T WhereLess(T left, T right, T yes, T no);

    /// <summary>value × 2^n, where n is in the low bits of <paramref name="shifted"/> (see <see cref="VectorMath.Exp"/>); the product must be a normal number.</summary>
    static abstract T Scale(T value, T shifted);
}

/// <summary>Registers of whole pairs.</summary>
internal unsafe interface IPairLanes<T> : ILanes<T>
    where T : struct, IPairLanes<T>
{
    /// <summary>−1, 1, −1, 1, …</summary>
    static abstract T Alternating { get; }

    /// <summary>Half as many floats as lanes, each twice: a, a, b, b, …</summary>
    static abstract T LoadTwice(float* source);

    /// <summary>a, b, c, d, … becomes b, a, d, c, …</summary>
    static abstract T SwapPairs(T value);
}

/// <summary>Width 1: the scalar level, and the tails of all others.</summary>
internal readonly unsafe struct Lanes1(float value) : ILanes<Lanes1>
{
    private readonly float _value = value;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Create(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Load(float* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 LoadHalves(ushort* source) => new(BitConverter.Int32BitsToSingle(((short)*source << 13) & unchecked((int)0x8FFFE000)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes1 value, float* target) => *target = value._value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(Lanes1 value, ushort* target) =>
        *target = float.IsNaN(value._value) ? (ushort)(0x7E00 | ((BitConverter.SingleToInt32Bits(value._value) >> 16) & 0x8000)) : BitConverter.HalfToUInt16Bits((Half)value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator +(Lanes1 left, Lanes1 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator -(Lanes1 left, Lanes1 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator *(Lanes1 left, Lanes1 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator /(Lanes1 left, Lanes1 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 MultiplyAdd(Lanes1 a, Lanes1 b, Lanes1 c) => new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Max(Lanes1 left, Lanes1 right) => new(left._value > right._value ? left._value : right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Min(Lanes1 left, Lanes1 right) => new(left._value < right._value ? left._value : right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Abs(Lanes1 value) => new(MathF.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 CopySign(Lanes1 size, Lanes1 sign) => new(MathF.CopySign(size._value, sign._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 WhereLess(Lanes1 left, Lanes1 right, Lanes1 yes, Lanes1 no) => left._value < right._value ? yes : no;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Scale(Lanes1 value, Lanes1 shifted) =>
        new(BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value._value) + (BitConverter.SingleToInt32Bits(shifted._value) << 23)));
}

/// <summary>Width 4, of portable operations only. Fused products where the machine has them; an x86 without FMA rounds them twice.</summary>
internal readonly unsafe struct Lanes128(Vector128<float> value) : IPairLanes<Lanes128>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    public static Lanes128 Alternating
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128.Create(-1f, 1f, -1f, 1f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadTwice(float* source) => new(Vector128.Shuffle(Vector128.CreateScalarUnsafe(*(double*)source).AsSingle(), Vector128.Create(0, 0, 1, 1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SwapPairs(Lanes128 value) => new(Vector128.Shuffle(value._value, Vector128.Create(1, 0, 3, 2)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadHalves(ushort* source)
    {
        Vector128<int> wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsInt16());
        return new(((wide << 13) & Vector128.Create(unchecked((int)0x8FFFE000))).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(Lanes128 value, ushort* target)
    {
        Vector128<uint> bits = value._value.AsUInt32();
        Vector128<uint> sign = (bits >> 16) & Vector128.Create(0x8000u);
        Vector128<uint> size = bits & Vector128.Create(0x7FFFFFFFu);

        // Normal halves: drop 13 bits, rounding to even, and move the exponent's bias from 127 to 15. Subnormal ones: adding 0.5, whose last bit is theirs, rounds.
        Vector128<uint> normal = (size + Vector128.Create(unchecked(0xFFFu - (112u << 23))) + ((size >> 13) & Vector128<uint>.One)) >> 13;
        Vector128<uint> subnormal = (size.AsSingle() + Vector128.Create(0.5f)).AsUInt32() - Vector128.Create(0x3F000000u);
        Vector128<uint> half = Vector128.ConditionalSelect(Vector128.LessThan(size.AsInt32(), Vector128.Create(113 << 23)).AsUInt32(), subnormal, normal);
        half = Vector128.Min(half, Vector128.Create(0x7C00u));
        half = Vector128.ConditionalSelect(Vector128.GreaterThan(size.AsInt32(), Vector128.Create(0x7F800000)).AsUInt32(), Vector128.Create(0x7E00u), half) | sign;
        *(ulong*)target = Vector128.Narrow(half, half).AsUInt64().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 left, Lanes128 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 left, Lanes128 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 left, Lanes128 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 left, Lanes128 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) => new(Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 left, Lanes128 right) => new(Vector128.MaxNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 left, Lanes128 right) => new(Vector128.MinNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Abs(Lanes128 value) => new(Vector128.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 CopySign(Lanes128 size, Lanes128 sign) => new(Vector128.CopySign(size._value, sign._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 WhereLess(Lanes128 left, Lanes128 right, Lanes128 yes, Lanes128 no) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(left._value, right._value), yes._value, no._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Scale(Lanes128 value, Lanes128 shifted) => new((value._value.AsInt32() + (shifted._value.AsInt32() << 23)).AsSingle());
}

/// <summary>Width 8.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> value) : IPairLanes<Lanes256>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    public static Lanes256 Alternating
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256.Create(-1f, 1f, -1f, 1f, -1f, 1f, -1f, 1f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadTwice(float* source) => new(Vector256.Shuffle(Vector128.Load(source).ToVector256Unsafe(), Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SwapPairs(Lanes256 value) => new(Vector256.Shuffle(value._value, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadHalves(ushort* source)
    {
        Vector256<int> wide = Avx2.ConvertToVector256Int32((short*)source);
        return new(((wide << 13) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(Lanes256 value, ushort* target)
    {
        Vector256<uint> bits = value._value.AsUInt32();
        Vector256<uint> sign = (bits >> 16) & Vector256.Create(0x8000u);
        Vector256<uint> size = bits & Vector256.Create(0x7FFFFFFFu);

        // Normal halves: drop 13 bits, rounding to even, and move the exponent's bias from 127 to 15. Subnormal ones: adding 0.5, whose last bit is theirs, rounds.
        Vector256<uint> normal = (size + Vector256.Create(unchecked(0xFFFu - (112u << 23))) + ((size >> 13) & Vector256<uint>.One)) >> 13;
        Vector256<uint> subnormal = (size.AsSingle() + Vector256.Create(0.5f)).AsUInt32() - Vector256.Create(0x3F000000u);
        Vector256<uint> half = Vector256.ConditionalSelect(Vector256.LessThan(size.AsInt32(), Vector256.Create(113 << 23)).AsUInt32(), subnormal, normal);
        half = Vector256.Min(half, Vector256.Create(0x7C00u));
        half = Vector256.ConditionalSelect(Vector256.GreaterThan(size.AsInt32(), Vector256.Create(0x7F800000)).AsUInt32(), Vector256.Create(0x7E00u), half) | sign;
        Vector128.Narrow(half.GetLower(), half.GetUpper()).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 left, Lanes256 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 left, Lanes256 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 left, Lanes256 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 left, Lanes256 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 left, Lanes256 right) => new(Vector256.MaxNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 left, Lanes256 right) => new(Vector256.MinNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 value) => new(Vector256.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 CopySign(Lanes256 size, Lanes256 sign) => new(Vector256.CopySign(size._value, sign._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 WhereLess(Lanes256 left, Lanes256 right, Lanes256 yes, Lanes256 no) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(left._value, right._value), yes._value, no._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Scale(Lanes256 value, Lanes256 shifted) => new((value._value.AsInt32() + (shifted._value.AsInt32() << 23)).AsSingle());
}

/// <summary>Width 16.</summary>
internal readonly unsafe struct Lanes512(Vector512<float> value) : IPairLanes<Lanes512>
{
    private readonly Vector512<float> _value = value;

    public static int Count => 16;

    public static Lanes512 Alternating
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512.Create(-1f, 1f, -1f, 1f, -1f, 1f, -1f, 1f, -1f, 1f, -1f, 1f, -1f, 1f, -1f, 1f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadTwice(float* source) => new(Vector512.Shuffle(Vector256.Load(source).ToVector512Unsafe(), Vector512.Create(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SwapPairs(Lanes512 value) => new(Vector512.Shuffle(value._value, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadHalves(ushort* source)
    {
        Vector512<int> wide = Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source));
        return new(((wide << 13) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(Lanes512 value, ushort* target)
    {
        Vector512<uint> bits = value._value.AsUInt32();
        Vector512<uint> sign = (bits >> 16) & Vector512.Create(0x8000u);
        Vector512<uint> size = bits & Vector512.Create(0x7FFFFFFFu);

        // Normal halves: drop 13 bits, rounding to even, and move the exponent's bias from 127 to 15. Subnormal ones: adding 0.5, whose last bit is theirs, rounds.
        Vector512<uint> normal = (size + Vector512.Create(unchecked(0xFFFu - (112u << 23))) + ((size >> 13) & Vector512<uint>.One)) >> 13;
        Vector512<uint> subnormal = (size.AsSingle() + Vector512.Create(0.5f)).AsUInt32() - Vector512.Create(0x3F000000u);
        Vector512<uint> half = Vector512.ConditionalSelect(Vector512.LessThan(size.AsInt32(), Vector512.Create(113 << 23)).AsUInt32(), subnormal, normal);
        half = Vector512.Min(half, Vector512.Create(0x7C00u));
        half = Vector512.ConditionalSelect(Vector512.GreaterThan(size.AsInt32(), Vector512.Create(0x7F800000)).AsUInt32(), Vector512.Create(0x7E00u), half) | sign;
        Avx512F.ConvertToVector256UInt16(half).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 left, Lanes512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 left, Lanes512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 left, Lanes512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 left, Lanes512 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 left, Lanes512 right) => new(Vector512.MaxNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Min(Lanes512 left, Lanes512 right) => new(Vector512.MinNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Abs(Lanes512 value) => new(Vector512.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 CopySign(Lanes512 size, Lanes512 sign) => new(Vector512.CopySign(size._value, sign._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 WhereLess(Lanes512 left, Lanes512 right, Lanes512 yes, Lanes512 no) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(left._value, right._value), yes._value, no._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Scale(Lanes512 value, Lanes512 shifted) => new((value._value.AsInt32() + (shifted._value.AsInt32() << 23)).AsSingle());
}
