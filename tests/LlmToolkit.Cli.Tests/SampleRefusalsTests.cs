using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Tests;
using LlmToolkit.Tests.Diagnosis;

namespace LlmToolkit.Cli.Tests;

/// <summary>Twenty refusals in full, as a terminal shows them, kept in docs/sample-refusals.md for reading: LLMTK_UPDATE=1 writes it anew.</summary>
public sealed class SampleRefusalsTests
{
    private static readonly string[] s_samples =
    [
        "A01 LFS pointer as safetensors", "A02 login page as GGUF", "A02 JSON error as GGUF", "A03 cut in the data", "A08 ggjt", "A09 unknown tensor type", "A13 tensor count of 2^60",
        "A14 unknown architecture", "A16 projector", "A20 tensor missing", "A22 shape of another model", "A23 more tokens than rows", "A27 part missing", "A29 parts joined with cat",
        "A32 shard missing", "A33 cut in the data", "A38 os.system", "A40 training state alone", "A42 adapter", "A44 GPTQ", "A52 ONNX without its data file", "F08 capitals",
    ];

    [Fact]
    public async Task Refusals_Twenty_AreAsKept()
    {
        StringBuilder page = new("# Sample refusals\n\nWhat `llmtk validate` says of broken inputs, as a terminal of 80 columns shows it. Written by `SampleRefusalsTests`.\n");
        foreach (string name in s_samples)
        {
            FailureCase item = FailureTable.All.Single(c => c.ToString() == name);
            using LlmToolkit.Tests.Loading.TemporaryFolder folder = new();
            string path = item.Make!(folder);
            CommandResult result = await CommandLine.RunAsync("validate", path, "--json");
            string shown = Short(path, folder.Path);
            page.Append(CultureInfo.InvariantCulture, $"\n## {item.Id}: {item.Case}\n\n```text\n$ llmtk validate {(shown.Contains(' ') ? $"'{shown}'" : shown)}\n");
            foreach (Diagnostic finding in Findings(result.Json).OrderByDescending(f => f.Severity >= Severity.High).Take(3))
            {
                Diagnostic local = finding with { Message = Short(finding.Message, folder.Path), File = finding.File is null ? null : Short(finding.File, folder.Path), Evidence = finding.Evidence is null ? null : Short(finding.Evidence, folder.Path), Fixes = [.. finding.Fixes.Select(f => Short(f, folder.Path))] };
                page.Append(new DiagnosticText().Of(local));
                Assert.True(finding.Cause is not null && finding.Fixes.Count > 0, $"{name}: {finding.Code} names no cause or no cure.");
            }

            page.Append(CultureInfo.InvariantCulture, $"$ echo $?\n{result.ExitCode}\n```\n");
            Assert.NotEqual(0, result.ExitCode);
        }

        string file = Path.Combine(SharedData.Repository, "docs", "sample-refusals.md");
        if (Environment.GetEnvironmentVariable("LLMTK_UPDATE") == "1")
        {
            await File.WriteAllTextAsync(file, page.ToString(), TestContext.Current.CancellationToken);
        }

        Assert.True(File.Exists(file) && (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n") == page.ToString(), "docs/sample-refusals.md is not what llmtk says; run the test once with LLMTK_UPDATE=1 and read the difference.");
    }

    private static IEnumerable<Diagnostic> Findings(JsonElement json) =>
        json.TryGetProperty("error", out JsonElement error) ? [Of(error)] : json.GetProperty("findings").EnumerateArray().Select(Of);

    private static Diagnostic Of(JsonElement json) => new()
    {
        Code = json.GetProperty("code").GetString()!,
        Kind = FaultKind.Refused,
        Severity = Enum.Parse<Severity>(json.GetProperty("severity").GetString()!, ignoreCase: true),
        Certainty = Enum.Parse<Certainty>(json.GetProperty("certainty").GetString()!, ignoreCase: true),
        Message = json.GetProperty("message").GetString()!,
        File = json.GetProperty("file").GetString(),
        Evidence = json.GetProperty("evidence").GetString(),
        Cause = json.GetProperty("cause").GetString(),
        Fixes = [.. json.GetProperty("fixes").EnumerateArray().Select(f => f.GetString()!)],
    };

    /// <summary>Without the folder of this run; the folder itself is "model".</summary>
    private static string Short(string text, string folder) =>
        text.Replace(folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Replace(folder, "model", StringComparison.Ordinal).Replace(Path.GetFileName(folder), "model", StringComparison.Ordinal);
}
