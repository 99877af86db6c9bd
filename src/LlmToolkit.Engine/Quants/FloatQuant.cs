using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Quants;

/// <summary>How a plain float type is read from memory: as values, exactly.</summary>
internal unsafe interface IStoredFloat
{
    /// <summary>Bytes of one weight.</summary>
    static abstract int Bytes { get; }

    /// <summary>One weight.</summary>
    static abstract float Load(byte* p);

    /// <summary>4 weights.</summary>
    static abstract Vector128<float> Load128(byte* p);

    /// <summary>8 weights.</summary>
    static abstract Vector256<float> Load256(byte* p);

    /// <summary>16 weights.</summary>
    static abstract Vector512<float> Load512(byte* p);
}

/// <summary>
/// Weights stored as floats of some width. All widths and all SIMD levels add in one order, so equal values give equal bits: product i is fused into lane
/// i mod 32; then lanes l and l + 16 are added, of the 16 sums l and l + 8, and so on.
/// </summary>
internal abstract unsafe class FloatQuant<TStored> : Quant
    where TStored : struct, IStoredFloat
{
    private const int Lanes = 32;

    public override ActivationForms FastForm => ActivationForms.F32;

    public override void Dequantize(byte* row, float* values, int count)
    {
        for (int i = 0; i < count; i++)
        {
            values[i] = TStored.Load(row + ((nint)i * TStored.Bytes));
        }
    }

    public override void DotF32(SimdLevel level, byte* rows, nint rowBytes, int count, float* x, int columns, float* y)
    {
        int r = 0;
        if (columns % Lanes == 0)
        {
            for (; level == SimdLevel.V512 && r + 4 <= count; r += 4, rows += 4 * rowBytes)
            {
                FourDots512(rows, rowBytes, x, columns, y + r);
            }

            for (; level == SimdLevel.V256 && r + 2 <= count; r += 2, rows += 2 * rowBytes)
            {
                TwoDots256(rows, rowBytes, x, columns, y + r);
            }
        }

        for (; r < count; r++, rows += rowBytes)
        {
            y[r] = level switch
            {
                SimdLevel.V512 => Dot512(rows, x, columns),
                SimdLevel.V256 => Dot256(rows, x, columns),
                SimdLevel.V128 => Dot128(rows, x, columns),
                _ => DotScalar(rows, x, columns),
            };
        }
    }

    public override void MakePanelF32(SimdLevel level, byte** rows, int columns, float* panel, float* scratch)
    {
        int step = PanelF32.Step(level);
        int whole = columns / step * step;
        byte* zeros = stackalloc byte[16 * sizeof(float)];
        new Span<byte>(zeros, 16 * sizeof(float)).Clear();
        float* square = stackalloc float[16 * 16];

        // Whole cache lines of a few rows at a time: rows often lie a power of two apart, where a line of each does not stay in the cache.
        for (int block = 0; block < whole; block += Lanes)
        {
            int end = Math.Min(whole, block + Lanes);
            for (int r = 0; r < PanelF32.Rows; r += step)
            {
                for (int c = block; c < end; c += step)
                {
                    ReadSquare(level, rows + r, (nint)c * TStored.Bytes, zeros, square);
                    PanelF32.Transpose(level, square, step, panel + ((nint)c * PanelF32.Rows) + r);
                }
            }
        }

        for (int c = whole; c < columns; c++)
        {
            for (int r = 0; r < PanelF32.Rows; r++)
            {
                panel[((nint)c * PanelF32.Rows) + r] = rows[r] == null ? 0 : TStored.Load(rows[r] + ((nint)c * TStored.Bytes));
            }
        }
    }

    /// <summary>Reads as many columns of as many rows as a vector of the level has floats; missing rows from <paramref name="zeros"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReadSquare(SimdLevel level, byte** rows, nint at, byte* zeros, float* square)
    {
        switch (level)
        {
            case SimdLevel.V512:
                for (int i = 0; i < 16; i++)
                {
                    TStored.Load512(rows[i] == null ? zeros : rows[i] + at).Store(square + (16 * i));
                }

                break;
            case SimdLevel.V256:
                for (int i = 0; i < 8; i++)
                {
                    TStored.Load256(rows[i] == null ? zeros : rows[i] + at).Store(square + (8 * i));
                }

                break;
            case SimdLevel.V128:
                for (int i = 0; i < 4; i++)
                {
                    TStored.Load128(rows[i] == null ? zeros : rows[i] + at).Store(square + (4 * i));
                }

                break;
            default:
                *square = TStored.Load(rows[0] == null ? zeros : rows[0] + at);
                break;
        }
    }

    /// <summary>The definition.</summary>
    private static float DotScalar(byte* row, float* x, int columns)
    {
        float* lanes = stackalloc float[Lanes];
        new Span<float>(lanes, Lanes).Clear();
        AddRest(row, x, 0, columns, lanes);
        for (int half = Lanes / 2; half > 0; half /= 2)
        {
            for (int l = 0; l < half; l++)
            {
                lanes[l] += lanes[l + half];
            }
        }

        return lanes[0];
    }

    /// <summary>Four rows of whole lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourDots512(byte* row0, nint rowBytes, float* x, int columns, float* y)
    {
        byte* row1 = row0 + rowBytes;
        byte* row2 = row1 + rowBytes;
        byte* row3 = row2 + rowBytes;
        nint ahead = Lookahead.Passes(4 * rowBytes);
        Vector512<float> a0 = Vector512<float>.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (int i = 0; i < columns; i += Lanes)
        {
            nint at = (nint)i * TStored.Bytes;
            nint next = at + (16 * TStored.Bytes);
            Lookahead.Fetch32(row0 + at + ahead, TStored.Bytes);
            Lookahead.Fetch32(row1 + at + ahead, TStored.Bytes);
            Lookahead.Fetch32(row2 + at + ahead, TStored.Bytes);
            Lookahead.Fetch32(row3 + at + ahead, TStored.Bytes);
            Vector512<float> x0 = Vector512.Load(x + i);
            Vector512<float> x1 = Vector512.Load(x + i + 16);
            a0 = Vector512.FusedMultiplyAdd(TStored.Load512(row0 + at), x0, a0);
            b0 = Vector512.FusedMultiplyAdd(TStored.Load512(row0 + next), x1, b0);
            a1 = Vector512.FusedMultiplyAdd(TStored.Load512(row1 + at), x0, a1);
            b1 = Vector512.FusedMultiplyAdd(TStored.Load512(row1 + next), x1, b1);
            a2 = Vector512.FusedMultiplyAdd(TStored.Load512(row2 + at), x0, a2);
            b2 = Vector512.FusedMultiplyAdd(TStored.Load512(row2 + next), x1, b2);
            a3 = Vector512.FusedMultiplyAdd(TStored.Load512(row3 + at), x0, a3);
            b3 = Vector512.FusedMultiplyAdd(TStored.Load512(row3 + next), x1, b3);
        }

        y[0] = Sum(a0 + b0);
        y[1] = Sum(a1 + b1);
        y[2] = Sum(a2 + b2);
        y[3] = Sum(a3 + b3);
    }

    // One row: the vector forms leave their lanes in memory before anything is called: values that live across a call are spilled, and the loop would spill
    // with them.

    private static float Dot512(byte* row, float* x, int columns)
    {
        float* lanes = stackalloc float[Lanes];
        Vector512<float> a = Vector512<float>.Zero, b = a;
        int i = 0;
        for (; i + Lanes <= columns; i += Lanes)
        {
            Lookahead.Fetch32(row + ((nint)i * TStored.Bytes) + Lookahead.OneRow, TStored.Bytes);
            a = Vector512.FusedMultiplyAdd(TStored.Load512(row + ((nint)i * TStored.Bytes)), Vector512.Load(x + i), a);
            b = Vector512.FusedMultiplyAdd(TStored.Load512(row + ((nint)(i + 16) * TStored.Bytes)), Vector512.Load(x + i + 16), b);
        }

        a.Store(lanes);
        b.Store(lanes + 16);
        return Finish(row, x, i, columns, lanes);
    }

    /// <summary>Two rows of whole lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoDots256(byte* row0, nint rowBytes, float* x, int columns, float* y)
    {
        byte* row1 = row0 + rowBytes;
        nint ahead = Lookahead.Passes(2 * rowBytes);
        Vector256<float> a0 = Vector256<float>.Zero, b0 = a0, c0 = a0, d0 = a0, a1 = a0, b1 = a0, c1 = a0, d1 = a0;
        for (int i = 0; i < columns; i += Lanes)
        {
            nint at = (nint)i * TStored.Bytes;
            Lookahead.Fetch32(row0 + at + ahead, TStored.Bytes);
            Lookahead.Fetch32(row1 + at + ahead, TStored.Bytes);
            Vector256<float> v = Vector256.Load(x + i);
            a0 = Vector256.FusedMultiplyAdd(TStored.Load256(row0 + at), v, a0);
            a1 = Vector256.FusedMultiplyAdd(TStored.Load256(row1 + at), v, a1);
            at += 8 * TStored.Bytes;
            v = Vector256.Load(x + i + 8);
            b0 = Vector256.FusedMultiplyAdd(TStored.Load256(row0 + at), v, b0);
            b1 = Vector256.FusedMultiplyAdd(TStored.Load256(row1 + at), v, b1);
            at += 8 * TStored.Bytes;
            v = Vector256.Load(x + i + 16);
            c0 = Vector256.FusedMultiplyAdd(TStored.Load256(row0 + at), v, c0);
            c1 = Vector256.FusedMultiplyAdd(TStored.Load256(row1 + at), v, c1);
            at += 8 * TStored.Bytes;
            v = Vector256.Load(x + i + 24);
            d0 = Vector256.FusedMultiplyAdd(TStored.Load256(row0 + at), v, d0);
            d1 = Vector256.FusedMultiplyAdd(TStored.Load256(row1 + at), v, d1);
        }

        y[0] = Sum((a0 + c0) + (b0 + d0));
        y[1] = Sum((a1 + c1) + (b1 + d1));
    }

    private static float Dot256(byte* row, float* x, int columns)
    {
        float* lanes = stackalloc float[Lanes];
        Vector256<float> a = Vector256<float>.Zero, b = a, c = a, d = a;
        int i = 0;
        for (; i + Lanes <= columns; i += Lanes)
        {
            byte* w = row + ((nint)i * TStored.Bytes);
            Lookahead.Fetch32(w + Lookahead.OneRow, TStored.Bytes);
            a = Vector256.FusedMultiplyAdd(TStored.Load256(w), Vector256.Load(x + i), a);
            b = Vector256.FusedMultiplyAdd(TStored.Load256(w + (8 * TStored.Bytes)), Vector256.Load(x + i + 8), b);
            c = Vector256.FusedMultiplyAdd(TStored.Load256(w + (16 * TStored.Bytes)), Vector256.Load(x + i + 16), c);
            d = Vector256.FusedMultiplyAdd(TStored.Load256(w + (24 * TStored.Bytes)), Vector256.Load(x + i + 24), d);
        }

        a.Store(lanes);
        b.Store(lanes + 8);
        c.Store(lanes + 16);
        d.Store(lanes + 24);
        return Finish(row, x, i, columns, lanes);
    }

    private static float Dot128(byte* row, float* x, int columns)
    {
        float* lanes = stackalloc float[Lanes];
        Vector128<float> a = Vector128<float>.Zero, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        int i = 0;
        for (; i + Lanes <= columns; i += Lanes)
        {
            byte* w = row + ((nint)i * TStored.Bytes);
            Lookahead.Fetch32(w + Lookahead.OneRow, TStored.Bytes);
            float* v = x + i;
            a = Vector128.FusedMultiplyAdd(TStored.Load128(w), Vector128.Load(v), a);
            b = Vector128.FusedMultiplyAdd(TStored.Load128(w + (4 * TStored.Bytes)), Vector128.Load(v + 4), b);
            c = Vector128.FusedMultiplyAdd(TStored.Load128(w + (8 * TStored.Bytes)), Vector128.Load(v + 8), c);
            d = Vector128.FusedMultiplyAdd(TStored.Load128(w + (12 * TStored.Bytes)), Vector128.Load(v + 12), d);
            e = Vector128.FusedMultiplyAdd(TStored.Load128(w + (16 * TStored.Bytes)), Vector128.Load(v + 16), e);
            f = Vector128.FusedMultiplyAdd(TStored.Load128(w + (20 * TStored.Bytes)), Vector128.Load(v + 20), f);
            g = Vector128.FusedMultiplyAdd(TStored.Load128(w + (24 * TStored.Bytes)), Vector128.Load(v + 24), g);
            h = Vector128.FusedMultiplyAdd(TStored.Load128(w + (28 * TStored.Bytes)), Vector128.Load(v + 28), h);
        }

        a.Store(lanes);
        b.Store(lanes + 4);
        c.Store(lanes + 8);
        d.Store(lanes + 12);
        e.Store(lanes + 16);
        f.Store(lanes + 20);
        g.Store(lanes + 24);
        h.Store(lanes + 28);
        return Finish(row, x, i, columns, lanes);
    }

    /// <summary>Adds the last columns and then the lanes, in the definition's order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Finish(byte* row, float* x, int from, int columns, float* lanes)
    {
        if (from < columns)
        {
            AddRest(row, x, from, columns, lanes);
        }

        Vector128<float> a = Vector128.Load(lanes) + Vector128.Load(lanes + 16);
        Vector128<float> b = Vector128.Load(lanes + 4) + Vector128.Load(lanes + 20);
        Vector128<float> c = Vector128.Load(lanes + 8) + Vector128.Load(lanes + 24);
        Vector128<float> d = Vector128.Load(lanes + 12) + Vector128.Load(lanes + 28);
        return Sum(a + c + (b + d));
    }

    // The last additions of the definition, from 16, 8 and 4 sums on.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector512<float> sums) => Sum(sums.GetLower() + sums.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector256<float> sums) => Sum(sums.GetLower() + sums.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector128<float> sums) => sums[0] + sums[2] + (sums[1] + sums[3]);

    private static void AddRest(byte* row, float* x, int from, int columns, float* lanes)
    {
        for (int i = from; i < columns; i++)
        {
            lanes[i % Lanes] = MathF.FusedMultiplyAdd(TStored.Load(row + ((nint)i * TStored.Bytes)), x[i], lanes[i % Lanes]);
        }
    }
}
