using LlmToolkit.Configuration;
using LlmToolkit.Tests.EndToEnd;

namespace LlmToolkit.Tests.Configuration;

public sealed class ConfigurationFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, "inner", "config.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Set_IsReadAgain_AndWhatIsUnknownStays()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, """{ "later": {"a": [1]}, "threads": 4 }""");
        ConfigurationFile.Read(File).Set("model", "owner/name:Q4_K_M");
        ConfigurationFile.Read(File).SetAlias("smol", "owner/name");

        ConfigurationFile read = ConfigurationFile.Read(File);

        Assert.Equal(("owner/name:Q4_K_M", "4", null), (read.Get("model"), read.Get("threads"), read.Get("context")));
        Assert.Equal("owner/name", read.Aliases["smol"]);
        Assert.Equal(["later"], read.Unknown);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }
    }

    [Theory]
    [InlineData("not json", "LT2400")]
    [InlineData("[]", "LT2400")]
    [InlineData("""{"threads":"many"}""", "LT2401")]
    [InlineData("""{"context":-5}""", "LT2401")]
    [InlineData("""{"kv":"q3"}""", "LT2401")]
    [InlineData("""{"threads":1,"threads":2}""", "LT2400")]
    [InlineData("""{"aliases":["x"]}""", "LT2400")]
    [InlineData("""{"aliases":null}""", null)]
    [InlineData("""{"aliases":{"a":1}}""", "LT2400")]
    [InlineData("""{"aliases":{"a":"b","a":"c"}}""", "LT2400")]
    [InlineData("""{"model":"\ud800"}""", "LT2400")]
    [InlineData("""{"model":{"name":"x"}}""", "LT2401")]
    [InlineData("""{"memory":"6x"}""", "LT2401")]
    [InlineData("""{"memory":"99999999999999999999999999TiB"}""", "LT2401")]
    [InlineData("""{"backend":"nothing"}""", "LT2401")]
    [InlineData("""{"endpoint":"https://me:secret@host"}""", "LT2401")]
    [InlineData("""{"cache":"relative"}""", "LT2401")]
    [InlineData("""{"offline":"perhaps"}""", "LT2401")]
    [InlineData("", null)]
    [InlineData(" \n", null)]
    [InlineData("\uFEFF{}", null)]
    [InlineData("""{"offline":false,"memory":"1.5G","threads":2,"backend":"managed","endpoint":"http://127.0.0.1:1/x"}""", null)]
    public void DamagedFile_IsOneClearError(string text, string? code)
    {
        Write(text);
        if (code is null)
        {
            Assert.All(Setting.All, s => ConfigurationFile.Read(File).Get(s));
            return;
        }

        // A value of its setting is told by whoever asks for it, the file itself by its reading.
        Assert.Equal(code, Assert.Throws<ModelException>(() => Setting.All.Select(s => ConfigurationFile.Read(File).Get(s)).ToArray()).Diagnostic.Code);
    }

    [Fact]
    public void Wrong_IsRefused_AndNothingIsWritten()
    {
        ConfigurationFile file = ConfigurationFile.Read(File);

        Assert.Equal("LT2402", Assert.Throws<ModelException>(() => file.Set("modell", "x")).Diagnostic.Code);
        Assert.Equal("LT2401", Assert.Throws<ModelException>(() => file.Set("threads", "0")).Diagnostic.Code);
        Assert.Equal("LT2403", Assert.Throws<ModelException>(() => file.SetAlias("a/b", "x")).Diagnostic.Code);
        Assert.Equal("LT2409", Assert.Throws<ModelException>(() => file.SetAlias("a", " ")).Diagnostic.Code);
        Assert.Equal("LT2404", Assert.Throws<ModelException>(() => file.SetAlias("a", "a")).Diagnostic.Code);
        Assert.Equal("LT2405", Assert.Throws<ModelException>(() => file.SetAlias("absent", null)).Diagnostic.Code);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void BadValue_OfAnotherSetting_DoesNotHinderAnEdit()
    {
        Write("""{"threads":"many","memory":"6GiB"}""");

        ConfigurationFile.Read(File).Set("threads", null);

        Assert.Equal((null, "6GiB"), (ConfigurationFile.Read(File).Get("threads"), ConfigurationFile.Read(File).Get("memory")));
    }

    [Fact]
    public void Comments_AreReadAndNotLost()
    {
        string text = """
            {
              // as the build machine has it
              "threads": 2,
            }
            """;
        Write(text);
        ConfigurationFile file = ConfigurationFile.Read(File);

        Assert.Equal("2", file.Get("threads"));
        Assert.Equal("LT2408", Assert.Throws<ModelException>(() => file.Set("context", "64")).Diagnostic.Code);
        Assert.Equal(text, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void Write_ThroughALink_KeepsTheLink()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        string elsewhere = Path.Combine(_folder.Path, "dotfiles.json");
        System.IO.File.WriteAllText(elsewhere, "{}");
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.CreateSymbolicLink(File, elsewhere);

        ConfigurationFile.Read(File).Set("threads", "2");

        Assert.Equal(elsewhere, new FileInfo(File).LinkTarget);
        Assert.Equal("2", ConfigurationFile.Read(elsewhere).Get("threads"));
        Assert.Equal(["dotfiles.json", "inner"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Write_WhereItCannotBe_IsOneClearErrorAndLeavesNothing()
    {
        string file = Path.Combine(_folder.Path, "file");
        System.IO.File.WriteAllText(file, "x");
        string taken = Path.Combine(_folder.Path, "taken");
        Directory.CreateDirectory(taken);

        Assert.Equal("LT2406", Assert.Throws<ModelException>(() => ConfigurationFile.Read(Path.Combine(file, "c.json")).Set("threads", "2")).Diagnostic.Code);
        Assert.Equal("LT2406", Assert.Throws<ModelException>(() => ConfigurationFile.Read(taken).Set("threads", "2")).Diagnostic.Code);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal("LT2406", Assert.Throws<ModelException>(() => ConfigurationFile.Read("/dev/null").Set("threads", "2")).Diagnostic.Code);
        }

        Assert.Equal("LT2407", Assert.Throws<ModelException>(() => ConfigurationFile.None.Set("threads", "2")).Diagnostic.Code);
        Assert.Equal(2, Directory.EnumerateFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public void HubVariable_StandsBelowEveryVariableThatDecidesTheSame()
    {
        Write("""{"cache":"/set","offline":true}""");
        ConfigurationFile file = ConfigurationFile.Read(File);

        Assert.Equal("/set", file.HubVariable("HF_HUB_CACHE", _ => null));
        Assert.Equal("true", file.HubVariable("HF_HUB_OFFLINE", _ => null));
        Assert.Null(file.HubVariable("HF_HUB_CACHE", name => name == "HF_HOME" ? "/home" : null));
        Assert.Null(file.HubVariable("HF_HUB_OFFLINE", name => name == "TRANSFORMERS_OFFLINE" ? "0" : null));
        Assert.Null(file.HubVariable("HF_TOKEN", _ => null));
    }

    [Theory]
    [InlineData("thread", "Did you mean threads?")]
    [InlineData("Modell", "Did you mean model?")]
    [InlineData("zz", null)]
    public void MisspeltSetting_IsToldWhatIsNear(string name, string? hint)
    {
        IReadOnlyList<string> fixes = Assert.Throws<ModelException>(() => ConfigurationFile.Find(name)).Diagnostic.Fixes;

        Assert.Equal(hint is null, fixes.All(f => !f.StartsWith("Did you mean", StringComparison.Ordinal)));
        Assert.True(hint is null || fixes[0] == hint);
    }

    [Fact]
    public async Task Alias_StandsForAModel_ButAPathStandsAboveIt()
    {
        string model = Path.Combine(SharedData.Repository, "src", "LlmToolkit.Cli", "Models", "tiny-stories-q8_0.gguf");
        ModelLoader loader = new() { Aliases = new Dictionary<string, string> { ["stories"] = model, [model] = "/nothing/here.gguf" } };

        Assert.Equal("gguf", (await loader.DetectAsync("stories", TestContext.Current.CancellationToken)).Format);
        Assert.Equal("gguf", (await loader.DetectAsync(model, TestContext.Current.CancellationToken)).Format);
    }

    private void Write(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, text);
    }
}
