using LlmToolkit.Cli.Rendering;
using LlmToolkit.Diagnosis;

namespace LlmToolkit.Cli.Tests.Rendering;

/// <summary>Errors on a terminal: twelve lines of eighty columns, nothing that a terminal would obey.</summary>
public sealed class DiagnosticTextTests
{
    public static TheoryData<string> Codes => [.. ErrorCatalog.All.Select(e => e.Code)];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Of_EveryCode_FitsTwelveLinesOfEighty(string code)
    {
        ErrorEntry entry = ErrorCatalog.Find(code)!;
        Diagnostic diagnostic = entry.ToDiagnostic(entry.Example, Certainty.Possible) with { Evidence = entry.Evidence ?? "evidence", File = "/home/someone/.cache/huggingface/hub/models--owner--name/snapshots/0123456789abcdef0123456789abcdef01234567/model-00001-of-00009.safetensors" };

        string[] lines = new DiagnosticText().Of(diagnostic).TrimEnd('\n').Split('\n');

        Assert.True(lines.Length <= DiagnosticText.MostLines, string.Join("\n", lines));
        Assert.All(lines, l => Assert.True(l.Length <= DiagnosticText.Width, l));
        Assert.Contains(lines, l => l.StartsWith("  try: ", StringComparison.Ordinal));
        Assert.Equal($"  more: llmtk explain {code}", lines[^1]);
    }

    [Fact]
    public void Of_LongestTexts_KeepsTheFirstFix()
    {
        string flood = string.Join(' ', Enumerable.Repeat("unbelievably long explanation", 400));
        Diagnostic diagnostic = new() { Code = "LT1000", Message = flood, Kind = FaultKind.Refused, Evidence = new string('x', 100_000), Cause = flood, File = new string('/', 5000), Fixes = [flood, flood, flood, flood] };

        string[] lines = new DiagnosticText().Of(diagnostic).TrimEnd('\n').Split('\n');

        Assert.True(lines.Length <= DiagnosticText.MostLines, string.Join("\n", lines));
        Assert.All(lines, l => Assert.True(l.Length <= DiagnosticText.Width, l));
        Assert.Contains(lines, l => l.StartsWith("  try: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_ControlCharacters_AreEscaped()
    {
        Diagnostic diagnostic = new() { Code = "LT1000", Message = "a\u001b[2Jb\r\nc\u202Ed", Kind = FaultKind.Refused, Evidence = "\u0007\u009b31m", File = "m\u001b]0;x\u0007.gguf", Fixes = ["x\by"] };

        foreach (bool verbose in (bool[])[false, true])
        {
            string text = new DiagnosticText { Verbose = verbose }.Of(diagnostic);
            Assert.DoesNotContain(text, c => char.IsControl(c) && c != '\n');
            Assert.DoesNotContain('\u202E', text);
            Assert.Contains("\\u001b", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Of_Colour_OnlyWhereAskedFor()
    {
        Diagnostic diagnostic = new() { Code = "LT1000", Message = "m", Kind = FaultKind.Refused, Fixes = ["f"] };

        Assert.DoesNotContain('\e', new DiagnosticText().Of(diagnostic));
        string coloured = new DiagnosticText { Color = true }.Of(diagnostic);
        Assert.Contains("\e[31merror LT1000:\e[0m m\n", coloured, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_Verbose_SaysEverything()
    {
        Diagnostic diagnostic = new() { Code = "LT1000", Message = "m", Kind = FaultKind.Refused, Field = "key", Stops = [LoadStop.Open], Fixes = ["1st", "2nd", "3rd", "4th", "5th"], Evidence = new string('e', 400) };

        string text = new DiagnosticText { Verbose = true }.Of(diagnostic);

        Assert.All((string[])["5th", "field: key", "stops: open", "severity: high"], t => Assert.Contains(t, text, StringComparison.Ordinal));
        Assert.Equal(400, text.Count(c => c == 'e') - text.Replace(new string('e', 400), "", StringComparison.Ordinal).Count(c => c == 'e'));
    }
}
