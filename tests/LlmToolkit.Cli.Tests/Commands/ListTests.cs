using System.Text.Json;

namespace LlmToolkit.Cli.Tests.Commands;

/// <summary>The list of models and the cache behind it, in a cache of the test's own.</summary>
public sealed class ListTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string? _before = Environment.GetEnvironmentVariable("LLMTK_CACHE");

    public ListTests() => Environment.SetEnvironmentVariable("LLMTK_CACHE", _folder.Name(".kept"));

    [Fact]
    public async Task List_Folder_IsALineAModelAndKnownTheSecondTime()
    {
        File.Copy(CommandLine.Model, _folder.Name("a.gguf"));
        _folder.File("b.safetensors", "<html>");
        _folder.File("README.md", "no model");

        CommandResult cold = await CommandLine.RunAsync("list", _folder.Path, "--json");
        CommandResult warm = await CommandLine.RunAsync("list", _folder.Path, "--json");
        CommandResult people = await CommandLine.RunAsync("list", _folder.Path);
        CommandResult info = await CommandLine.RunAsync("cache", "info", "--json");
        CommandResult clear = await CommandLine.RunAsync("cache", "clear", "--json");
        CommandResult again = await CommandLine.RunAsync("list", _folder.Path, "--json", "--no-cache");

        Assert.Equal(0, cold.ExitCode);
        Assert.Equal(["gguf", "unknown"], cold.Lines.Select(l => l.GetProperty("format").GetString()));
        Assert.Equal(["ok", "refused"], cold.Lines.Select(l => l.GetProperty("verdict").GetString()));
        Assert.Equal("html", cold.Lines[1].GetProperty("recognised").GetString());
        Assert.Equal(("llama", "Q8_0", 512), (cold.Lines[0].GetProperty("architecture").GetString(), cold.Lines[0].GetProperty("quantization").GetString(), cold.Lines[0].GetProperty("context_length").GetInt32()));
        Assert.Equal([false, true, false], new[] { cold, warm, again }.Select(r => r.Lines.All(l => l.GetProperty("cached").GetBoolean())));
        Assert.Equal(cold.Out.Replace("\"cached\":false", "", StringComparison.Ordinal), warm.Out.Replace("\"cached\":true", "", StringComparison.Ordinal));
        Assert.Contains("a.gguf", people.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("README", people.Out, StringComparison.Ordinal);
        Assert.Equal((2, 2), (info.Json.GetProperty("entries").GetInt32(), clear.Json.GetProperty("removed").GetInt32()));
        Assert.Equal(0, (await CommandLine.RunAsync("cache", "info", "--json")).Json.GetProperty("entries").GetInt32());
    }

    [Fact]
    public async Task List_NoSuchFolder_IsWrongUsageAndHidesNoOther()
    {
        File.Copy(CommandLine.Model, _folder.Name("a.gguf"));
        string absent = _folder.Name("absent");

        CommandResult alone = await CommandLine.RunAsync("list", absent, "--json");
        CommandResult both = await CommandLine.RunAsync("list", absent, _folder.Path, "--json");
        CommandResult depth = await CommandLine.RunAsync("list", _folder.Path, "--depth", "-1", "--json");

        Assert.Equal((2, "LT2001"), (alone.ExitCode, alone.ErrorCode));
        Assert.Equal([true, false], both.Lines.Select(l => l.TryGetProperty("error", out JsonElement _)));
        Assert.Equal((2, "LT8001"), (depth.ExitCode, depth.ErrorCode));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("LLMTK_CACHE", _before);
        _folder.Dispose();
    }
}
