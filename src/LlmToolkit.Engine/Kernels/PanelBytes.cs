using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// Products of two byte panels of 16 rows (<see cref="Quant.MakePanelU8"/>) with a byte tile of 12 tokens (<see cref="ByteTile"/>). The products of a block are
/// added exactly, as integers; then sum = fma(scale, integer × scale of x, sum) and sum = fma(minimum, sum of x, sum), block after block, the same on every level.
/// </summary>
internal static unsafe class PanelBytes
{
    private const int Rows = 2 * PanelU8.Rows;
    private const int GroupBytes = 4 * PanelU8.Rows;

    /// <summary>Groups of 4 signed bytes in a block of a tile.</summary>
    private const int Groups = 8 * PanelF32.Tokens;

    /// <summary>sums[t][r] += row r of the two panels × token t, for the first <paramref name="tokens"/> tokens of the tile (and perhaps more, whose sums mean nothing).</summary>
    /// <param name="level">Level.</param>
    /// <param name="shape">The panel's layout.</param>
    /// <param name="panels">The first panel.</param>
    /// <param name="panelBytes">From there to the second panel.</param>
    /// <param name="columns">Columns, a multiple of 32.</param>
    /// <param name="x">The tile's blocks, from the panels' first column on.</param>
    /// <param name="tokens">Tokens wanted, 1 to 12.</param>
    /// <param name="sums">[12][32].</param>
    public static void Multiply(SimdLevel level, PanelU8 shape, byte* panels, nuint panelBytes, int columns, byte* x, int tokens, float* sums)
    {
        switch (level)
        {
            case SimdLevel.V512:
                Multiply<PanelLanes512, Vector512<byte>, Vector512<short>, Vector512<int>, Vector512<float>>(shape, panels, panelBytes, columns, x, tokens, sums);
                break;
            case SimdLevel.V256 when AvxVnni.IsSupported:
                Run<PanelLanes256, Vector256<byte>, Vector256<short>, Vector256<int>, Vector256<float>, Quads>(shape, panels, panelBytes, columns, x, tokens, sums);
                break;
            case SimdLevel.V256:
                Multiply<PanelLanes256, Vector256<byte>, Vector256<short>, Vector256<int>, Vector256<float>>(shape, panels, panelBytes, columns, x, tokens, sums);
                break;
            case SimdLevel.V128:
                Multiply<PanelLanes128, Vector128<byte>, Vector128<short>, Vector128<int>, Vector128<float>>(shape, panels, panelBytes, columns, x, tokens, sums);
                break;
            default:
                MultiplyScalar(shape, panels, panelBytes, columns, x, tokens, sums);
                break;
        }
    }

    /// <summary>How many products fit in 16 bits: pairs of neighbours are at most 2 × largest weight × 127.</summary>
    private static void Multiply<TLanes, TBytes, TShorts, TInts, TFloats>(PanelU8 shape, byte* panels, nuint panelBytes, int columns, byte* x, int tokens, float* sums)
        where TLanes : struct, IByteLanes<TBytes, TShorts, TInts, TFloats>
        where TShorts : struct
        where TInts : struct
    {
        switch (shape.MaxValue)
        {
            case <= 15 when shape.Block == 32:
                Run<TLanes, TBytes, TShorts, TInts, TFloats, PairsOf8>(shape, panels, panelBytes, columns, x, tokens, sums);
                break;
            case <= 31:
                Run<TLanes, TBytes, TShorts, TInts, TFloats, PairsOf4>(shape, panels, panelBytes, columns, x, tokens, sums);
                break;
            case <= 63:
                Run<TLanes, TBytes, TShorts, TInts, TFloats, PairsOf2>(shape, panels, panelBytes, columns, x, tokens, sums);
                break;
            default:
                Run<TLanes, TBytes, TShorts, TInts, TFloats, Shorts>(shape, panels, panelBytes, columns, x, tokens, sums);
                break;
        }
    }

    /// <summary>The definition.</summary>
    private static void MultiplyScalar(PanelU8 shape, byte* panels, nuint panelBytes, int columns, byte* x, int tokens, float* sums)
    {
        for (int c = 0; c < columns; c += shape.Block, panels += shape.BlockBytes)
        {
            for (int t = 0; t < tokens; t++)
            {
                float xScale = ByteTile.Scales(x, c)[t];
                float xSum = ByteTile.Sums(x, c, shape.Block)[t];
                for (int r = 0; r < Rows; r++)
                {
                    int row = r % PanelU8.Rows;
                    float* scales = (float*)(panels + ((nuint)(r / PanelU8.Rows) * panelBytes));
                    float* minimums = scales + PanelU8.Rows;
                    byte* values = (byte*)(minimums + PanelU8.Rows);
                    int dot = 0;
                    for (int i = 0; i < shape.Block; i++)
                    {
                        dot += values[(((i / 4 * PanelU8.Rows) + row) * 4) + (i % 4)] * ((sbyte*)(ByteTile.Groups(x, c) + (i / 4 * PanelF32.Tokens) + t))[i % 4];
                    }

                    float* sum = sums + (t * Rows) + r;
                    *sum = MathF.FusedMultiplyAdd(dot * xScale, scales[row], *sum);
                    *sum = MathF.FusedMultiplyAdd(minimums[row], xSum, *sum);
                }
            }
        }
    }

