using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text;
using System.Xml.Linq;
using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Packaging;

/// <summary>What would be published is fit for it: complete, the same wherever it is built, and usable by a project that knows nothing of this repository.</summary>
/// <remarks>Slow: half a minute for restores, compilations and packing in processes of their own.</remarks>
[Trait("Speed", "slow")]
public sealed class PackageTests(Packages packages) : IClassFixture<Packages>
{
    private const string Prompt = "Once upon a time";
    private const int Tokens = 24;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [.. Packages.Names];

    [Theory, MemberData(nameof(Names))]
    public void Package_Library_HasEverythingThatAReaderOfNuGetLooksFor(string name)
    {
        using ZipArchive package = packages.Open(name);
        XElement metadata = Packages.Metadata(package);
        string[] files = [.. package.Entries.Select(e => e.FullName)];

        Assert.Equal(name, Value("id"));
        Assert.Equal(("MIT", "expression"), (Value("license"), (string?)Element("license")!.Attribute("type")));
        Assert.Equal("README.md", Value("readme"));
        Assert.False(string.IsNullOrWhiteSpace(Value("description")));
        Assert.False(string.IsNullOrWhiteSpace(Value("authors")));
        Assert.Contains("README.md", files);
        Assert.Contains($"lib/net10.0/{name}.dll", files);
        Assert.Contains($"lib/net10.0/{name}.xml", files);
        Assert.All(files, f => Assert.True(f.StartsWith("lib/net10.0/", StringComparison.Ordinal) || !f.EndsWith(".dll", StringComparison.Ordinal), f));

        using ZipArchive symbols = packages.Open(name, ".snupkg");
        Assert.Contains($"lib/net10.0/{name}.pdb", symbols.Entries.Select(e => e.FullName));

        XElement? Element(string field) => metadata.Elements().SingleOrDefault(e => e.Name.LocalName == field);
        string? Value(string field) => Element(field)?.Value;
    }

