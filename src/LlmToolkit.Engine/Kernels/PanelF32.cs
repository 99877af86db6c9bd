using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// Products of a panel of 32 rows, [columns][32] floats, with a tile of <see cref="Tokens"/> tokens, [columns][12] floats. Every output is one chain of fused
/// multiply-adds over the columns in order, on every level and for every shape, so equal inputs give equal bits.
/// </summary>
internal static unsafe class PanelF32
{
    /// <summary>Rows of a panel.</summary>
    public const int Rows = 32;

    /// <summary>Tokens of a tile, of these panels and of the byte panels.</summary>
    public const int Tokens = 12;

    /// <summary>sums[t][r] += panel row r × token t, for the first <paramref name="tokens"/> tokens of the tile (and perhaps more, whose sums mean nothing).</summary>
    /// <param name="level">Level.</param>
    /// <param name="panel">[columns][32].</param>
    /// <param name="columns">Columns.</param>
    /// <param name="x">The tile, [columns][12].</param>
    /// <param name="tokens">Tokens wanted, 1 to 12.</param>
    /// <param name="sums">[12][32].</param>
    public static void Multiply(SimdLevel level, float* panel, int columns, float* x, int tokens, float* sums)
    {
        switch (level)
        {
            case SimdLevel.V512 when tokens > Tokens / 2:
                Multiply12<PanelLanes512, Vector512<float>>(panel, columns, x, sums);
                break;
            case SimdLevel.V512:
                Multiply6<PanelLanes512, Vector512<float>>(panel, columns, x, sums);
                break;
            case SimdLevel.V256:
                MultiplyHalves<PanelLanes256, Vector256<float>>(panel, columns, x, tokens, sums);
                break;
            case SimdLevel.V128:
                MultiplyHalves<PanelLanes128, Vector128<float>>(panel, columns, x, tokens, sums);
                break;
            default:
                MultiplyScalar(panel, columns, x, tokens, sums);
                break;
        }
    }

    /// <summary>Writes a row-major [32][columns] matrix as a panel [columns][32]: for types that write whole rows first.</summary>
    public static void FromRows(SimdLevel level, float* rows, int columns, float* panel)
    {
        int step = Step(level);
        int whole = columns / step * step;
        for (int block = 0; block < whole; block += Rows)
        {
            int end = Math.Min(whole, block + Rows);
            for (int r = 0; r < Rows; r += step)
            {
                for (int c = block; c < end; c += step)
                {
                    Transpose(level, rows + ((nint)r * columns) + c, columns, panel + ((nint)c * Rows) + r);
                }
            }
        }

        for (int c = whole; c < columns; c++)
        {
            for (int r = 0; r < Rows; r++)
            {
                panel[((nint)c * Rows) + r] = rows[((nint)r * columns) + c];
            }
        }
    }

    /// <summary>Side of the squares that <see cref="Transpose"/> turns.</summary>
    public static int Step(SimdLevel level) => level switch { SimdLevel.V512 => 16, SimdLevel.V256 => 8, SimdLevel.V128 => 4, _ => 1 };

    // What is called in inner loops and has no loop of its own says so: it would start as unoptimized code.

    /// <summary>Writes a square of <see cref="Step"/> rows, <paramref name="stride"/> floats apart, as columns of a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(SimdLevel level, float* square, nint stride, float* panel)
    {
        switch (level)
        {
            case SimdLevel.V512:
                Transpose512(square, stride, panel);
                break;
            case SimdLevel.V256:
                Transpose256(square, stride, panel);
                break;
            case SimdLevel.V128:
                Transpose128(square, stride, panel);
                break;
            default:
                *panel = *square;
                break;
        }
    }

