namespace LlmToolkit.Core.Tests.Models;

public sealed class MetadataValueTests
{
    /// <summary>Value, then what it is as an integer, a number, a truth and a text; null: it is none.</summary>
    public static TheoryData<object?, long?, double?, bool?, string?> Values => new()
    {
        { true, 1, null, true, null },
        { false, 0, null, false, null },
        { 7L, 7, 7.0, true, null },
        { -1L, -1, -1.0, true, null },
        { 0L, 0, 0.0, false, null },
        { ulong.MaxValue, null, (double)ulong.MaxValue, null, null },
        { 2.0, 2, 2.0, true, null },
        { 2.5, null, 2.5, null, null },
        { 3f, 3, 3.0, true, null },
        { 3.5f, null, 3.5, null, null },
        { double.NaN, null, double.NaN, null, null },
        { 1e300, null, 1e300, null, null },
        { float.PositiveInfinity, null, double.PositiveInfinity, null, null },
        { "5", null, null, null, "5" },
        { "", null, null, null, "" },
        { null, null, null, null, null },
    };

    [Theory, MemberData(nameof(Values))]
    public void TryGet_EachKind_ConvertsOnlyWhatIsExact(object? value, long? integer, double? number, bool? truth, string? text)
    {
        MetadataValue metadata = new("type", value);

        Assert.Equal(integer, metadata.TryGetInt64(out long l) ? l : null);
        Assert.Equal(number, metadata.TryGetDouble(out double d) ? d : null);
        Assert.Equal(truth, metadata.TryGetBool(out bool b) ? b : null);
        Assert.Equal(text, metadata.TryGetString(out string? s) ? s : null);
    }

    [Fact]
    public void TryGetLists_EachKind_ConvertsItsElements()
    {
        Assert.Equal([1.0, 0.0], Doubles(new List<bool> { true, false }));
        Assert.Equal([1.0, 2.0], Doubles(new List<long> { 1, 2 }));
        Assert.Equal([1.5], Doubles(new List<float> { 1.5f }));
        Assert.Equal([1.5], Doubles(new List<double> { 1.5 }));
        Assert.Null(Doubles(new List<string> { "1" }));
        Assert.Equal([1L, 0L], Integers(new List<bool> { true, false }));
        Assert.Equal([3L], Integers(new List<double> { 3 }));
        Assert.Null(Integers(new List<double> { 3.5 }));
        Assert.True(new MetadataValue("array", new MetadataStrings(["a"])).TryGetStrings(out IReadOnlyList<string>? texts));
        Assert.Equal(["a"], texts);

        static IReadOnlyList<double>? Doubles(object list) => new MetadataValue("array", list).TryGetDoubles(out IReadOnlyList<double>? values) ? values : null;
        static IReadOnlyList<long>? Integers(object list) => new MetadataValue("array", list).TryGetInt64s(out IReadOnlyList<long>? values) ? values : null;
    }

    [Fact]
    public void Value_Lazy_IsDecodedOnceAndLate()
    {
        int decoded = 0;
        MetadataValue value = new("array", () => { decoded++; return new List<long> { 1, 2, 3 }; }, "uint32", 3);

        Assert.Equal((0, "uint32", 3L), (decoded, value.Element, value.Count));
        Assert.NotNull(value.Value);
        Assert.Same(value.Value, value.Value);
        Assert.Equal((1, "array[3]"), (decoded, value.ToString()));
    }

    [Theory]
    [InlineData(null, "null")]
    [InlineData(1.5, "1.5")]
    [InlineData("x", "x")]
    [InlineData(true, "True")]
    public void ToString_Scalar_IsInvariant(object? value, string expected) => Assert.Equal(expected, new MetadataValue("t", value).ToString());

    [Fact]
    public void MetadataStrings_NotUtf8_KeepsTheBytes()
    {
        MetadataStrings strings = new(["a", "\uFFFD"], new Dictionary<int, byte[]> { [1] = [0xFF] });

        Assert.Null(strings.Raw(0));
        Assert.Equal([0xFF], strings.Raw(1)!);
        Assert.Equal(2, strings.Count);
    }

    [Theory]
    [InlineData(Verdict.Ok)]
    [InlineData(Verdict.Warnings, Severity.Low, FaultKind.Refused, Severity.Medium, FaultKind.Unsupported)]
    [InlineData(Verdict.Refused, Severity.High, FaultKind.Refused)]
    [InlineData(Verdict.Unsupported, Severity.High, FaultKind.Unsupported, Severity.Low, FaultKind.Refused)]
    [InlineData(Verdict.Refused, Severity.High, FaultKind.Unsupported, Severity.Critical, FaultKind.Refused)]
    public void Verdict_OfFindings_IsTheWorst(Verdict verdict, params object[] findings)
    {
        ValidationReport report = new()
        {
            Path = "p",
            Format = "f",
            Findings = [.. findings.Chunk(2).Select(pair => new Diagnostic { Code = "LT0000", Message = "m", Severity = (Severity)pair[0], Kind = (FaultKind)pair[1] })],
        };

        Assert.Equal(verdict, report.Verdict);
        Assert.Equal(findings.Contains(Severity.Critical), report.HasCriticalErrors);
    }
}
