using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Scan;

/// <summary>One pass over floats as they are stored: finite or not, largest magnitude, sum of squares, all the same or not.</summary>
/// <typeparam name="TBits">An integer of the type's width.</typeparam>
/// <typeparam name="TFloat">The float type.</typeparam>
internal static class FloatScan<TBits, TFloat>
    where TBits : unmanaged, IBinaryInteger<TBits>, IMinMaxValue<TBits>
    where TFloat : IStoredFloat<TBits>
{
    /// <summary>Vectors of a stretch: few enough for single-precision sums, and looked at one by one where a value in it is not finite.</summary>
    private const int Stretch = 64;

    /// <summary>The facts of whole values.</summary>
    public static ValueFacts Run(SimdLevel level, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<TBits> values = MemoryMarshal.Cast<byte, TBits>(bytes);
        return level == SimdLevel.Scalar ? Scalar(values) : Vector(values);
    }

    /// <summary>The definition.</summary>
    internal static ValueFacts Scalar(ReadOnlySpan<TBits> values)
    {
        ValueFacts facts = new() { Count = values.Length };
        for (int i = 0; i < values.Length; i++)
        {
            TBits magnitude = values[i] & TFloat.Magnitude;
            facts.Varies |= values[i] != values[0];
            if (magnitude >= TFloat.NotFinite)
            {
                facts.FirstNotFinite = facts.NotFinite++ == 0 ? i : facts.FirstNotFinite;
                continue;
            }

            double value = TFloat.Value(magnitude);
            facts.MaxAbs = Math.Max(facts.MaxAbs, value);
            facts.SumSquares += value * value;
        }

        return facts;
    }

    /// <summary>256 bits at a time: magnitudes are compared as integers, so that one maximum tells whether anything is not finite.</summary>
    internal static ValueFacts Vector(ReadOnlySpan<TBits> values)
    {
        int step = Stretch * Vector256<TBits>.Count;
        int whole = values.Length / step * step;
        if (whole == 0)
        {
            return Scalar(values);
        }

        ref TBits start = ref MemoryMarshal.GetReference(values);
        Vector256<TBits> first = Vector256.Create(values[0]);
        Vector256<TBits> mask = Vector256.Create(TFloat.Magnitude);
        Vector256<TBits> limit = Vector256.Create(TFloat.NotFinite);
        Vector256<TBits> differs = Vector256<TBits>.Zero;
        Vector256<TBits> largest = Vector256<TBits>.Zero;
        ValueFacts facts = new();
        for (int from = 0; from < whole; from += step)
        {
            Vector256<TBits> most = Vector256<TBits>.Zero;
            Vector256<float> even = Vector256<float>.Zero;
            Vector256<float> odd = Vector256<float>.Zero;
            for (int i = 0; i < step; i += Vector256<TBits>.Count)
            {
                Vector256<TBits> bits = Vector256.LoadUnsafe(ref start, (nuint)(from + i));
                differs |= bits ^ first;
                Vector256<TBits> magnitudes = bits & mask;
                most = Max(most, magnitudes);
                TFloat.AddSquares(magnitudes, ref even, ref odd);
            }

            if (Vector256.GreaterThanOrEqualAny(most, limit))
            {
                facts.Add(Scalar(values.Slice(from, step)), from, sameStart: true);
                continue;
            }

            largest = Max(largest, most);
            facts.Count += step;
            facts.SumSquares += TFloat.Total(even, odd);
        }

        facts.MaxAbs = Math.Max(facts.MaxAbs, TFloat.Value(Largest(largest)));
        facts.Varies |= differs != Vector256<TBits>.Zero;
        if (whole < values.Length)
        {
            facts.Add(Scalar(values[whole..]), whole, values[whole] == values[0]);
        }

        return facts;
    }

    /// <summary>Magnitudes have no sign bit, so the signed comparison, which more machines have, gives the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<TBits> Max(Vector256<TBits> a, Vector256<TBits> b) =>
        typeof(TBits) == typeof(long) ? Vector256.ConditionalSelect(Vector256.GreaterThan(a, b), a, b) : Vector256.Max(a, b);

    private static TBits Largest(Vector256<TBits> vector)
    {
        TBits largest = TBits.Zero;
        for (int i = 0; i < Vector256<TBits>.Count; i++)
        {
            largest = TBits.Max(largest, vector[i]);
        }

        return largest;
    }
}
