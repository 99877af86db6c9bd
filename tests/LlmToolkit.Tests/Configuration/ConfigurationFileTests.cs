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
    public void DamagedFile_IsOneClearError(string text, string code)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, text);

        Assert.Equal(code, Assert.Throws<ModelException>(() => ConfigurationFile.Read(File)).Diagnostic.Code);
    }

    [Fact]
    public void Wrong_IsRefused_AndNothingIsWritten()
    {
        ConfigurationFile file = ConfigurationFile.Read(File);

        Assert.Equal("LT2402", Assert.Throws<ModelException>(() => file.Set("modell", "x")).Diagnostic.Code);
        Assert.Equal("LT2401", Assert.Throws<ModelException>(() => file.Set("threads", "0")).Diagnostic.Code);
        Assert.Equal("LT2403", Assert.Throws<ModelException>(() => file.SetAlias("a/b", "x")).Diagnostic.Code);
        Assert.Equal("LT2404", Assert.Throws<ModelException>(() => file.SetAlias("a", "a")).Diagnostic.Code);
        Assert.Equal("LT2405", Assert.Throws<ModelException>(() => file.SetAlias("absent", null)).Diagnostic.Code);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task Alias_StandsForAModel_ButAPathStandsAboveIt()
    {
        string model = Path.Combine(SharedData.Repository, "src", "LlmToolkit.Cli", "Models", "tiny-stories-q8_0.gguf");
        ModelLoader loader = new() { Aliases = new Dictionary<string, string> { ["stories"] = model, [model] = "/nothing/here.gguf" } };

        Assert.Equal("gguf", (await loader.DetectAsync("stories", TestContext.Current.CancellationToken)).Format);
        Assert.Equal("gguf", (await loader.DetectAsync(model, TestContext.Current.CancellationToken)).Format);
    }
}
