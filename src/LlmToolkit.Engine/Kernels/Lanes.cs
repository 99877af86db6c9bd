using System.Runtime.CompilerServices;

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

    /// <summary>The sum of all lanes: the upper half is added to the lower one until one is left, the order of <see cref="VectorMath.Sum16"/>.</summary>
    static abstract float SumAcross(T value);

    /// <summary>The largest of all lanes.</summary>
    static abstract float MaxAcross(T value);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumAcross(Lanes1 value) => value._value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(Lanes1 value) => value._value;
}
