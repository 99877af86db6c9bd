using System.Xml.Linq;

namespace LlmToolkit.House.Tests;

/// <summary>Rule 1: who may know whom.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["LlmToolkit.Core"] = [],
        ["LlmToolkit.Formats"] = ["LlmToolkit.Core"],
        ["LlmToolkit.Text"] = ["LlmToolkit.Core"],
        ["LlmToolkit.Engine"] = ["LlmToolkit.Core", "LlmToolkit.Text"],
        ["LlmToolkit"] = ["LlmToolkit.Core", "LlmToolkit.Formats", "LlmToolkit.Text", "LlmToolkit.Engine"],
        ["LlmToolkit.Server"] = ["LlmToolkit"],
        ["LlmToolkit.Testing"] = ["LlmToolkit"],
        ["LlmToolkit.Cli"] = ["LlmToolkit", "LlmToolkit.Server"],
    };

    [Fact]
    public void References_OfEveryProject_AreThoseOfTheHouse()
    {
        string[] projects = [.. Source.Files("src", ".csproj")];
        Assert.Equal(s_allowed.Keys.Order(), projects.Select(p => Path.GetFileNameWithoutExtension(p)!).Order());
        foreach (string project in projects)
        {
            string name = Path.GetFileNameWithoutExtension(project);
            IEnumerable<string> references = Elements(project, "ProjectReference").Select(p => Path.GetFileNameWithoutExtension(p.Replace('\\', '/')));
            Assert.True(references.Order().SequenceEqual(s_allowed[name].Order()), $"{name} references {string.Join(", ", references)}");
        }
    }

    [Fact]
    public void Packages_OfCore_AreOnlyLoggingAbstractions() =>
        Assert.Equal(["Microsoft.Extensions.Logging.Abstractions"], Elements("src/LlmToolkit.Core/LlmToolkit.Core.csproj", "PackageReference"));

    [Fact]
    public void Unsafe_IsAllowed_OnlyWhereTheHouseSaysSo()
    {
        string[] projects = [.. Source.Files("src", ".csproj").Where(p => Source.Read(p).Contains("AllowUnsafeBlocks", StringComparison.Ordinal)).Select(p => Path.GetFileNameWithoutExtension(p)!)];
        Assert.Equal(["LlmToolkit.Core", "LlmToolkit.Engine", "LlmToolkit.Formats"], projects.Order());
        string[] outside = [.. Source.Files("src/LlmToolkit.Formats", ".cs").Where(f => !f.Contains("/Shared/", StringComparison.Ordinal) && Source.Read(f).Contains("unsafe ", StringComparison.Ordinal))];
        Assert.True(outside.Length == 0, $"unsafe outside the memory map: {string.Join(", ", outside)}");
    }

    [Fact]
    public void ExtensionTests_ReferenceThePackageAlone_AndNothingIsOpenedToThem()
    {
        const string project = "tests/LlmToolkit.Extension.Tests/LlmToolkit.Extension.Tests.csproj";
        Assert.Equal(["../../src/LlmToolkit/LlmToolkit.csproj"], Elements(project, "ProjectReference"));
        Assert.Empty(Elements(project, "Compile"));
        Assert.All(Source.Files("src", ".csproj"), p => Assert.DoesNotContain("LlmToolkit.Extension.Tests", Source.Read(p), StringComparison.Ordinal));
    }

    private static IEnumerable<string> Elements(string project, string element) =>
        XDocument.Parse(Source.Read(project)).Descendants(element).Select(e => (string)e.Attribute("Include")!);
}
