using System.Text;

namespace LlmToolkit.House.Tests;

/// <summary>Rule 6: the README's examples are the tested ones, its tables are what the code says.</summary>
public sealed class ReadmeTests
{
    // One test: all sections are of one file, and tests of a class must not write it side by side.
    [Fact]
    public void Sections_OfReadme_AreTheCodes()
    {
        Source.SectionMustEqual("README.md", "formats", Table(ToolkitCatalog.Formats(new ToolkitRegistry())));
        Source.SectionMustEqual("README.md", "architectures", Table(ToolkitCatalog.Architectures));
        Source.SectionMustEqual("README.md", "quantizations", Table(ToolkitCatalog.Quantizations));
        string tests = Source.Read("tests/LlmToolkit.Tests/Readme/ReadmeExamples.cs");
        foreach (string name in (string[])["load", "chat", "hosting", "path", "fakehub"])
        {
            Source.SectionMustEqual("README.md", "example " + name, "```csharp\n" + Example(tests, name) + "\n```");
        }
    }

    private static string Example(string source, string name)
    {
        string begin = $"// example {name}\n";
        int from = source.IndexOf(begin, StringComparison.Ordinal);
        Assert.True(from >= 0, $"There is no example {name}.");
        from += begin.Length;
        string[] lines = source[from..source.IndexOf("// example end", from, StringComparison.Ordinal)].TrimEnd().Split('\n');
        int indent = lines.Where(l => l.Trim().Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return string.Join('\n', lines.Select(l => l.Length > indent ? l[indent..] : ""));
    }

    private static string Table(IEnumerable<CatalogRow> rows)
    {
        StringBuilder text = new();
        foreach (CatalogRow row in rows)
        {
            if (text.Length == 0)
            {
                text.Append("| ").AppendJoin(" | ", row.Facts.Keys).Append(" |\n|").AppendJoin("|", row.Facts.Keys.Select(_ => " --- ")).Append("|\n");
            }

            text.Append("| ").AppendJoin(" | ", row.Facts.Keys.Select(row.Text)).Append(" |\n");
        }

        return text.ToString();
    }
}
