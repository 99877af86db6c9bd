using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// Products of a byte panel of 16 rows (<see cref="Quant.MakePanelU8"/>) with a byte tile of 12 tokens (<see cref="ByteTile"/>). The products of a block are
/// added exactly, as integers; then sum = fma(scale, integer × scale of x, sum) and sum = fma(minimum, sum of x, sum), block after block, the same on every level.
/// </summary>
internal static unsafe class PanelBytes
{
    private const int Rows = PanelU8.Rows;

    /// <summary>sums[t][r] += panel row r × token t, for the first <paramref name="tokens"/> tokens of the tile (and perhaps more, whose sums mean nothing).</summary>
    /// <param name="level">Level.</param>
    /// <param name="shape">The panel's layout.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="columns">Columns, a multiple of 32.</param>
    /// <param name="x">The tile's blocks, from the panel's first column on.</param>
    /// <param name="tokens">Tokens wanted, 1 to 12.</param>
    /// <param name="sums">[12][16].</param>
    public static void Multiply(SimdLevel level, PanelU8 shape, byte* panel, int columns, byte* x, int tokens, float* sums)
    {
        switch (level)
        {
            case SimdLevel.V512:
                Multiply<PanelLanes512, Vector512<byte>, Vector512<short>, Vector512<int>, Vector512<float>>(shape, panel, columns, x, tokens, sums);
                break;
            case SimdLevel.V256 when AvxVnni.IsSupported:
                Run<PanelLanes256, Vector256<byte>, Vector256<short>, Vector256<int>, Vector256<float>, Quads>(shape, panel, columns, x, tokens, sums);
                break;
            case SimdLevel.V256:
                Multiply<PanelLanes256, Vector256<byte>, Vector256<short>, Vector256<int>, Vector256<float>>(shape, panel, columns, x, tokens, sums);
                break;
            case SimdLevel.V128:
                Multiply<PanelLanes128, Vector128<byte>, Vector128<short>, Vector128<int>, Vector128<float>>(shape, panel, columns, x, tokens, sums);
                break;
            default:
                MultiplyScalar(shape, panel, columns, x, tokens, sums);
                break;
        }
    }

    /// <summary>How many products fit in 16 bits: pairs of neighbours are at most 2 × largest weight × 127.</summary>
    private static void Multiply<TLanes, TBytes, TShorts, TInts, TFloats>(PanelU8 shape, byte* panel, int columns, byte* x, int tokens, float* sums)
        where TLanes : struct, IByteLanes<TBytes, TShorts, TInts, TFloats>
        where TShorts : struct
        where TInts : struct
    {
        switch (shape.MaxValue)
        {
            case <= 15 when shape.Block == 32:
                Run<TLanes, TBytes, TShorts, TInts, TFloats, PairsOf8>(shape, panel, columns, x, tokens, sums);
                break;
            case <= 31:
                Run<TLanes, TBytes, TShorts, TInts, TFloats, PairsOf4>(shape, panel, columns, x, tokens, sums);
                break;
            case <= 63:
                Run<TLanes, TBytes, TShorts, TInts, TFloats, PairsOf2>(shape, panel, columns, x, tokens, sums);
                break;
            default:
                Run<TLanes, TBytes, TShorts, TInts, TFloats, Nibbles>(shape, panel, columns, x, tokens, sums);
                break;
        }
    }

    /// <summary>The definition.</summary>
    private static void MultiplyScalar(PanelU8 shape, byte* panel, int columns, byte* x, int tokens, float* sums)
    {
        for (int c = 0; c < columns; c += shape.Block, panel += shape.BlockBytes)
        {
            float* scales = (float*)panel;
            float* minimums = scales + Rows;
            byte* values = (byte*)(minimums + Rows);
            for (int t = 0; t < tokens; t++)
            {
                float xScale = ByteTile.Scales(x, c)[t];
                float xSum = ByteTile.Sums(x, c, shape.Block)[t];
                for (int r = 0; r < Rows; r++)
                {
                    int dot = 0;
                    for (int i = 0; i < shape.Block; i++)
                    {
                        dot += values[(((i / 4 * Rows) + r) * 4) + (i % 4)] * ((sbyte*)(ByteTile.Groups(x, c) + (i / 4 * PanelF32.Tokens) + t))[i % 4];
                    }

                    float* sum = sums + (t * Rows) + r;
                    *sum = MathF.FusedMultiplyAdd(dot * xScale, scales[r], *sum);
                    *sum = MathF.FusedMultiplyAdd(minimums[r], xSum, *sum);
                }
            }
        }
    }

