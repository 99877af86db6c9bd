using System.Runtime.InteropServices;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;
using LlmToolkit.Engine.Tests.Kernels;
using LlmToolkit.Tests;

namespace LlmToolkit.Engine.Tests.Quants;

public sealed unsafe class FloatQuantTests
{
    private static readonly int[] s_columns = [0, 1, 7, 16, 31, 32, 33, 64, 100, 576, 2048, 2063];

    public static TheoryData<string, string> TypesAndLevels =>
        [.. from type in new[] { "F32", "F16", "BF16" } from level in Simd.Available select (type, level.ToString())];

    [Theory, MemberData(nameof(TypesAndLevels))]
    public void DotF32_AnyShape_EqualsScalarBitForBit(string type, string level)
    {
        Quant quant = Find(type);
        foreach (int columns in s_columns)
        {
            const int Rows = 7;
            nint rowBytes = (nint)quant.DType.Bytes(columns) + 6;
            using NativeArray<byte> weights = new(Rows * (int)rowBytes);
            for (int r = 0; r < Rows; r++)
            {
                Store(type, TestNumbers.Wild(columns + r, columns, 100), weights.Span[(r * (int)rowBytes)..]);
            }

            using NativeArray<float> x = new(TestNumbers.Wild(columns + 99, columns, 1e20f));
            using NativeArray<float> expected = new(Rows);
            using NativeArray<float> actual = new(Rows);

            quant.DotF32(SimdLevel.Scalar, weights.Pointer, rowBytes, Rows, x.Pointer, columns, expected.Pointer);
            quant.DotF32(TestNumbers.Level(level), weights.Pointer, rowBytes, Rows, x.Pointer, columns, actual.Pointer);

            Assert.Equal(TestNumbers.Bits(expected.Span), TestNumbers.Bits(actual.Span));
        }
    }

