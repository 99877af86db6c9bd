using System.Runtime.Intrinsics;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Tests.Kernels;

public sealed unsafe class PanelTests
{
    public static TheoryData<string, int, int> LevelsAndShapes =>
    [
        .. from level in Simd.Available
           from shape in new[] { (32, 15), (32, 31), (32, 63), (32, 255), (16, 15), (16, 31), (16, 63), (16, 255) }
           select (level.ToString(), shape.Item1, shape.Item2),
    ];

    [Theory, MemberData(nameof(TestNumbers.Levels), MemberType = typeof(TestNumbers))]
    public void MultiplyF32_AnyTile_EqualsScalarBitForBit(string level)
    {
        foreach (int columns in new[] { 0, 1, 2, 33, 500 })
        {
            using NativeArray<float> panel = new(TestNumbers.Wild(columns, columns * 32));
            using NativeArray<float> x = new(TestNumbers.Wild(columns + 1, columns * 12));
            float[] start = TestNumbers.Normal(3, 12 * 32);
            using NativeArray<float> expected = new(start);
            PanelF32.Multiply(SimdLevel.Scalar, panel.Pointer, columns, x.Pointer, 12, expected.Pointer);
            for (int tokens = 1; tokens <= 12; tokens++)
            {
                using NativeArray<float> actual = new(start);
                PanelF32.Multiply(TestNumbers.Level(level), panel.Pointer, columns, x.Pointer, tokens, actual.Pointer);
                Assert.Equal(TestNumbers.Bits(expected.Span[..(tokens * 32)]), TestNumbers.Bits(actual.Span[..(tokens * 32)]));
            }
        }
    }

    [Theory, MemberData(nameof(TestNumbers.Levels), MemberType = typeof(TestNumbers))]
    public void FromRows_OddColumns_Transposes(string level)
    {
        const int Columns = 37;
        using NativeArray<float> rows = new(TestNumbers.Normal(1, 32 * Columns));
        using NativeArray<float> panel = new(32 * Columns);

        PanelF32.FromRows(TestNumbers.Level(level), rows.Pointer, Columns, panel.Pointer);

        for (int r = 0; r < 32; r++)
        {
            for (int c = 0; c < Columns; c++)
            {
                Assert.Equal(rows.Span[(r * Columns) + c], panel.Span[(c * 32) + r]);
            }
        }
    }

    [Theory, MemberData(nameof(LevelsAndShapes))]
    public void MultiplyBytes_AnyTile_EqualsScalarBitForBit(string level, int block, int maxValue)
    {
        PanelU8 shape = new(block, maxValue);
        foreach (int columns in new[] { 0, 32, 256, 544 })
        {
            foreach (bool extreme in new[] { false, true })
            {
                using NativeArray<byte> panel = RandomPanel(shape, columns, extreme);
                using NativeArray<byte> x = RandomTile(columns, extreme);
                float[] start = TestNumbers.Normal(3, 12 * 32);
                using NativeArray<float> expected = new(start);
                PanelBytes.Multiply(SimdLevel.Scalar, shape, panel.Pointer, shape.Bytes(columns), columns, x.Pointer, 12, expected.Pointer);
                foreach (int tokens in new[] { 1, 6, 7, 12 })
                {
                    using NativeArray<float> actual = new(start);
                    PanelBytes.Multiply(TestNumbers.Level(level), shape, panel.Pointer, shape.Bytes(columns), columns, x.Pointer, tokens, actual.Pointer);
                    Assert.Equal(TestNumbers.Bits(expected.Span[..(tokens * 32)]), TestNumbers.Bits(actual.Span[..(tokens * 32)]));
                }
            }
        }
    }

    [Fact]
    public void MultiplyBytes_FoursAddedAtOnce_EqualsScalarBitForBit()
    {
        PanelU8 shape = new(16, 63);
        using NativeArray<byte> panel = RandomPanel(shape, 64, true);
        using NativeArray<byte> x = RandomTile(64, true);
        using NativeArray<float> expected = new(12 * 32);
        using NativeArray<float> actual = new(12 * 32);

        PanelBytes.Multiply(SimdLevel.Scalar, shape, panel.Pointer, shape.Bytes(64), 64, x.Pointer, 12, expected.Pointer);
        PanelBytes.Run<PanelLanes128, Vector128<byte>, Vector128<short>, Vector128<int>, Vector128<float>, PanelBytes.Quads>(shape, panel.Pointer, shape.Bytes(64), 64, x.Pointer, 12, actual.Pointer);

        Assert.Equal(TestNumbers.Bits(expected.Span), TestNumbers.Bits(actual.Span));
    }

    [Fact]
    public void Lanes128_PortableForms_EqualTheInstructions()
    {
        Random random = new(1);
        byte[] weights = new byte[16];
        for (int i = 0; i < 1000; i++)
        {
            random.NextBytes(weights);
            Vector128<byte> v = Vector128.Create(weights) & Vector128.Create((byte)63);
            int x = random.Next() | (random.Next(2) << 31);

            Assert.Equal(PanelLanes128.Pairs(v, x), PanelLanes128.PortablePairs(v, x));
            Vector128<short> pairs = Vector128.Create(weights).AsInt16();
            Assert.Equal(PanelLanes128.Widen(pairs), PanelLanes128.PortableWiden(pairs));
            Vector128<short> even = PanelLanes128.Even(Vector128.Create(weights));
            Assert.Equal(PanelLanes128.DotPairs(Vector128<int>.Zero, even, &x), PanelLanes128.PortableDotPairs(even, x));
        }
    }

    /// <summary>Extreme: the largest weights and activations, which overflow first.</summary>
    internal static NativeArray<byte> RandomPanel(PanelU8 shape, int columns, bool extreme)
    {
        Random random = new(columns + shape.Block + shape.MaxValue);
        NativeArray<byte> panel = new(2 * (int)shape.Bytes(columns));
        for (int b = 0; b < 2 * columns / shape.Block; b++)
        {
            float* floats = (float*)(panel.Pointer + (b * shape.BlockBytes));
            for (int r = 0; r < 32; r++)
            {
                floats[r] = (random.NextSingle() - 0.5f) / 16;
            }

            byte* values = (byte*)(floats + 32);
            for (int i = 0; i < 16 * shape.Block; i++)
            {
                values[i] = (byte)(extreme ? shape.MaxValue : random.Next(shape.MaxValue + 1));
            }
        }

        return panel;
    }

    private static NativeArray<byte> RandomTile(int columns, bool extreme)
    {
        NativeArray<byte> tile = new(columns / 32 * ByteTile.BlockBytes);
        for (int t = 0; t < 12; t++)
        {
            float[] values = TestNumbers.Normal(t, columns);
            if (extreme)
            {
                Array.Fill(values, t % 2 == 0 ? -1 : 1);
            }

            using NativeArray<float> x = new(values);
            using NativeArray<sbyte> quants = new(columns);
            using NativeArray<float> scales = new(columns / 32);
            using NativeArray<float> sums = new(columns / 32);
            using NativeArray<short> sums16 = new(columns / 16);
            Q8Row row = new() { Quants = quants.Pointer, Scales = scales.Pointer, ScaledSums = sums.Pointer, Sums16 = sums16.Pointer };
            Q8Quantizer.Run(SimdLevel.Scalar, x.Pointer, columns, row);
            ByteTile.Write(row, columns, tile.Pointer, t);
        }

        return tile;
    }
}
