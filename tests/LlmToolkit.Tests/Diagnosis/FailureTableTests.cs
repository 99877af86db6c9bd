using System.Text;
using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>Failures of the field, made anew: the code and the first fix that users get. docs/failures.md is written from the same run.</summary>
public sealed class FailureTableTests
{
    private const double CodesRight = 0.98;
    private const double FixesRight = 0.95;

    [Fact]
    public async Task Failures_OfTheField_AreNamedAndCured()
    {
        Assert.Equal(FailureTable.All.Count, FailureTable.All.Select(c => (c.Id, c.Case, c.Elsewhere)).Distinct().Count());
        List<(FailureCase Case, Diagnostic? Found, string Where)> results = [];
        foreach (FailureCase item in FailureTable.All)
        {
            using TemporaryFolder folder = new();
            results.Add((item, await RunAsync(item, folder), folder.Path));
        }

        List<string> wrongCodes = [.. results.Where(r => r.Found?.Code != r.Case.Code).Select(r => $"{r.Case}: {r.Found?.Code ?? "nothing"} instead of {r.Case.Code}: {r.Found?.Message}")];
        List<string> wrongFixes = [.. results.Where(r => r.Found is not null && (r.Found.Fixes.Count == 0 || !First(r.Found).Contains(r.Case.Fix, StringComparison.OrdinalIgnoreCase))).Select(r => $"{r.Case}: \"{First(r.Found)}\" lacks \"{r.Case.Fix}\"")];
        List<string> silent = [.. results.Where(r => r.Case.Says is string says && r.Found is { } d && !$"{d.Message} {d.Evidence} {d.Cause}".Contains(says, StringComparison.Ordinal)).Select(r => $"{r.Case}: \"{r.Found!.Message}\" does not say \"{r.Case.Says}\"")];
        string report = string.Join("\n", ["wrong codes:", .. wrongCodes, "wrong first fixes:", .. wrongFixes, "what is not said:", .. silent]);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        int count = results.Count;
        Assert.True(wrongCodes.Count <= (1 - CodesRight) * count && wrongFixes.Count + silent.Count <= (1 - FixesRight) * count, report);
        Page(results.Select(r => (r.Case, r.Found, r.Where)), count - wrongCodes.Count, count - wrongFixes.Count);
    }

    private static async Task<Diagnostic?> RunAsync(FailureCase item, TemporaryFolder folder)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        if (item.Make is null && item.Do is null)
        {
            return new ErrorReporter().Explain(item.Context?.Output ?? item.Elsewhere, item.Context);
        }

        string path = item.Make?.Invoke(folder) ?? "";
        if (item.Do is not null)
        {
            return await item.Do(path, cancellation);
        }

        ModelLoader loader = new();
        Diagnostic? found;
        try
        {
            // What refuses comes before what warns.
            found = (await loader.ValidateAsync(path, cancellationToken: cancellation)).Findings.OrderByDescending(f => f.Severity >= Severity.High).FirstOrDefault();
        }
        catch (ModelException e)
        {
            found = e.Diagnostic;
        }

        LoadResult loaded = await loader.TryLoadAsync(path, cancellationToken: cancellation);
        if (loaded.Model is not null)
        {
            await loaded.Model.DisposeAsync();
            found = item.MayLoad ? found : null;
        }

        return found ?? loaded.Error;
    }

    private static void Page(IEnumerable<(FailureCase Case, Diagnostic? Found, string Where)> results, int codes, int fixes)
    {
        StringBuilder page = new("""
            # Failures of the field

            What goes wrong when people load models, made anew in a test, and what LLM Toolkit says. Written by `FailureTableTests`; `LLMTK_UPDATE=1` writes it again.

            | | failure | elsewhere | code | first line | first fix |
            | --- | --- | --- | --- | --- | --- |

            """.ReplaceLineEndings("\n"));
        int count = 0;
        foreach ((FailureCase item, Diagnostic? found, string where) in results)
        {
            count++;
            page.Append("| ").Append(item.Id).Append(" | ").Append(Cell(item.Case, where)).Append(" | ").Append(Cell(item.Elsewhere.Split('\n')[0], where)).Append(" | ").Append(found is null ? "" : $"[{found.Code}](errors/{found.Code}.md)")
                .Append(" | ").Append(Cell(found?.Message ?? "", where)).Append(" | ").Append(Cell(First(found), where)).Append(" |\n");
        }

        page.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n{count} cases: the code is right in {codes}, the first fix in {fixes}.\n");
        string path = Path.Combine(SharedData.Repository, "docs", "failures.md");
        if (Environment.GetEnvironmentVariable("LLMTK_UPDATE") == "1")
        {
            File.WriteAllText(path, page.ToString());
        }

        Assert.True(File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == page.ToString(), "docs/failures.md is not what the test says; run it once with LLMTK_UPDATE=1 and review the difference.");
    }

    private static string First(Diagnostic? found) => found is { Fixes: [string fix, ..] } ? fix : "";

    /// <summary>A table's cell: one line, no bar, no folder of this run.</summary>
    private static string Cell(string text, string where)
    {
        string shown = text.Replace(where + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Replace(where, "folder", StringComparison.Ordinal).Replace(Path.GetFileName(where), "folder", StringComparison.Ordinal).Replace(SharedData.Repository, "", StringComparison.Ordinal)
            .ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
        return shown.Length > 220 ? shown[..220] + "…" : shown;
    }
}
