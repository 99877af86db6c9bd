using LlmToolkit.Engine;
using LlmToolkit.Formats;

namespace LlmToolkit.House.Tests;

/// <summary>Rules 2, 3, 5 and 8: folders, lists and long files.</summary>
public sealed class FolderTests
{
    private static readonly string[] s_shared = ["HuggingFace", "Foreign", "Shared"];

    [Fact]
    public void FormatFolders_HaveTheSameParts_AndALineInTheList()
    {
        string root = Path.Combine(Source.Root, "src", "LlmToolkit.Formats");
        string list = Source.Read("src/LlmToolkit.Formats/DefaultFormats.cs");
        foreach (string folder in Directory.GetDirectories(root).Where(d => Path.GetFileName(d) is not ("bin" or "obj") && !s_shared.Contains(Path.GetFileName(d))))
        {
            string name = Path.GetFileName(folder);
            foreach (string suffix in (string[])["Format", "Container", "Header", "Errors"])
            {
                Assert.True(File.Exists(Path.Combine(folder, name + suffix + ".cs")), $"Formats/{name}/{name}{suffix}.cs is missing.");
            }

            Assert.True(File.Exists(Path.Combine(folder, "README.md")), $"Formats/{name}/README.md is missing.");
            Assert.Contains($"new {name}Format(", list, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Formats_InTheList_HaveUniqueLowerCaseNames()
    {
        string[] names = [.. DefaultFormats.All.Select(f => f.Name)];
        Assert.Equal(names.Distinct(), names);
        Assert.All(names, n => Assert.Equal(n.ToLowerInvariant(), n));
    }

    [Fact]
    public void DTypes_All_HaveAQuantOrAreStorageOnly()
    {
        string[] missing = [.. DTypes.All.Where(t => !t.StorageOnly && DefaultQuants.Find(t) is null).Select(t => t.Name)];
        Assert.True(missing.Length == 0, $"types without a quant: {string.Join(", ", missing)}");
        Assert.All(DefaultQuants.All, q => Assert.Contains(q.DType, DTypes.All));
    }

    [Fact]
    public void Quants_All_HaveAFileAndABenchmarkRow()
    {
        foreach (Engine.Quants.Quant quant in DefaultQuants.All)
        {
            Assert.True(File.Exists(Path.Combine(Source.Root, "src/LlmToolkit.Engine/Quants", quant.DType.Name + ".cs")), $"Quants/{quant.DType.Name}.cs is missing.");
        }

        Assert.Contains("DefaultQuants.All", Source.Read("benchmarks/LlmToolkit.Benchmarks/Quants/RowDotBench.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void LongFiles_AreListedWithTheirReason()
    {
        string[] listed = [.. Source.Read("tests/LlmToolkit.House.Tests/long-files.txt").Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith('#'))];
        Assert.All(listed, l => Assert.True(l.Split(": ", 2).Length == 2, $"\"{l}\" gives no reason."));
        HashSet<string> known = [.. listed.Select(l => l.Split(": ", 2)[0])];
        string[] missing = [.. Source.Files("src", ".cs").Where(f => Source.Read(f).Count(c => c == '\n') > 400 && !known.Contains(f))];
        Assert.True(missing.Length == 0, $"over 400 lines and not listed in long-files.txt: {string.Join(", ", missing)}");
        string[] stale = [.. known.Where(f => !File.Exists(Path.Combine(Source.Root, f)) || Source.Read(f).Count(c => c == '\n') <= 400)];
        Assert.True(stale.Length == 0, $"listed but no longer long: {string.Join(", ", stale)}");
    }

    [Fact]
    public void SessionCode_NamesNoArchitecture()
    {
        string[] names = [.. DefaultArchitectures.All.SelectMany(a => a.GgufNames.Concat(a.HuggingFaceNames)).Distinct()];
        IEnumerable<string> files = Source.Files("src/LlmToolkit.Engine/Model", ".cs").Concat(Source.Files("src/LlmToolkit.Engine/Kernels", ".cs")).Concat(Source.Files("src/LlmToolkit.Engine/KvCache", ".cs")).Concat(Source.Files("src/LlmToolkit.Text/Generation", ".cs"));
        foreach (string file in files)
        {
            // Comments may cite llama.cpp; code may not branch on a name.
            string code = string.Join('\n', Source.Read(file).Split('\n').Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal)));
            Assert.DoesNotContain(names, n => code.Contains('"' + n + '"', StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public void Names_OfTypes_AreTheFieldsOwn()
    {
        string[] banned = ["Enhanced", "Manager", "Helper", "Utils", "Universal", "Smart"];
        string[] bad = [.. Source.Files("src", ".cs").Where(f => banned.Any(b => Path.GetFileNameWithoutExtension(f).Contains(b, StringComparison.Ordinal)))];
        Assert.True(bad.Length == 0, string.Join(", ", bad));
    }

    [Fact]
    public void Code_LeavesNothingUndone()
    {
        string[] bad = [.. Source.Files("src", ".cs").Where(f => Source.Read(f) is string text && (text.Contains("TODO", StringComparison.Ordinal) || text.Contains("FIXME", StringComparison.Ordinal) || text.Contains("NotImplementedException", StringComparison.Ordinal)))];
        Assert.True(bad.Length == 0, string.Join(", ", bad));
    }
}