    /// <summary>One vector of rows × 6 tokens at a time. The float sums stay in memory: they are touched once a block, and the registers are needed.</summary>
    internal static void Run<TLanes, TBytes, TShorts, TInts, TFloats, TPlan>(PanelU8 shape, byte* panel, int columns, byte* x, int tokens, float* sums)
        where TLanes : struct, IByteLanes<TBytes, TShorts, TInts, TFloats>
        where TShorts : struct
        where TInts : struct
        where TPlan : struct, IBytePlan
    {
        const int Next = PanelF32.Tokens;
        int groups = shape.Block / 4;
        for (int c = 0; c < columns; c += shape.Block, panel += shape.BlockBytes)
        {
            float* xScales = ByteTile.Scales(x, c);
            float* xSums = ByteTile.Sums(x, c, shape.Block);
            for (int r = 0; r < Rows; r += TLanes.Count)
            {
                TFloats scale = TLanes.Load((float*)panel + r);
                TFloats minimum = TLanes.Load((float*)panel + Rows + r);
                for (int t = 0; t < tokens; t += 6)
                {
                    int* q = ByteTile.Groups(x, c) + t;
                    byte* w = panel + (2 * Rows * sizeof(float)) + (4 * r);
                    byte* end = w + (groups * 4 * Rows);
                    TInts i0 = default, i1 = default, i2 = default, i3 = default, i4 = default, i5 = default;
                    if (TPlan.Split)
                    {
                        TShorts l0 = default, l1 = default, l2 = default, l3 = default, l4 = default, l5 = default;
                        TShorts h0 = default, h1 = default, h2 = default, h3 = default, h4 = default, h5 = default;
                        for (; w < end; w += 4 * Rows, q += Next)
                        {
                            TBytes v = TLanes.Load(w);
                            TBytes low = TLanes.Low(v);
                            TBytes high = TLanes.High(v);
                            l0 = TLanes.Add(l0, TLanes.Pairs(low, q[0]));
                            h0 = TLanes.Add(h0, TLanes.Pairs(high, q[0]));
                            l1 = TLanes.Add(l1, TLanes.Pairs(low, q[1]));
                            h1 = TLanes.Add(h1, TLanes.Pairs(high, q[1]));
                            l2 = TLanes.Add(l2, TLanes.Pairs(low, q[2]));
                            h2 = TLanes.Add(h2, TLanes.Pairs(high, q[2]));
                            l3 = TLanes.Add(l3, TLanes.Pairs(low, q[3]));
                            h3 = TLanes.Add(h3, TLanes.Pairs(high, q[3]));
                            l4 = TLanes.Add(l4, TLanes.Pairs(low, q[4]));
                            h4 = TLanes.Add(h4, TLanes.Pairs(high, q[4]));
                            l5 = TLanes.Add(l5, TLanes.Pairs(low, q[5]));
                            h5 = TLanes.Add(h5, TLanes.Pairs(high, q[5]));
                        }

                        i0 = TLanes.Combine(TLanes.Widen(l0), TLanes.Widen(h0));
                        i1 = TLanes.Combine(TLanes.Widen(l1), TLanes.Widen(h1));
                        i2 = TLanes.Combine(TLanes.Widen(l2), TLanes.Widen(h2));
                        i3 = TLanes.Combine(TLanes.Widen(l3), TLanes.Widen(h3));
                        i4 = TLanes.Combine(TLanes.Widen(l4), TLanes.Widen(h4));
                        i5 = TLanes.Combine(TLanes.Widen(l5), TLanes.Widen(h5));
                    }
                    else if (TPlan.PairsAdded == 0)
                    {
                        for (; w < end; w += 4 * Rows, q += Next)
                        {
                            TBytes v = TLanes.Load(w);
                            i0 = TLanes.Dot(i0, v, q[0]);
                            i1 = TLanes.Dot(i1, v, q[1]);
                            i2 = TLanes.Dot(i2, v, q[2]);
                            i3 = TLanes.Dot(i3, v, q[3]);
                            i4 = TLanes.Dot(i4, v, q[4]);
                            i5 = TLanes.Dot(i5, v, q[5]);
                        }
                    }
                    else
                    {
                        while (w < end)
                        {
                            TBytes v = TLanes.Load(w);
                            TShorts s0 = TLanes.Pairs(v, q[0]);
                            TShorts s1 = TLanes.Pairs(v, q[1]);
                            TShorts s2 = TLanes.Pairs(v, q[2]);
                            TShorts s3 = TLanes.Pairs(v, q[3]);
                            TShorts s4 = TLanes.Pairs(v, q[4]);
                            TShorts s5 = TLanes.Pairs(v, q[5]);
                            w += 4 * Rows;
                            q += Next;
                            for (int g = 1; g < TPlan.PairsAdded; g++, w += 4 * Rows, q += Next)
                            {
                                v = TLanes.Load(w);
                                s0 = TLanes.Add(s0, TLanes.Pairs(v, q[0]));
                                s1 = TLanes.Add(s1, TLanes.Pairs(v, q[1]));
                                s2 = TLanes.Add(s2, TLanes.Pairs(v, q[2]));
                                s3 = TLanes.Add(s3, TLanes.Pairs(v, q[3]));
                                s4 = TLanes.Add(s4, TLanes.Pairs(v, q[4]));
                                s5 = TLanes.Add(s5, TLanes.Pairs(v, q[5]));
                            }

                            i0 = TLanes.Add(i0, TLanes.Widen(s0));
                            i1 = TLanes.Add(i1, TLanes.Widen(s1));
                            i2 = TLanes.Add(i2, TLanes.Widen(s2));
                            i3 = TLanes.Add(i3, TLanes.Widen(s3));
                            i4 = TLanes.Add(i4, TLanes.Widen(s4));
                            i5 = TLanes.Add(i5, TLanes.Widen(s5));
                        }
                    }

                    float* sum = sums + (t * Rows) + r;
                    Finish<TLanes, TBytes, TShorts, TInts, TFloats>(i0, xScales[t], xSums[t], scale, minimum, sum);
                    Finish<TLanes, TBytes, TShorts, TInts, TFloats>(i1, xScales[t + 1], xSums[t + 1], scale, minimum, sum + Rows);
                    Finish<TLanes, TBytes, TShorts, TInts, TFloats>(i2, xScales[t + 2], xSums[t + 2], scale, minimum, sum + (2 * Rows));
                    Finish<TLanes, TBytes, TShorts, TInts, TFloats>(i3, xScales[t + 3], xSums[t + 3], scale, minimum, sum + (3 * Rows));
                    Finish<TLanes, TBytes, TShorts, TInts, TFloats>(i4, xScales[t + 4], xSums[t + 4], scale, minimum, sum + (4 * Rows));
                    Finish<TLanes, TBytes, TShorts, TInts, TFloats>(i5, xScales[t + 5], xSums[t + 5], scale, minimum, sum + (5 * Rows));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TLanes, TBytes, TShorts, TInts, TFloats>(TInts dot, float xScale, float xSum, TFloats scale, TFloats minimum, float* sum)
        where TLanes : struct, IByteLanes<TBytes, TShorts, TInts, TFloats>
    {
        TFloats scaled = TLanes.Multiply(TLanes.ToFloats(dot), TLanes.Broadcast(xScale));
        TFloats total = TLanes.MultiplyAdd(scaled, scale, TLanes.Load(sum));
        TLanes.Store(TLanes.MultiplyAdd(minimum, TLanes.Broadcast(xSum), total), sum);
    }

    /// <summary>How the integers are added.</summary>
    internal interface IBytePlan
    {
        /// <summary>Split the weights into their lower and upper 4 bits: 8-bit weights overflow 16 bits in one product, 4-bit weights not in 8.</summary>
        static abstract bool Split { get; }

        /// <summary>Vectors of pair sums that are added in 16 bits before they are widened; 0: fours are added in 32 bits at once.</summary>
        static abstract int PairsAdded { get; }
    }

    /// <summary>Weights up to 15.</summary>
    internal readonly struct PairsOf8 : IBytePlan
    {
        public static bool Split => false;

        public static int PairsAdded => 8;
    }

    /// <summary>Weights up to 31, and up to 15 in blocks of 16.</summary>
    internal readonly struct PairsOf4 : IBytePlan
    {
        public static bool Split => false;

        public static int PairsAdded => 4;
    }

    /// <summary>Weights up to 63.</summary>
    internal readonly struct PairsOf2 : IBytePlan
    {
        public static bool Split => false;

        public static int PairsAdded => 2;
    }

    /// <summary>Weights up to 255.</summary>
    internal readonly struct Nibbles : IBytePlan
    {
        public static bool Split => true;

        public static int PairsAdded => 8;
    }

    /// <summary>Any weights, where the machine adds four products in 32 bits (VNNI).</summary>
    internal readonly struct Quads : IBytePlan
    {
        public static bool Split => false;

        public static int PairsAdded => 0;
    }
}