    /// <summary>
    /// Two vectors of rows × 3 tokens at a time, so that a broadcast serves two products. The float sums stay in memory: they are touched once a block, and
    /// the registers are needed. Row r lies 4 r bytes into the scales, the minimums and each group of a panel.
    /// </summary>
    [SkipLocalsInit]
    internal static void Run<TLanes, TBytes, TShorts, TInts, TFloats, TPlan>(PanelU8 shape, byte* panels, nuint panelBytes, int columns, byte* x, int tokens, float* sums)
        where TLanes : struct, IByteLanes<TBytes, TShorts, TInts, TFloats>
        where TShorts : struct
        where TInts : struct
        where TPlan : struct, IBytePlan
    {
        const int Next = PanelF32.Tokens;
        nuint second = TLanes.Count == PanelU8.Rows ? panelBytes : (nuint)TLanes.Count * sizeof(float);
        int bytesOfGroups = shape.Block * PanelU8.Rows;
        int* wide = stackalloc int[2 * Groups];
        for (int c = 0; c < columns; c += shape.Block, panels += shape.BlockBytes)
        {
            float* xScales = ByteTile.Scales(x, c);
            float* xSums = ByteTile.Sums(x, c, shape.Block);
            int* xGroups = ByteTile.Groups(x, c);
            for (int i = 0; TPlan.Wide && i < shape.Block / 4 * Next; i += TLanes.Count)
            {
                TLanes.Spread(xGroups + i, wide + i, wide + Groups + i);
            }

            for (int r = 0; r < Rows; r += 2 * TLanes.Count)
            {
                byte* rows = r < PanelU8.Rows ? panels + (r * sizeof(float)) : panels + panelBytes + ((r - PanelU8.Rows) * sizeof(float));
                for (int t = 0; t < tokens; t += 3)
                {
                    int* q = xGroups + t;
                    byte* w = rows + (2 * PanelU8.Rows * sizeof(float));
                    byte* end = w + bytesOfGroups;
                    TInts a0 = default, a1 = default, a2 = default, b0 = default, b1 = default, b2 = default;
                    if (TPlan.Wide)
                    {
                        int* even = wide + t;
                        for (; w < end; w += GroupBytes, even += Next)
                        {
                            TBytes a = TLanes.Load(w);
                            TBytes b = TLanes.Load(w + second);
                            TShorts aEven = TLanes.Even(a);
                            TShorts bEven = TLanes.Even(b);
                            TShorts aOdd = TLanes.Odd(a);
                            TShorts bOdd = TLanes.Odd(b);
                            a0 = TLanes.DotPairs(a0, aEven, even);
                            b0 = TLanes.DotPairs(b0, bEven, even);
                            a1 = TLanes.DotPairs(a1, aEven, even + 1);
                            b1 = TLanes.DotPairs(b1, bEven, even + 1);
                            a2 = TLanes.DotPairs(a2, aEven, even + 2);
                            b2 = TLanes.DotPairs(b2, bEven, even + 2);
                            a0 = TLanes.DotPairs(a0, aOdd, even + Groups);
                            b0 = TLanes.DotPairs(b0, bOdd, even + Groups);
                            a1 = TLanes.DotPairs(a1, aOdd, even + Groups + 1);
                            b1 = TLanes.DotPairs(b1, bOdd, even + Groups + 1);
                            a2 = TLanes.DotPairs(a2, aOdd, even + Groups + 2);
                            b2 = TLanes.DotPairs(b2, bOdd, even + Groups + 2);
                        }
                    }
                    else if (TPlan.PairsAdded == 0)
                    {
                        for (; w < end; w += GroupBytes, q += Next)
                        {
                            TBytes a = TLanes.Load(w);
                            TBytes b = TLanes.Load(w + second);
                            a0 = TLanes.Dot(a0, a, q[0]);
                            b0 = TLanes.Dot(b0, b, q[0]);
                            a1 = TLanes.Dot(a1, a, q[1]);
                            b1 = TLanes.Dot(b1, b, q[1]);
                            a2 = TLanes.Dot(a2, a, q[2]);
                            b2 = TLanes.Dot(b2, b, q[2]);
                        }
                    }
                    else
                    {
                        do
                        {
                            TBytes a = TLanes.Load(w);
                            TBytes b = TLanes.Load(w + second);
                            TShorts aPairs0 = TLanes.Pairs(a, q[0]);
                            TShorts bPairs0 = TLanes.Pairs(b, q[0]);
                            TShorts aPairs1 = TLanes.Pairs(a, q[1]);
                            TShorts bPairs1 = TLanes.Pairs(b, q[1]);
                            TShorts aPairs2 = TLanes.Pairs(a, q[2]);
                            TShorts bPairs2 = TLanes.Pairs(b, q[2]);
                            w += GroupBytes;
                            q += Next;
                            for (int g = 1; g < TPlan.PairsAdded; g++, w += GroupBytes, q += Next)
                            {
                                a = TLanes.Load(w);
                                b = TLanes.Load(w + second);
                                aPairs0 = TLanes.Add(aPairs0, TLanes.Pairs(a, q[0]));
                                bPairs0 = TLanes.Add(bPairs0, TLanes.Pairs(b, q[0]));
                                aPairs1 = TLanes.Add(aPairs1, TLanes.Pairs(a, q[1]));
                                bPairs1 = TLanes.Add(bPairs1, TLanes.Pairs(b, q[1]));
                                aPairs2 = TLanes.Add(aPairs2, TLanes.Pairs(a, q[2]));
                                bPairs2 = TLanes.Add(bPairs2, TLanes.Pairs(b, q[2]));
                            }

                            a0 = TLanes.Add(a0, TLanes.Widen(aPairs0));
                            a1 = TLanes.Add(a1, TLanes.Widen(aPairs1));
                            a2 = TLanes.Add(a2, TLanes.Widen(aPairs2));
                            b0 = TLanes.Add(b0, TLanes.Widen(bPairs0));
                            b1 = TLanes.Add(b1, TLanes.Widen(bPairs1));
                            b2 = TLanes.Add(b2, TLanes.Widen(bPairs2));
                        }
                        while (w < end);
                    }

                    float* sum = sums + (t * Rows) + r;
                    Finish<TLanes, TBytes, TShorts, TInts, TFloats>(a0, a1, a2, xScales + t, xSums + t, (float*)rows, sum);
                    Finish<TLanes, TBytes, TShorts, TInts, TFloats>(b0, b1, b2, xScales + t, xSums + t, (float*)(rows + second), sum + TLanes.Count);
                }
            }
        }
    }

