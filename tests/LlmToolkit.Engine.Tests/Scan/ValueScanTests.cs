using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Scan;

namespace LlmToolkit.Engine.Tests.Scan;

/// <summary>The vector pass finds what the definition finds, and the definition finds what is there.</summary>
public sealed class ValueScanTests
{
    private static readonly string[] s_floats = ["F32", "F16", "BF16", "F64", "F8_E4M3", "F8_E5M2"];

    /// <summary>Sizes around a stretch of every type, and places of a damaged value.</summary>
    public static TheoryData<string, int, int> Cases
    {
        get
        {
            TheoryData<string, int, int> cases = [];
            foreach (string type in s_floats)
            {
                foreach ((int count, int place) in ((int, int)[])[(1, -1), (7, 3), (513, 512), (2048, -1), (2049, 0), (5000, 2047), (9001, 9000), (9001, 4500)])
                {
                    cases.Add(type, count, place);
                }
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Run_Floats_VectorEqualsScalar(string name, int count, int place)
    {
        DType type = DTypes.Find(name)!;
        byte[] bytes = Random(type, count, 0.02);
        if (place >= 0)
        {
            bytes.AsSpan(place * type.BlockBytes, type.BlockBytes).Fill(0xFF);
        }

        ValueFacts scalar = ValueScan.Run(SimdLevel.Scalar, type, bytes);
        ValueFacts vector = ValueScan.Run(SimdLevel.V256, type, bytes);

        Assert.Equal((scalar.Count, scalar.NotFinite, scalar.FirstNotFinite, scalar.MaxAbs, scalar.Varies), (vector.Count, vector.NotFinite, vector.FirstNotFinite, vector.MaxAbs, vector.Varies));
        Assert.Equal(scalar.Rms, vector.Rms, scalar.Rms * 1e-5);
        Assert.Equal((count, place < 0 ? 0L : 1, (long)place), (scalar.Count, scalar.NotFinite, scalar.FirstNotFinite));
    }

    [Theory]
    [InlineData("F32", 0x7F800000u)]
    [InlineData("F16", 0x7C00u)]
    [InlineData("BF16", 0x7F80u)]
    [InlineData("F8_E5M2", 0x7Cu)]
    public void Run_Infinity_IsNotFinite(string name, uint bits)
    {
        DType type = DTypes.Find(name)!;
        byte[] bytes = new byte[4096 * type.BlockBytes];
        BitConverter.GetBytes(bits).AsSpan(0, type.BlockBytes).CopyTo(bytes.AsSpan(77 * type.BlockBytes));

        foreach (SimdLevel level in (SimdLevel[])[SimdLevel.Scalar, SimdLevel.V256])
        {
            ValueFacts facts = ValueScan.Run(level, type, bytes);
            Assert.Equal((1L, 77L, 0.0), (facts.NotFinite, facts.FirstNotFinite, facts.MaxAbs));
        }
    }

    /// <summary>The least and the largest magnitudes, where shortcuts go wrong: every one of the 8- and 16-bit types.</summary>
    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F8_E4M3")]
    [InlineData("F8_E5M2")]
    public void Run_EveryPattern_HasTheValueOfTheDefinition(string name)
    {
        DType type = DTypes.Find(name)!;
        int patterns = 1 << (8 * type.BlockBytes);
        byte[] bytes = new byte[2048 * type.BlockBytes];
        for (int bits = 0; bits < patterns; bits += type.BlockBytes == 1 ? 1 : 13)
        {
            for (int i = 0; i < 2048; i++)
            {
                BitConverter.GetBytes(bits).AsSpan(0, type.BlockBytes).CopyTo(bytes.AsSpan(i * type.BlockBytes));
            }

            ValueFacts scalar = ValueScan.Run(SimdLevel.Scalar, type, bytes);
            ValueFacts vector = ValueScan.Run(SimdLevel.V256, type, bytes);
            Assert.Equal((scalar.NotFinite, scalar.MaxAbs, scalar.Varies), (vector.NotFinite, vector.MaxAbs, vector.Varies));
            Assert.False(scalar.Varies);

            // Squares beyond single precision are infinite or zero in the vector pass; nobody has such weights.
            if (scalar.MaxAbs is > 1e-17 and < 1e17)
            {
                Assert.Equal(scalar.Rms, vector.Rms, scalar.Rms * 1e-5);
            }
        }
    }

    [Theory]
    [InlineData("Q4_0", 0)]
    [InlineData("Q4_1", 2)]
    [InlineData("Q5_0", 0)]
    [InlineData("Q8_0", 0)]
    [InlineData("Q2_K", 82)]
    [InlineData("Q3_K", 108)]
    [InlineData("Q4_K", 2)]
    [InlineData("Q5_K", 0)]
    [InlineData("Q6_K", 208)]
    [InlineData("IQ2_XS", 0)]
    [InlineData("IQ3_S", 0)]
    [InlineData("IQ4_XS", 0)]
    [InlineData("TQ1_0", 52)]
    [InlineData("TQ2_0", 64)]
    public void Run_BlockWithAScaleThatIsNoNumber_IsFoundByItsFirstWeight(string name, int offset)
    {
        DType type = DTypes.Find(name)!;
        byte[] bytes = new byte[100 * type.BlockBytes];
        Assert.Equal((0L, 0.0, false), ValueScan.Run(type, bytes) is var zero ? (zero.NotFinite, zero.MaxAbs, zero.Varies) : default);

        bytes[(42 * type.BlockBytes) + offset + 1] = 0x7E;
        bytes[(50 * type.BlockBytes) + offset + 1] = 0xFC;
        ValueFacts facts = ValueScan.Run(type, bytes);
        Assert.Equal((2L, 42L * type.BlockLength, true), (facts.NotFinite, facts.FirstNotFinite, facts.Varies));
    }

    [Theory]
    [InlineData("MXFP4", 0, 255)]
    [InlineData("NVFP4", 3, 0xFF)]
    [InlineData("NVFP4", 0, 0x7F)]
    public void Run_OtherScales_AreJudged(string name, int offset, byte bad)
    {
        DType type = DTypes.Find(name)!;
        byte[] bytes = new byte[64 * type.BlockBytes];
        bytes[(9 * type.BlockBytes) + offset] = bad;
        ValueFacts facts = ValueScan.Run(type, bytes);
        Assert.Equal((1L, 9L * type.BlockLength), (facts.NotFinite, facts.FirstNotFinite));
    }

    [Fact]
    public void Run_ScatteredScale_IsPutTogether()
    {
        DType type = DTypes.Find("IQ1_M")!;
        byte[] bytes = new byte[3 * type.BlockBytes];
        // 0x7C01, four bits at the top of each of four numbers, the lowest first.
        (bytes[type.BlockBytes + 49], bytes[type.BlockBytes + 53], bytes[type.BlockBytes + 55]) = (0x10, 0xC0, 0x70);
        ValueFacts facts = ValueScan.Run(type, bytes);
        Assert.Equal((1L, 256L), (facts.NotFinite, facts.FirstNotFinite));
    }

    [Fact]
    public void Run_EveryBlockType_IsKnown() =>
        Assert.All(DTypes.All.Where(t => t.GgmlId is not null && t.IsBlock), t => Assert.True(ValueScan.Knows(t), t.Name));

    [Fact]
    public void Add_Pieces_CountPlacesFromTheStart()
    {
        ValueFacts facts = new();
        facts.Add(new ValueFacts { Count = 10, MaxAbs = 2, SumSquares = 8 }, 0, sameStart: true);
        facts.Add(new ValueFacts { Count = 10, NotFinite = 2, FirstNotFinite = 4, SumSquares = 1 }, 10, sameStart: false);
        Assert.Equal((20L, 2L, 14L, true), (facts.Count, facts.NotFinite, facts.FirstNotFinite, facts.Varies));
        Assert.Equal(Math.Sqrt(9 / 18.0), facts.Rms, 1e-12);
    }

    private static byte[] Random(DType type, int count, double deviation)
    {
        Random random = new(count);
        byte[] bytes = new byte[count * type.BlockBytes];
        for (int i = 0; i < count; i++)
        {
            double x = deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            byte[] value = type.Name switch
            {
                "F32" => BitConverter.GetBytes((float)x),
                "F64" => BitConverter.GetBytes(x),
                "F16" => BitConverter.GetBytes((Half)x),
                "BF16" => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits((float)x) >> 16)),
                _ => [(byte)random.Next(0x70)],
            };
            value.CopyTo(bytes, i * type.BlockBytes);
        }

        return bytes;
    }
}
