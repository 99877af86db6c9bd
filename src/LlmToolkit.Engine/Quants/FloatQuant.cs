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
/// i mod 32; the last columns are filled up with zeros; then lanes l and l + 16 are added, of the 16 sums l and l + 8, and so on.
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
        for (; level == SimdLevel.V512 && r + 4 <= count; r += 4, rows += 4 * rowBytes)
        {
            FourDots512(rows, rowBytes, x, columns, y + r);
        }

        for (; level == SimdLevel.V256 && r + 2 <= count; r += 2, rows += 2 * rowBytes)
        {
            TwoDots256(rows, rowBytes, x, columns, y + r);
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
        float* square = stackalloc float[16 * 16];
        int whole = columns / step * step;
        for (int r = 0; r < PanelF32.Rows; r += step)
        {
            for (int c = 0; c < whole; c += step)
            {
                for (int i = 0; i < step; i++)
                {
                    float* target = square + (i * step);
                    byte* source = rows[r + i] + ((nint)c * TStored.Bytes);
                    switch (rows[r + i] == null ? -1 : step)
                    {
                        case 16:
                            TStored.Load512(source).Store(target);
                            break;
                        case 8:
                            TStored.Load256(source).Store(target);
                            break;
                        case 4:
                            TStored.Load128(source).Store(target);
                            break;
                        case 1:
                            *target = TStored.Load(source);
                            break;
                        default:
                            new Span<float>(target, step).Clear();
                            break;
                    }
                }

                PanelF32.Transpose(level, square, step, panel + ((nint)c * PanelF32.Rows) + r);
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

    /// <summary>The definition.</summary>
    private static float DotScalar(byte* row, float* x, int columns)
    {
        float* lanes = stackalloc float[Lanes];
        new Span<float>(lanes, Lanes).Clear();
        int filled = (columns + Lanes - 1) / Lanes * Lanes;
        for (int i = 0; i < filled; i++)
        {
            float w = i < columns ? TStored.Load(row + ((nint)i * TStored.Bytes)) : 0;
            lanes[i % Lanes] = MathF.FusedMultiplyAdd(w, i < columns ? x[i] : 0, lanes[i % Lanes]);
        }

        for (int half = Lanes / 2; half > 0; half /= 2)
        {
            for (int l = 0; l < half; l++)
            {
                lanes[l] += lanes[l + half];
            }
        }

        return lanes[0];
    }

    private static void FourDots512(byte* row0, nint rowBytes, float* x, int columns, float* y)
    {
        byte* row1 = row0 + rowBytes;
        byte* row2 = row1 + rowBytes;
        byte* row3 = row2 + rowBytes;
        Vector512<float> a0 = Vector512<float>.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        int i = 0;
        for (; i + Lanes <= columns; i += Lanes)
        {
            nint at = (nint)i * TStored.Bytes;
            nint next = at + (16 * TStored.Bytes);
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

        y[0] = Finish512(row0, x, i, columns, a0, b0);
        y[1] = Finish512(row1, x, i, columns, a1, b1);
        y[2] = Finish512(row2, x, i, columns, a2, b2);
        y[3] = Finish512(row3, x, i, columns, a3, b3);
    }

    private static float Dot512(byte* row, float* x, int columns)
    {
        Vector512<float> a = Vector512<float>.Zero, b = a;
        int i = 0;
        for (; i + Lanes <= columns; i += Lanes)
        {
            a = Vector512.FusedMultiplyAdd(TStored.Load512(row + ((nint)i * TStored.Bytes)), Vector512.Load(x + i), a);
            b = Vector512.FusedMultiplyAdd(TStored.Load512(row + ((nint)(i + 16) * TStored.Bytes)), Vector512.Load(x + i + 16), b);
        }

        return Finish512(row, x, i, columns, a, b);
    }

    private static float Finish512(byte* row, float* x, int from, int columns, Vector512<float> a, Vector512<float> b)
    {
        if (from < columns)
        {
            float* rest = stackalloc float[2 * Lanes];
            Rest(row, x, from, columns, rest);
            a = Vector512.FusedMultiplyAdd(Vector512.Load(rest), Vector512.Load(rest + Lanes), a);
            b = Vector512.FusedMultiplyAdd(Vector512.Load(rest + 16), Vector512.Load(rest + Lanes + 16), b);
        }

        Vector512<float> sum = a + b;
        return SumOf(sum.GetLower() + sum.GetUpper());
    }

    private static void TwoDots256(byte* row0, nint rowBytes, float* x, int columns, float* y)
    {
        byte* row1 = row0 + rowBytes;
        Vector256<float> a0 = Vector256<float>.Zero, b0 = a0, c0 = a0, d0 = a0, a1 = a0, b1 = a0, c1 = a0, d1 = a0;
        int i = 0;
        for (; i + Lanes <= columns; i += Lanes)
        {
            nint at = (nint)i * TStored.Bytes;
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

        y[0] = Finish256(row0, x, i, columns, a0, b0, c0, d0);
        y[1] = Finish256(row1, x, i, columns, a1, b1, c1, d1);
    }

    private static float Dot256(byte* row, float* x, int columns)
    {
        Vector256<float> a = Vector256<float>.Zero, b = a, c = a, d = a;
        int i = 0;
        for (; i + Lanes <= columns; i += Lanes)
        {
            byte* w = row + ((nint)i * TStored.Bytes);
            a = Vector256.FusedMultiplyAdd(TStored.Load256(w), Vector256.Load(x + i), a);
            b = Vector256.FusedMultiplyAdd(TStored.Load256(w + (8 * TStored.Bytes)), Vector256.Load(x + i + 8), b);
            c = Vector256.FusedMultiplyAdd(TStored.Load256(w + (16 * TStored.Bytes)), Vector256.Load(x + i + 16), c);
            d = Vector256.FusedMultiplyAdd(TStored.Load256(w + (24 * TStored.Bytes)), Vector256.Load(x + i + 24), d);
        }

        return Finish256(row, x, i, columns, a, b, c, d);
    }

    private static float Finish256(
        byte* row, float* x, int from, int columns, Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        if (from < columns)
        {
            float* rest = stackalloc float[2 * Lanes];
            Rest(row, x, from, columns, rest);
            a = Vector256.FusedMultiplyAdd(Vector256.Load(rest), Vector256.Load(rest + Lanes), a);
            b = Vector256.FusedMultiplyAdd(Vector256.Load(rest + 8), Vector256.Load(rest + Lanes + 8), b);
            c = Vector256.FusedMultiplyAdd(Vector256.Load(rest + 16), Vector256.Load(rest + Lanes + 16), c);
            d = Vector256.FusedMultiplyAdd(Vector256.Load(rest + 24), Vector256.Load(rest + Lanes + 24), d);
        }

        return SumOf(a + c + (b + d));
    }

    private static float Dot128(byte* row, float* x, int columns)
    {
        Vector128<float> a = Vector128<float>.Zero, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        int i = 0;
        for (; i + Lanes <= columns; i += Lanes)
        {
            byte* w = row + ((nint)i * TStored.Bytes);
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

        if (i < columns)
        {
            float* rest = stackalloc float[2 * Lanes];
            Rest(row, x, i, columns, rest);
            a = Vector128.FusedMultiplyAdd(Vector128.Load(rest), Vector128.Load(rest + Lanes), a);
            b = Vector128.FusedMultiplyAdd(Vector128.Load(rest + 4), Vector128.Load(rest + Lanes + 4), b);
            c = Vector128.FusedMultiplyAdd(Vector128.Load(rest + 8), Vector128.Load(rest + Lanes + 8), c);
            d = Vector128.FusedMultiplyAdd(Vector128.Load(rest + 12), Vector128.Load(rest + Lanes + 12), d);
            e = Vector128.FusedMultiplyAdd(Vector128.Load(rest + 16), Vector128.Load(rest + Lanes + 16), e);
            f = Vector128.FusedMultiplyAdd(Vector128.Load(rest + 20), Vector128.Load(rest + Lanes + 20), f);
            g = Vector128.FusedMultiplyAdd(Vector128.Load(rest + 24), Vector128.Load(rest + Lanes + 24), g);
            h = Vector128.FusedMultiplyAdd(Vector128.Load(rest + 28), Vector128.Load(rest + Lanes + 28), h);
        }

        return SumOf(a + e + (c + g) + (b + f + (d + h)));
    }

    /// <summary>The last columns, filled up with zeros to 32: weights, then activations.</summary>
    private static void Rest(byte* row, float* x, int from, int columns, float* rest)
    {
        new Span<float>(rest, 2 * Lanes).Clear();
        for (int i = from; i < columns; i++)
        {
            rest[i - from] = TStored.Load(row + ((nint)i * TStored.Bytes));
            rest[Lanes + i - from] = x[i];
        }
    }

    private static float SumOf(Vector256<float> sums) => SumOf(sums.GetLower() + sums.GetUpper());

    private static float SumOf(Vector128<float> sums)
    {
        Vector64<float> two = sums.GetLower() + sums.GetUpper();
        return two[0] + two[1];
    }
}