    [Theory, MemberData(nameof(Names))]
    public void Package_Binaries_NameNoFolderOfThisMachine(string name)
    {
        string[] folders = [.. new[] { SharedData.Repository, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) }
            .Select(f => f.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar).Where(f => f.Length > 2)];
        List<string> found = [];
        foreach (string ending in (string[])[".nupkg", ".snupkg"])
        {
            using ZipArchive package = packages.Open(name, ending);
            foreach (ZipArchiveEntry entry in package.Entries)
            {
                byte[] bytes = Packages.Bytes(entry);
                found.AddRange(folders.Where(f => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(f)) >= 0 || bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(f)) >= 0).Select(f => $"{entry.FullName}: {f}"));
            }
        }

        // The names of source files are stored in pieces, which a search for bytes does not see.
        using ZipArchive symbols = packages.Open(name, ".snupkg");
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(Packages.Bytes(symbols.GetEntry($"lib/net10.0/{name}.pdb")!)));
        MetadataReader reader = provider.GetMetadataReader();
        string[] sources = [.. reader.Documents.Select(d => reader.GetString(reader.GetDocument(d).Name))];
        Assert.NotEmpty(sources);
        found.AddRange(sources.Where(s => !s.StartsWith("/_/", StringComparison.Ordinal)));

        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [Fact]
    public async Task Package_BuiltTwiceInDifferentFolders_HasTheSameBytes()
    {
        // The settings are the same for all: the smallest stands for them.
        string[] names = ["LlmToolkit.Core"];
        using TemporaryFolder first = new();
        using TemporaryFolder second = new();
        foreach ((TemporaryFolder folder, string inner) in (ReadOnlySpan<(TemporaryFolder, string)>)[(first, "a"), (second, "another/place")])
        {
            CopySources(Path.Combine(folder.Path, inner), names);
        }

        await Task.WhenAll(Pack(first, "a"), Pack(second, "another/place"));

        foreach (string name in names)
        {
            foreach ((string ending, string file) in new[] { (".nupkg", ".dll"), (".nupkg", ".xml"), (".snupkg", ".pdb") })
            {
                using ZipArchive one = Packages.OpenIn(first.Path, name, ending);
                using ZipArchive other = Packages.OpenIn(second.Path, name, ending);
                Assert.True(Content(one).AsSpan().SequenceEqual(Content(other)), $"{name}{file} depends on the folder it is built in, or on the time.");

                byte[] Content(ZipArchive package) => Packages.Bytes(package.GetEntry($"lib/net10.0/{name}{file}")!);
            }
        }

        Task Pack(TemporaryFolder folder, string inner) => Packages.PackAsync(Path.Combine(folder.Path, inner), folder.Path, names, "Configuration=Release;RunAnalyzers=false");
    }

    [Fact]
    public async Task Consumer_OfThePackages_LoadsAModelAndContinuesAText()
    {
        using TemporaryFolder folder = new();
        string project = WriteConsumer(folder);
        string renamed = Rename(folder);
        Dictionary<string, string> environment = new() { ["NUGET_PACKAGES"] = Path.Combine(folder.Path, "cache") };

        await DotNet.RunAsync(folder.Path, environment, "build", project, "-c", "Release", "-nologo", "-v:quiet", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:NuGetAudit=false");
        string output = await DotNet.RunAsync(folder.Path, environment, Path.Combine(folder.Path, "bin", "Release", "net10.0", "Consumer.dll"), TemporaryFolder.PackedModel, renamed);

        string expected = await ContinueAsync();
        Assert.Equal([expected, expected], output.ReplaceLineEndings("\n").TrimEnd('\n').Split("\n--\n"));
    }

    /// <summary>The sources of some projects and what lies at the root: what a clone has, without what a build adds.</summary>
    private static void CopySources(string target, IEnumerable<string> names)
    {
        string[] root = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", ".editorconfig", "README.md"];
        IEnumerable<string> sources = names.SelectMany(n => Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "src", n), "*", SearchOption.AllDirectories))
            .Select(f => Path.GetRelativePath(SharedData.Repository, f)).Where(f => !f.Split(Path.DirectorySeparatorChar).Any(p => p is "bin" or "obj"));
        foreach (string file in root.Concat(sources))
        {
            string copy = Path.Combine(target, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(SharedData.Repository, file), copy);
        }
    }

    /// <summary>A project that has seen nothing of this repository but its packages. It also brings an architecture of its own: another name for a known one.</summary>
    private string WriteConsumer(TemporaryFolder folder)
    {
        using ZipArchive package = packages.Open("LlmToolkit");
        string version = Packages.Metadata(package).Elements().Single(e => e.Name.LocalName == "version").Value;
        string machine = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named ? named : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

        // What this machine has downloaded is a source too, so that little is downloaded again; but never for our own packages.
        bool safe = Directory.Exists(machine) && !Directory.EnumerateDirectories(machine, "llmtoolkit*").Any();
        folder.File("nuget.config", $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{packages.Folder}" />
                {(safe ? $"""<add key="downloaded" value="{machine}" />""" : "")}
              </packageSources>
            </configuration>
            """);
        folder.File("Directory.Build.props", "<Project />");
        folder.File("Directory.Build.targets", "<Project />");
        folder.File("Directory.Packages.props", "<Project />");
        folder.File("Program.cs", $$"""
            using LlmToolkit;
            using LlmToolkit.Engine;

            ToolkitRegistry registry = new();
            Architecture llama = Architecture.BuiltIn.First(a => a.GgufNames.Contains("llama"));
            registry.Architectures.Add(Architecture.Like(llama, ["fable"], []));
            ModelLoader loader = new(registry);
            for (int i = 0; i < args.Length; i++)
            {
                await using ILanguageModel model = await loader.LoadAsync(args[i]);
                Console.Write(i == 0 ? "" : "\n--\n");
                await foreach (TextChunk chunk in model.GenerateAsync("{{Prompt}}", new GenerateOptions { Temperature = 0, MaxTokens = {{Tokens}} }))
                {
                    Console.Write(chunk.Text);
                }
            }
            """);
        return folder.File("Consumer.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="LlmToolkit" Version="[{version}]" />
              </ItemGroup>
            </Project>
            """);
    }

    /// <summary>The packed model under an architecture's name that nobody knows; <c>fable</c> has as many letters as <c>llama</c>.</summary>
    private static string Rename(TemporaryFolder folder)
    {
        byte[] bytes = File.ReadAllBytes(TemporaryFolder.PackedModel);
        int name = bytes.AsSpan().IndexOf("general.architecture"u8) + "general.architecture".Length + sizeof(uint) + sizeof(ulong);
        Assert.Equal("llama"u8, bytes.AsSpan(name, 5));
        "fable"u8.CopyTo(bytes.AsSpan(name));
        int from = name;
        while (bytes.AsSpan(from).IndexOf("llama."u8) is >= 0 and int at)
        {
            "fable"u8.CopyTo(bytes.AsSpan(from + at));
            from += at;
        }

        return folder.File("fable.gguf", bytes);
    }

    private static async Task<string> ContinueAsync()
    {
        await using ILanguageModel model = await new ModelLoader().LoadAsync(TemporaryFolder.PackedModel, cancellationToken: Cancellation);
        return string.Concat(await model.GenerateAsync(Prompt, new GenerateOptions { Temperature = 0, MaxTokens = Tokens }, Cancellation).Select(c => c.Text).ToListAsync(Cancellation));
    }
}