    /// <summary>Scales the integers of one block and adds them, for 3 tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TLanes, TBytes, TShorts, TInts, TFloats>(TInts dot0, TInts dot1, TInts dot2, float* xScale, float* xSum, float* scales, float* sum)
        where TLanes : struct, IByteLanes<TBytes, TShorts, TInts, TFloats>
    {
        TFloats scale = TLanes.Load(scales);
        TFloats minimum = TLanes.Load(scales + PanelU8.Rows);
        TFloats total = TLanes.MultiplyAdd(TLanes.Multiply(TLanes.ToFloats(dot0), TLanes.Broadcast(xScale)), scale, TLanes.Load(sum));
        TLanes.Store(TLanes.MultiplyAdd(minimum, TLanes.Broadcast(xSum), total), sum);
        total = TLanes.MultiplyAdd(TLanes.Multiply(TLanes.ToFloats(dot1), TLanes.Broadcast(xScale + 1)), scale, TLanes.Load(sum + Rows));
        TLanes.Store(TLanes.MultiplyAdd(minimum, TLanes.Broadcast(xSum + 1), total), sum + Rows);
        total = TLanes.MultiplyAdd(TLanes.Multiply(TLanes.ToFloats(dot2), TLanes.Broadcast(xScale + 2)), scale, TLanes.Load(sum + (2 * Rows)));
        TLanes.Store(TLanes.MultiplyAdd(minimum, TLanes.Broadcast(xSum + 2), total), sum + (2 * Rows));
    }

    /// <summary>How the integers are added.</summary>
    internal interface IBytePlan
    {
        /// <summary>Multiply in 16 bits and add in 32: two products of 8-bit weights do not fit in 16.</summary>
        static abstract bool Wide { get; }

        /// <summary>Vectors of pair sums that are added in 16 bits before they are widened; 0: fours are added in 32 bits at once.</summary>
        static abstract int PairsAdded { get; }
    }

    /// <summary>Weights up to 15.</summary>
    internal readonly struct PairsOf8 : IBytePlan
    {
        public static bool Wide => false;

        public static int PairsAdded => 8;
    }

    /// <summary>Weights up to 31, and up to 15 in blocks of 16.</summary>
    internal readonly struct PairsOf4 : IBytePlan
    {
        public static bool Wide => false;

        public static int PairsAdded => 4;
    }

    /// <summary>Weights up to 63.</summary>
    internal readonly struct PairsOf2 : IBytePlan
    {
        public static bool Wide => false;

        public static int PairsAdded => 2;
    }

    /// <summary>Weights up to 255.</summary>
    internal readonly struct Shorts : IBytePlan
    {
        public static bool Wide => true;

        public static int PairsAdded => 0;
    }

    /// <summary>Any weights, where the machine adds four products in 32 bits (VNNI).</summary>
    internal readonly struct Quads : IBytePlan
    {
        public static bool Wide => false;

        public static int PairsAdded => 0;
    }
}
