using LlmToolkit.Tests;

namespace LlmToolkit.House.Tests;

/// <summary>The source files of the repository, and files that tests keep equal to what they generate.</summary>
internal static class Source
{
    public static string Root => SharedData.Repository;

    /// <summary>Files of src/ with that ending, as paths from the root with forward slashes.</summary>
    public static IEnumerable<string> Files(string folder, string ending) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*" + ending, SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
            .Where(f => !f.Split('/').Any(p => p is "bin" or "obj"))
            .Order(StringComparer.Ordinal);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    /// <summary>Fails when a generated file differs; with LLMTK_UPDATE=1 writes it instead.</summary>
    public static void MustEqual(string path, string expected)
    {
        string full = Path.Combine(Root, path);
        expected = expected.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("LLMTK_UPDATE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, expected);
            return;
        }

        Assert.True(File.Exists(full), $"{path} is missing; run the tests once with LLMTK_UPDATE=1 and review it.");
        Assert.True(Read(path) == expected, $"{path} is not what the code says; run the tests once with LLMTK_UPDATE=1 and review the difference.");
    }

    /// <summary>Replaces what stands between two marker lines of a file and compares it as a whole.</summary>
    public static void SectionMustEqual(string path, string name, string content)
    {
        string text = Read(path);
        string begin = $"<!-- {name}: generated -->";
        string end = $"<!-- {name}: end -->";
        int from = text.IndexOf(begin, StringComparison.Ordinal);
        int to = text.IndexOf(end, StringComparison.Ordinal);
        Assert.True(from >= 0 && to > from, $"{path} has no section {name}.");
        MustEqual(path, text[..(from + begin.Length)] + "\n" + content.Trim('\n') + "\n" + text[to..]);
    }
}
