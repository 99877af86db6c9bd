using System.Text.RegularExpressions;
using LlmToolkit.Tests;

namespace LlmToolkit.Engine.Tests.Docs;

/// <summary>The code that the contributor's guides show is the code that these tests compile and run.</summary>
public sealed partial class DocumentTests
{
    [Theory]
    [InlineData("docs/adding-an-architecture.md")]
    [InlineData("docs/adding-a-quantization.md")]
    public void CodeBlock_NamedAfterAFile_EqualsTheFile(string document)
    {
        string path = Path.Combine(SharedData.Repository, document);
        string text = Read(path);
        Assert.True(Block().IsMatch(text), $"{document} shows no file.");
        string expected = Block().Replace(text, match => $"<!-- file: {match.Groups["file"].Value} -->\n```csharp\n{Read(Path.Combine(SharedData.Repository, match.Groups["file"].Value)).TrimEnd('\n')}\n```");
        if (Environment.GetEnvironmentVariable("LLMTK_UPDATE") == "1")
        {
            File.WriteAllText(path, expected);
            return;
        }

        Assert.True(text == expected, $"{document} does not show its file as it is; run this test once with LLMTK_UPDATE=1.");
    }

    [Theory]
    [InlineData("docs/adding-an-architecture.md")]
    [InlineData("docs/adding-a-quantization.md")]
    public void Places_ThatAContributorTouches_Exist(string document)
    {
        string[] missing = [.. Place().Matches(Read(Path.Combine(SharedData.Repository, document))).Select(m => m.Groups["path"].Value)
            .Where(p => !p.Contains('<', StringComparison.Ordinal) && !Path.Exists(Path.Combine(SharedData.Repository, p)))];
        Assert.True(missing.Length == 0, $"{document} names {string.Join(", ", missing)}");
    }

    private static string Read(string path) => File.ReadAllText(path).ReplaceLineEndings("\n");

    [GeneratedRegex("<!-- file: (?<file>[^ ]+) -->\n```csharp\n.*?\n?```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("`(?<path>(src|tests|docs|benchmarks)/[^` ]+)`")]
    private static partial Regex Place();
}