    [Theory, MemberData(nameof(TestNumbers.Levels), MemberType = typeof(TestNumbers))]
    public void DotF32_SameValuesInThreeWidths_SameBits(string level)
    {
        foreach (int columns in s_columns)
        {
            // Values that all three types hold: 8 bits of mantissa, exponents of halves.
            float[] values = [.. TestNumbers.Normal(columns, columns, 0.1f).Select(v => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits((float)(Half)v) & unchecked((int)0xFFFF0000)))];
            values = [.. values.Select(v => Math.Abs(v) < 1e-4 ? 0 : v)];
            using NativeArray<float> x = new(TestNumbers.Wild(columns + 5, columns, 1e30f));
            List<int> dots = [];
            foreach (string type in new[] { "F32", "F16", "BF16" })
            {
                using NativeArray<byte> row = new((int)Find(type).DType.Bytes(columns));
                Store(type, values, row.Span);
                float dot;
                Find(type).DotF32(TestNumbers.Level(level), row.Pointer, 0, 1, x.Pointer, columns, &dot);
                dots.Add(BitConverter.SingleToInt32Bits(dot));
            }

            Assert.Single(dots.Distinct());
        }
    }

    [Theory, MemberData(nameof(TypesAndLevels))]
    public void MakePanelF32_MissingRowsAndOddColumns_HoldsEveryWeight(string type, string level)
    {
        Quant quant = Find(type);
        byte** rows = stackalloc byte*[32];
        foreach (int columns in s_columns)
        {
            int rowBytes = (int)quant.DType.Bytes(columns);
            using NativeArray<byte> weights = new(32 * rowBytes);
            Store(type, TestNumbers.Wild(columns, 32 * columns, 100), weights.Span);
            using NativeArray<float> values = new(32 * columns);
            using NativeArray<float> panel = new(32 * columns);
            using NativeArray<float> scratch = new(32 * columns);
            for (int r = 0; r < 32; r++)
            {
                quant.Dequantize(weights.Pointer + (r * rowBytes), values.Pointer + (r * columns), columns);
                rows[r] = r is 5 or > 28 ? null : weights.Pointer + (r * rowBytes);
            }

            quant.MakePanelF32(TestNumbers.Level(level), rows, columns, panel.Pointer, scratch.Pointer);

            for (int r = 0; r < 32; r++)
            {
                for (int c = 0; c < columns; c++)
                {
                    if (panel.Span[(c * 32) + r] != (rows[r] == null ? 0 : values.Span[(r * columns) + c]))
                    {
                        Assert.Fail($"row {r} column {c} of {columns}: {panel.Span[(c * 32) + r]}");
                    }
                }
            }
        }
    }

    [Theory, InlineData("F16"), InlineData("BF16")]
    public void DotF32_EveryFiniteValue_ReadAsDequantizeReadsIt(string type)
    {
        using NativeArray<ushort> all = new(65536);
        using NativeArray<float> values = new(65536);
        for (int i = 0; i < all.Length; i++)
        {
            all.Span[i] = (ushort)i;
        }

        Find(type).Dequantize((byte*)all.Pointer, values.Pointer, all.Length);
        float one = 1;
        byte** rows = stackalloc byte*[32];
        foreach (SimdLevel level in Simd.Available)
        {
            for (int i = 0; i < all.Length; i += level == SimdLevel.Scalar ? 1 : 257)
            {
                float dot;
                Find(type).DotF32(level, (byte*)(all.Pointer + i), 0, 1, &one, 1, &dot);
                if (dot != values.Span[i] && float.IsFinite(values.Span[i]))
                {
                    Assert.Fail($"{type} {level} 0x{i:X4}: {dot}");
                }
            }

            using NativeArray<float> panel = new(32 * 2048);
            for (int r = 0; r < 32; r++)
            {
                rows[r] = (byte*)(all.Pointer + (r * 2048));
            }

            Find(type).MakePanelF32(level, rows, 2048, panel.Pointer, null);
            for (int i = 0; i < all.Length; i++)
            {
                float value = values.Span[i];
                if (panel.Span[(i % 2048 * 32) + (i / 2048)] != value && float.IsFinite(value))
                {
                    Assert.Fail($"{type} {level} 0x{i:X4} in a panel");
                }
            }
        }
    }

    [Theory, MemberData(nameof(TypesAndLevels))]
    public void Conformance_Quants_ValuesEqualAndDotsWithinTolerance(string type, string level)
    {
        ReferenceTensors reference = new(SharedData.Conformance("quants", $"{type}.safetensors"));
        long[] shape = reference.Shape("values");
        int rows = (int)shape[0];
        int columns = (int)shape[1];
        using NativeArray<byte> blocks = new(reference.Bytes("blocks"));
        float[] values = reference.Floats("values");
        using NativeArray<float> x = new(reference.Floats("x"));
        using NativeArray<float> ours = new(columns);
        double[] exact = reference.Doubles("dot_exact");
        float[] ggml = reference.Floats("dot_ggml");
        double normX = Math.Sqrt(x.ToArray().Sum(v => (double)v * v));
        int rowBytes = blocks.Length / rows;
        List<string> misses = [];
        for (int r = 0; r < rows; r++)
        {
            byte* row = blocks.Pointer + (r * rowBytes);
            Find(type).Dequantize(row, ours.Pointer, columns);
            Span<float> expected = values.AsSpan(r * columns, columns);
            for (int c = 0; c < columns; c++)
            {
                if (BitConverter.SingleToInt32Bits(ours.Span[c]) != BitConverter.SingleToInt32Bits(expected[c]) && !(float.IsNaN(ours.Span[c]) && float.IsNaN(expected[c])))
                {
                    misses.Add($"row {r} column {c}: {ours.Span[c]:R}, expected {expected[c]:R}");
                }
            }

            float dot;
            Find(type).DotF32(TestNumbers.Level(level), row, rowBytes, 1, x.Pointer, columns, &dot);
            double norm = Math.Sqrt(expected.ToArray().Sum(v => (double)v * v)) * normX;
            if (!(Math.Abs(dot - exact[r]) <= 1.5 * Math.Max(Math.Abs(ggml[r] - exact[r]), 2e-4 * norm)) && double.IsFinite(exact[r]))
            {
                misses.Add($"row {r}: dot {dot:R}, expected {exact[r]:R}");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses.Take(20)));
    }

    private static Quant Find(string type) => DefaultQuants.Find(DTypes.Find(type)!)!;

    private static void Store(string type, ReadOnlySpan<float> values, Span<byte> bytes)
    {
        for (int i = 0; i < values.Length; i++)
        {
            switch (type)
            {
                case "F32":
                    MemoryMarshal.Write(bytes[(4 * i)..], values[i]);
                    break;
                case "F16":
                    MemoryMarshal.Write(bytes[(2 * i)..], (Half)values[i]);
                    break;
                default:
                    MemoryMarshal.Write(bytes[(2 * i)..], (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16));
                    break;
            }
        }
    }
}