    /// <summary>The definition.</summary>
    private static void MultiplyScalar(float* panel, int columns, float* x, int tokens, float* sums)
    {
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < Rows; r++)
            {
                float sum = sums[(t * Rows) + r];
                for (int c = 0; c < columns; c++)
                {
                    sum = MathF.FusedMultiplyAdd(panel[((nint)c * Rows) + r], x[((nint)c * Tokens) + t], sum);
                }

                sums[(t * Rows) + r] = sum;
            }
        }
    }

    private static void MultiplyHalves<TLanes, TFloats>(float* panel, int columns, float* x, int tokens, float* sums)
        where TLanes : struct, IFloatLanes<TFloats>
    {
        for (int r = 0; r < Rows; r += 2 * TLanes.Count)
        {
            for (int t = 0; t < tokens; t += Tokens / 2)
            {
                Multiply6<TLanes, TFloats>(panel + r, columns, x + t, sums + (t * Rows) + r);
            }
        }
    }

    /// <summary>Two vectors of rows × 6 tokens: 12 sums, which 16 registers can hold.</summary>
    private static void Multiply6<TLanes, TFloats>(float* panel, int columns, float* x, float* sums)
        where TLanes : struct, IFloatLanes<TFloats>
    {
        float* upper = sums + TLanes.Count;
        TFloats a0 = TLanes.Load(sums), b0 = TLanes.Load(upper);
        TFloats a1 = TLanes.Load(sums + Rows), b1 = TLanes.Load(upper + Rows);
        TFloats a2 = TLanes.Load(sums + (2 * Rows)), b2 = TLanes.Load(upper + (2 * Rows));
        TFloats a3 = TLanes.Load(sums + (3 * Rows)), b3 = TLanes.Load(upper + (3 * Rows));
        TFloats a4 = TLanes.Load(sums + (4 * Rows)), b4 = TLanes.Load(upper + (4 * Rows));
        TFloats a5 = TLanes.Load(sums + (5 * Rows)), b5 = TLanes.Load(upper + (5 * Rows));
        for (int c = 0; c < columns; c++, panel += Rows, x += Tokens)
        {
            TFloats w0 = TLanes.Load(panel);
            TFloats w1 = TLanes.Load(panel + TLanes.Count);
            TFloats v = TLanes.Broadcast(x);
            a0 = TLanes.MultiplyAdd(w0, v, a0);
            b0 = TLanes.MultiplyAdd(w1, v, b0);
            v = TLanes.Broadcast(x + 1);
            a1 = TLanes.MultiplyAdd(w0, v, a1);
            b1 = TLanes.MultiplyAdd(w1, v, b1);
            v = TLanes.Broadcast(x + 2);
            a2 = TLanes.MultiplyAdd(w0, v, a2);
            b2 = TLanes.MultiplyAdd(w1, v, b2);
            v = TLanes.Broadcast(x + 3);
            a3 = TLanes.MultiplyAdd(w0, v, a3);
            b3 = TLanes.MultiplyAdd(w1, v, b3);
            v = TLanes.Broadcast(x + 4);
            a4 = TLanes.MultiplyAdd(w0, v, a4);
            b4 = TLanes.MultiplyAdd(w1, v, b4);
            v = TLanes.Broadcast(x + 5);
            a5 = TLanes.MultiplyAdd(w0, v, a5);
            b5 = TLanes.MultiplyAdd(w1, v, b5);
        }

        TLanes.Store(a0, sums);
        TLanes.Store(b0, upper);
        TLanes.Store(a1, sums + Rows);
        TLanes.Store(b1, upper + Rows);
        TLanes.Store(a2, sums + (2 * Rows));
        TLanes.Store(b2, upper + (2 * Rows));
        TLanes.Store(a3, sums + (3 * Rows));
        TLanes.Store(b3, upper + (3 * Rows));
        TLanes.Store(a4, sums + (4 * Rows));
        TLanes.Store(b4, upper + (4 * Rows));
        TLanes.Store(a5, sums + (5 * Rows));
        TLanes.Store(b5, upper + (5 * Rows));
    }

    /// <summary>Two vectors of rows × 12 tokens: 24 sums, for 32 registers.</summary>
    private static void Multiply12<TLanes, TFloats>(float* panel, int columns, float* x, float* sums)
        where TLanes : struct, IFloatLanes<TFloats>
    {
        float* upper = sums + TLanes.Count;
        TFloats a0 = TLanes.Load(sums), b0 = TLanes.Load(upper);
        TFloats a1 = TLanes.Load(sums + Rows), b1 = TLanes.Load(upper + Rows);
        TFloats a2 = TLanes.Load(sums + (2 * Rows)), b2 = TLanes.Load(upper + (2 * Rows));
        TFloats a3 = TLanes.Load(sums + (3 * Rows)), b3 = TLanes.Load(upper + (3 * Rows));
        TFloats a4 = TLanes.Load(sums + (4 * Rows)), b4 = TLanes.Load(upper + (4 * Rows));
        TFloats a5 = TLanes.Load(sums + (5 * Rows)), b5 = TLanes.Load(upper + (5 * Rows));
        TFloats a6 = TLanes.Load(sums + (6 * Rows)), b6 = TLanes.Load(upper + (6 * Rows));
        TFloats a7 = TLanes.Load(sums + (7 * Rows)), b7 = TLanes.Load(upper + (7 * Rows));
        TFloats a8 = TLanes.Load(sums + (8 * Rows)), b8 = TLanes.Load(upper + (8 * Rows));
        TFloats a9 = TLanes.Load(sums + (9 * Rows)), b9 = TLanes.Load(upper + (9 * Rows));
        TFloats a10 = TLanes.Load(sums + (10 * Rows)), b10 = TLanes.Load(upper + (10 * Rows));
        TFloats a11 = TLanes.Load(sums + (11 * Rows)), b11 = TLanes.Load(upper + (11 * Rows));
        for (int c = 0; c < columns; c++, panel += Rows, x += Tokens)
        {
            TFloats w0 = TLanes.Load(panel);
            TFloats w1 = TLanes.Load(panel + TLanes.Count);
            TFloats v = TLanes.Broadcast(x);
            a0 = TLanes.MultiplyAdd(w0, v, a0);
            b0 = TLanes.MultiplyAdd(w1, v, b0);
            v = TLanes.Broadcast(x + 1);
            a1 = TLanes.MultiplyAdd(w0, v, a1);
            b1 = TLanes.MultiplyAdd(w1, v, b1);
            v = TLanes.Broadcast(x + 2);
            a2 = TLanes.MultiplyAdd(w0, v, a2);
            b2 = TLanes.MultiplyAdd(w1, v, b2);
            v = TLanes.Broadcast(x + 3);
            a3 = TLanes.MultiplyAdd(w0, v, a3);
            b3 = TLanes.MultiplyAdd(w1, v, b3);
            v = TLanes.Broadcast(x + 4);
            a4 = TLanes.MultiplyAdd(w0, v, a4);
            b4 = TLanes.MultiplyAdd(w1, v, b4);
            v = TLanes.Broadcast(x + 5);
            a5 = TLanes.MultiplyAdd(w0, v, a5);
            b5 = TLanes.MultiplyAdd(w1, v, b5);
            v = TLanes.Broadcast(x + 6);
            a6 = TLanes.MultiplyAdd(w0, v, a6);
            b6 = TLanes.MultiplyAdd(w1, v, b6);
            v = TLanes.Broadcast(x + 7);
            a7 = TLanes.MultiplyAdd(w0, v, a7);
            b7 = TLanes.MultiplyAdd(w1, v, b7);
            v = TLanes.Broadcast(x + 8);
            a8 = TLanes.MultiplyAdd(w0, v, a8);
            b8 = TLanes.MultiplyAdd(w1, v, b8);
            v = TLanes.Broadcast(x + 9);
            a9 = TLanes.MultiplyAdd(w0, v, a9);
            b9 = TLanes.MultiplyAdd(w1, v, b9);
            v = TLanes.Broadcast(x + 10);
            a10 = TLanes.MultiplyAdd(w0, v, a10);
            b10 = TLanes.MultiplyAdd(w1, v, b10);
            v = TLanes.Broadcast(x + 11);
            a11 = TLanes.MultiplyAdd(w0, v, a11);
            b11 = TLanes.MultiplyAdd(w1, v, b11);
        }

        TLanes.Store(a0, sums);
        TLanes.Store(b0, upper);
        TLanes.Store(a1, sums + Rows);
        TLanes.Store(b1, upper + Rows);
        TLanes.Store(a2, sums + (2 * Rows));
        TLanes.Store(b2, upper + (2 * Rows));
        TLanes.Store(a3, sums + (3 * Rows));
        TLanes.Store(b3, upper + (3 * Rows));
        TLanes.Store(a4, sums + (4 * Rows));
        TLanes.Store(b4, upper + (4 * Rows));
        TLanes.Store(a5, sums + (5 * Rows));
        TLanes.Store(b5, upper + (5 * Rows));
        TLanes.Store(a6, sums + (6 * Rows));
        TLanes.Store(b6, upper + (6 * Rows));
        TLanes.Store(a7, sums + (7 * Rows));
        TLanes.Store(b7, upper + (7 * Rows));
        TLanes.Store(a8, sums + (8 * Rows));
        TLanes.Store(b8, upper + (8 * Rows));
        TLanes.Store(a9, sums + (9 * Rows));
        TLanes.Store(b9, upper + (9 * Rows));
        TLanes.Store(a10, sums + (10 * Rows));
        TLanes.Store(b10, upper + (10 * Rows));
        TLanes.Store(a11, sums + (11 * Rows));
        TLanes.Store(b11, upper + (11 * Rows));
    }

    /// <summary>16 × 16: pairs of rows, pairs of pairs, then the four 128-bit quarters.</summary>
    private static void Transpose512(float* square, nint stride, float* panel)
    {
        Vector512<float>* quads = stackalloc Vector512<float>[16];
        for (int r = 0; r < 16; r += 4)
        {
            float* row = square + (r * stride);
            Vector512<float> v0 = Vector512.Load(row);
            Vector512<float> v1 = Vector512.Load(row + stride);
            Vector512<float> v2 = Vector512.Load(row + (2 * stride));
            Vector512<float> v3 = Vector512.Load(row + (3 * stride));
            Vector512<double> low01 = Avx512F.UnpackLow(v0, v1).AsDouble();
            Vector512<double> high01 = Avx512F.UnpackHigh(v0, v1).AsDouble();
            Vector512<double> low23 = Avx512F.UnpackLow(v2, v3).AsDouble();
            Vector512<double> high23 = Avx512F.UnpackHigh(v2, v3).AsDouble();
            quads[r] = Avx512F.UnpackLow(low01, low23).AsSingle();
            quads[r + 1] = Avx512F.UnpackHigh(low01, low23).AsSingle();
            quads[r + 2] = Avx512F.UnpackLow(high01, high23).AsSingle();
            quads[r + 3] = Avx512F.UnpackHigh(high01, high23).AsSingle();
        }

        // quads[4 i + j] holds rows 4 i .. 4 i + 3 of the columns j, j + 4, j + 8, j + 12.
        for (int j = 0; j < 4; j++)
        {
            Vector512<float> even01 = Avx512F.Shuffle4x128(quads[j], quads[j + 4], 0x88);
            Vector512<float> odd01 = Avx512F.Shuffle4x128(quads[j], quads[j + 4], 0xDD);
            Vector512<float> even23 = Avx512F.Shuffle4x128(quads[j + 8], quads[j + 12], 0x88);
            Vector512<float> odd23 = Avx512F.Shuffle4x128(quads[j + 8], quads[j + 12], 0xDD);
            Avx512F.Shuffle4x128(even01, even23, 0x88).Store(panel + (j * Rows));
            Avx512F.Shuffle4x128(odd01, odd23, 0x88).Store(panel + ((j + 4) * Rows));
            Avx512F.Shuffle4x128(even01, even23, 0xDD).Store(panel + ((j + 8) * Rows));
            Avx512F.Shuffle4x128(odd01, odd23, 0xDD).Store(panel + ((j + 12) * Rows));
        }
    }

    /// <summary>8 × 8, the same way.</summary>
    private static void Transpose256(float* square, nint stride, float* panel)
    {
        Vector256<float>* quads = stackalloc Vector256<float>[8];
        for (int r = 0; r < 8; r += 4)
        {
            float* row = square + (r * stride);
            Vector256<float> v0 = Vector256.Load(row);
            Vector256<float> v1 = Vector256.Load(row + stride);
            Vector256<float> v2 = Vector256.Load(row + (2 * stride));
            Vector256<float> v3 = Vector256.Load(row + (3 * stride));
            Vector256<double> low01 = Avx.UnpackLow(v0, v1).AsDouble();
            Vector256<double> high01 = Avx.UnpackHigh(v0, v1).AsDouble();
            Vector256<double> low23 = Avx.UnpackLow(v2, v3).AsDouble();
            Vector256<double> high23 = Avx.UnpackHigh(v2, v3).AsDouble();
            quads[r] = Avx.UnpackLow(low01, low23).AsSingle();
            quads[r + 1] = Avx.UnpackHigh(low01, low23).AsSingle();
            quads[r + 2] = Avx.UnpackLow(high01, high23).AsSingle();
            quads[r + 3] = Avx.UnpackHigh(high01, high23).AsSingle();
        }

        for (int j = 0; j < 4; j++)
        {
            Vector256.Create(quads[j].GetLower(), quads[j + 4].GetLower()).Store(panel + (j * Rows));
            Vector256.Create(quads[j].GetUpper(), quads[j + 4].GetUpper()).Store(panel + ((j + 4) * Rows));
        }
    }

    /// <summary>4 × 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose128(float* square, nint stride, float* panel)
    {
        Vector128<float> v0 = Vector128.Load(square);
        Vector128<float> v1 = Vector128.Load(square + stride);
        Vector128<float> v2 = Vector128.Load(square + (2 * stride));
        Vector128<float> v3 = Vector128.Load(square + (3 * stride));
        Vector128<float> low02 = ZipLow(v0, v2);
        Vector128<float> low13 = ZipLow(v1, v3);
        Vector128<float> high02 = ZipHigh(v0, v2);
        Vector128<float> high13 = ZipHigh(v1, v3);
        ZipLow(low02, low13).Store(panel);
        ZipHigh(low02, low13).Store(panel + Rows);
        ZipLow(high02, high13).Store(panel + (2 * Rows));
        ZipHigh(high02, high13).Store(panel + (3 * Rows));
    }

    /// <summary>a0 b0 a1 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    /// <summary>a2 b2 a3 b3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);
}
