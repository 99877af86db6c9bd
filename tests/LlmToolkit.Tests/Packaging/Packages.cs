using System.IO.Compression;
using System.Xml.Linq;
using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Packaging;

/// <summary>The library packages, packed once from what is built.</summary>
public sealed class Packages : IAsyncLifetime
{
    /// <summary>What the test project references, so that it is built whenever the tests are.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["LlmToolkit.Core", "LlmToolkit.Formats", "LlmToolkit.Text", "LlmToolkit.Engine", "LlmToolkit", "LlmToolkit.Testing"];

    private readonly TemporaryFolder _folder = new();

    /// <summary>Where the packages are.</summary>
    public string Folder => _folder.Path;

    /// <summary>The configuration that is under test.</summary>
    public static string Configuration => AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar).Contains("Debug") ? "Debug" : "Release";

    /// <summary>Packs what is built.</summary>
    public async ValueTask InitializeAsync() =>
        await PackAsync(SharedData.Repository, Folder, Names, $"Configuration={Configuration};NoBuild=true");

    /// <summary>Deletes the packages.</summary>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Packs projects of a tree in one process.</summary>
    internal static async Task PackAsync(string root, string output, IEnumerable<string> names, string properties)
    {
        using TemporaryFolder work = new();
        string projects = string.Join(';', names.Select(n => Path.Combine(root, "src", n, n + ".csproj")));
        string restore = properties.Contains("NoBuild", StringComparison.Ordinal) ? "" : $"""<MSBuild Projects="{projects}" Targets="Restore" Properties="{properties};Once=restore" />""";
        string all = work.File("pack.proj", $"""
            <Project>
              <Target Name="Pack">
                {restore}
                <MSBuild Projects="{projects}" Targets="Pack" Properties="{properties};PackageOutputPath={output}" />
              </Target>
            </Project>
            """);
        await DotNet.RunAsync(work.Path, new Dictionary<string, string>(), "msbuild", all, "-t:Pack", "-nologo", "-verbosity:quiet", "-nodeReuse:false", "-p:UseSharedCompilation=false");
    }

    /// <summary>The package of that name.</summary>
    internal ZipArchive Open(string name, string ending = ".nupkg") => OpenIn(Folder, name, ending);

    /// <summary>The package of that name in a folder.</summary>
    internal static ZipArchive OpenIn(string folder, string name, string ending = ".nupkg") =>
        ZipFile.OpenRead(Assert.Single(Directory.GetFiles(folder, $"{name}.*{ending}"), f => char.IsAsciiDigit(Path.GetFileName(f)[name.Length + 1])));

    /// <summary>The <c>metadata</c> of a package.</summary>
    internal static XElement Metadata(ZipArchive package)
    {
        using Stream stream = package.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(stream).Root!.Elements().Single(e => e.Name.LocalName == "metadata");
    }

    /// <summary>The bytes of an entry.</summary>
    internal static byte[] Bytes(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
