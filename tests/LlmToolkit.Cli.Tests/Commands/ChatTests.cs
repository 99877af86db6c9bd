using System.Text.Json;
using LlmToolkit.Tests;

namespace LlmToolkit.Cli.Tests.Commands;

public sealed class ChatTests
{
    [Fact]
    public async Task Chat_Json_IsALineAReply()
    {
        CommandResult result = await CommandLine.PipeAsync("Tell me a story about a fox.\nAnd now?\n", "chat", "--json", "--max-tokens", "5", "--temperature", "0");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(2, result.Lines.Count);
        Assert.All(result.Lines, l => Assert.NotEmpty(l.GetProperty("ids").EnumerateArray()));
        Assert.True(result.Lines[1].GetProperty("usage").GetProperty("prompt_tokens").GetInt32() > result.Lines[0].GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Chat_Commands_AreAnsweredOnStderr()
    {
        CommandResult result = await CommandLine.PipeAsync("/help\n/stats\n/save\n/nonsense\n/load /no/such/file\n/reset\n/exit\nnever read\n", "chat");

        Assert.Equal((0, ""), (result.ExitCode, result.Out));
        foreach (string words in (string[])["/system TEXT", "no answer yet", "/save needs the name", "unknown command /nonsense", "LT8013"])
        {
            Assert.Contains(words, result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Chat_SaveAndLoad_KeepTheConversation()
    {
        using TemporaryFolder folder = new();
        string file = folder.Name("talk.json");

        CommandResult saved = await CommandLine.PipeAsync($"/system Be brief.\nHello there.\n/stats\n/save {file}\n", "chat", "--max-tokens", "4", "--temperature", "0");
        CommandResult loaded = await CommandLine.PipeAsync($"/load {file}\n/save {file}.again\n", "chat");

        Assert.Equal((0, 0), (saved.ExitCode, loaded.ExitCode));
        Assert.Contains("generated 4 tokens", saved.Error, StringComparison.Ordinal);
        string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal(["system", "user", "assistant"], json.RootElement.EnumerateArray().Select(m => m.GetProperty("role").GetString()));
        Assert.Equal(text, await File.ReadAllTextAsync(file + ".again", TestContext.Current.CancellationToken));
    }
}
