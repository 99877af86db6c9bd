using System.Text;
using LlmToolkit.Diagnosis;

namespace LlmToolkit.House.Tests.Diagnostics;

/// <summary>Rule 4: codes are unique, lie in their folder's range, say what to do, and stand in the catalogue and in docs/errors as the sources say them.</summary>
public sealed class ErrorCatalogTests
{
    private const string Catalog = "src/LlmToolkit/Diagnosis/catalog.json";

    /// <summary>The first code of each range and what it is for; the ranges of the brief to whoever adds an error.</summary>
    private static readonly (int First, int Last, string[] Areas)[] s_ranges =
    [
        (1000, 1099, ["Gguf"]), (1100, 1199, ["Safetensors"]), (1200, 1299, ["PyTorch"]), (1300, 1399, ["HuggingFace"]), (1400, 1499, ["Foreign", "Onnx"]), (1500, 1599, ["File", "System"]),
        (2000, 2199, ["Loading"]), (2200, 2299, ["Check"]), (2400, 2419, ["Configuration"]), (3000, 3099, ["Tokenizer"]), (3100, 3199, ["Template"]), (3200, 3299, ["Generation", "Embedding", "Chat"]),
        (4000, 4099, ["Engine"]), (4100, 4199, ["Routing"]), (4200, 4299, ["Native"]), (5000, 5199, ["Engine", "System", "Device"]), (6000, 6999, ["Network", "Hub", "Cache", "Selection", "LocalStore", "Head"]), (7000, 7999, ["Server"]), (8000, 8999, ["Cli"]), (9000, 9999, ["Unexpected"]),
    ];

    [Fact]
    public void Codes_OfTheSources_AreUniqueCompleteAndDocumented()
    {
        ErrorSamples samples = new();
        (SortedDictionary<string, ErrorEntry> entries, List<string> faults) = ErrorFactories.Read(samples);
        faults.AddRange(entries.Values.Where(e => e.Fixes.Count == 0).Select(e => $"{e.Code} ({e.Area}) says nothing to do"));
        faults.AddRange(entries.Values.Where(e => e.Causes.Count == 0 && e.Category != ErrorCategory.Usage).Select(e => $"{e.Code} ({e.Area}) names no cause"));
        faults.AddRange(entries.Values.Where(e => e.Example.Length == 0 || e.Title.Length == 0).Select(e => $"{e.Code} ({e.Area}) has no message"));
        Assert.True(faults.Count == 0, string.Join("\n", faults));

        Source.MustEqual(Catalog, ErrorCatalogFile.Write(entries.Values));
        foreach (ErrorEntry entry in entries.Values)
        {
            Source.MustEqual($"docs/errors/{entry.Code}.md", Page(entry));
        }

        Source.MustEqual("docs/errors/README.md", Index(entries.Values));
        string[] stale = [.. Directory.GetFiles(Path.Combine(Source.Root, "docs", "errors"), "LT*.md").Select(f => Path.GetFileNameWithoutExtension(f)!).Where(c => !entries.ContainsKey(c))];
        if (Environment.GetEnvironmentVariable("LLMTK_UPDATE") == "1")
        {
            Array.ForEach(stale, c => File.Delete(Path.Combine(Source.Root, "docs", "errors", c + ".md")));
        }
        else
        {
            Assert.True(stale.Length == 0, $"pages without a code: {string.Join(", ", stale)}");
        }
    }

    [Fact]
    public void Codes_OfTheCatalogue_LieInTheRangeOfTheirFolder()
    {
        string[] outside = [.. ErrorCatalog.All.Where(e => !s_ranges.Any(r => int.Parse(e.Code[2..]) is int n && n >= r.First && n <= r.Last)).Select(e => $"{e.Code} ({e.Area})")];
        Assert.True(outside.Length == 0, string.Join(", ", outside));
        string[] foreign = [.. ErrorCatalog.All.Where(e => e.Area.EndsWith("Fit", StringComparison.Ordinal) is false && !s_ranges.Single(r => int.Parse(e.Code[2..]) is int n && n >= r.First && n <= r.Last).Areas.Any(a => e.Area.StartsWith(a, StringComparison.Ordinal) || e.Area is "Usage" or "BackendRouter")).Select(e => $"{e.Code} ({e.Area})")];
        Assert.True(foreign.Length == 0, string.Join(", ", foreign));
    }

    private static string Index(IEnumerable<ErrorEntry> entries)
    {
        StringBuilder page = new("# Error codes\n\nEvery error of LLM Toolkit has a code; `llmtk explain CODE` shows the same text offline. Generated from the sources.\n");
        foreach (IGrouping<string, ErrorEntry> range in entries.GroupBy(e => ErrorCatalog.RangeOf(e.Code)))
        {
            page.Append("\n## ").Append(range.Key).Append("\n\n| code | what | category | severity |\n| --- | --- | --- | --- |\n");
            foreach (ErrorEntry entry in range)
            {
                page.Append("| [").Append(entry.Code).Append("](").Append(entry.Code).Append(".md) | ").Append(entry.Title.Replace("|", "\\|", StringComparison.Ordinal)).Append(" | ").Append(Lower(entry.Category)).Append(" | ").Append(Lower(entry.Severity)).Append(" |\n");
            }
        }

        return page.ToString();
    }

    private static string Page(ErrorEntry entry)
    {
        StringBuilder page = new();
        page.Append("# ").Append(entry.Code).Append(": ").Append(entry.Title).Append("\n\n");
        page.Append("Area `").Append(entry.Area).Append("` · category `").Append(Lower(entry.Category)).Append("` · severity `").Append(Lower(entry.Severity)).Append("` · exit code ").Append((int)entry.Kind).Append(" (").Append(Lower(entry.Kind)).Append(")\n\n");
        page.Append("Example:\n\n```text\nerror ").Append(entry.Code).Append(": ").Append(entry.Example).Append("\n```\n");
        if (entry.Evidence is not null)
        {
            page.Append("\nEvidence shown, for example: `").Append(entry.Evidence.Replace('`', '\'')).Append("`\n");
        }

        if (entry.Causes.Count > 0)
        {
            page.Append("\nCause (").Append(Lower(entry.Certainty)).Append("):\n\n");
            foreach (string cause in entry.Causes)
            {
                page.Append("- ").Append(cause).Append('\n');
            }
        }

        page.Append("\nWhat to do, the likeliest first:\n\n");
        for (int i = 0; i < entry.Fixes.Count; i++)
        {
            page.Append(System.Globalization.CultureInfo.InvariantCulture, $"{i + 1}. {entry.Fixes[i]}\n");
        }

        return page.ToString();
    }

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
