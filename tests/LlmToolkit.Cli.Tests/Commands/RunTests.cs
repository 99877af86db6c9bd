using System.Text.Json;
using LlmToolkit.Cli.Commands;
using LlmToolkit.Tests;

namespace LlmToolkit.Cli.Tests.Commands;

public sealed class RunTests
{
    [Theory]
    [InlineData("two words are model and prompt", new[] { "m.gguf", "hi" }, null, null, "m.gguf", "hi")]
    [InlineData("one word is the model", new[] { "llama" }, null, null, "llama", null)]
    [InlineData("white space makes it the prompt", new[] { "tell a story" }, null, null, null, "tell a story")]
    [InlineData("a tab is white space", new[] { "tell\tme" }, null, null, null, "tell\tme")]
    [InlineData("the ending of a model file makes it the model", new[] { "my model.gguf" }, null, null, "my model.gguf", null)]
    [InlineData("endings know no case", new[] { "my model.SafeTensors" }, null, null, "my model.SafeTensors", null)]
    [InlineData("with -m the word is the prompt", new[] { "hello" }, "m", null, "m", "hello")]
    [InlineData("with -p the word is the model", new[] { "m" }, null, "hi", "m", "hi")]
    [InlineData("options alone", new string[0], "m", "hi", "m", "hi")]
    [InlineData("nothing", new string[0], null, null, null, null)]
    public void Split_Words_AreModelAndPrompt(string what, string[] words, string? model, string? prompt, string? expectedModel, string? expectedPrompt) =>
        Assert.True((expectedModel, expectedPrompt) == RunCommand.Split(words, model, prompt), what);

    [Theory]
    [InlineData("run", "a", "b", "-m", "c")]
    [InlineData("run", "a", "b", "-p", "c")]
    [InlineData("run", "tell a story", "-p", "c")]
    [InlineData("run", "tell a story", "--ids", "1")]
    [InlineData("run", "-p", "hi", "--file", "x.txt")]
    [InlineData("run", "--ids", "1", "--file", "x.txt")]
    public async Task Run_TwoOfAKind_AreRefused(params string[] args)
    {
        CommandResult result = await CommandLine.RunAsync([.. args, "--json"]);

        Assert.Equal((2, "LT8014"), (result.ExitCode, result.ErrorCode));
    }

    [Fact]
    public async Task Run_Json_HasTheContractsShape()
    {
        CommandResult result = await CommandLine.RunAsync("run", CommandLine.Model, "Once upon a time", "--raw", "--max-tokens", "6", "--temperature", "0", "--json");

        JsonElement json = result.Json;
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(6, json.GetProperty("ids").GetArrayLength());
        Assert.Equal("length", json.GetProperty("finish_reason").GetString());
        Assert.Equal(6, json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.True(json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32() > 1);
        Assert.Equal(["load_ms", "prompt_ms", "prompt_tokens_per_second", "generation_ms", "tokens_per_second"], json.GetProperty("timings").EnumerateObject().Select(p => p.Name));
        Assert.True(json.GetProperty("memory").GetProperty("peak_bytes").GetInt64() > 0);
        Assert.True(json.GetProperty("memory").GetProperty("kv_bytes").GetInt64() > 0);
    }

    [Fact]
    public async Task Run_EveryWayToGiveThePrompt_GivesTheSameText()
    {
        using TemporaryFolder folder = new();
        string[] rest = ["--raw", "--max-tokens", "8", "--temperature", "0"];
        const string Prompt = "Once upon a time";

        string[] texts =
        [
            (await CommandLine.RunAsync(["run", CommandLine.Model, Prompt, .. rest])).Out,
            (await CommandLine.RunAsync(["run", Prompt, .. rest])).Out,
            (await CommandLine.RunAsync(["run", "-m", CommandLine.Model, "-p", Prompt, .. rest])).Out,
            (await CommandLine.RunAsync(["run", "--file", folder.File("prompt.txt", Prompt), .. rest])).Out,
            (await CommandLine.PipeAsync(Prompt + "\n", ["run", .. rest])).Out,
            (await CommandLine.PipeAsync(Prompt + "\n", ["run", CommandLine.Model, "--file", "-", .. rest])).Out,
        ];

        Assert.NotEmpty(texts[0].Trim());
        Assert.All(texts, t => Assert.Equal(texts[0], t));
    }

    [Fact]
    public async Task Run_Ids_AreUsedAsGiven()
    {
        JsonElement ids = (await CommandLine.RunAsync("run", CommandLine.Model, "--ids", "300, 301", "--max-tokens", "3", "--temperature", "0", "--json")).Json;
        JsonElement greedy = (await CommandLine.RunAsync("logits", CommandLine.Model, "--ids", "300,301", "--greedy", "3", "--json")).Json;

        Assert.Equal(2, ids.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(greedy.GetProperty("greedy").ToString(), ids.GetProperty("ids").ToString());
    }

    [Fact]
    public async Task Run_WithoutModel_SaysWhichAndEndsWithFigures()
    {
        CommandResult loud = await CommandLine.RunAsync("run", "Once upon a time", "--raw", "--max-tokens", "4");
        CommandResult quiet = await CommandLine.RunAsync("run", "Once upon a time", "--raw", "--max-tokens", "4", "--quiet");

        string[] notes = loud.Error.TrimEnd('\n').Split('\n');
        Assert.Contains("Tiny Stories", notes[0], StringComparison.Ordinal);
        Assert.Matches(@"^prompt \d+ tokens \([\d.]+ tokens/s\), generated 4 tokens \([\d.]+ tokens/s\), peak memory ", notes[^1]);
        Assert.Equal("", quiet.Error);
    }

    [Fact]
    public async Task Run_SeedAndStop_AreKept()
    {
        string[] args = ["run", "Once upon a time", "--raw", "--max-tokens", "20", "--temperature", "1", "--seed", "7", "--quiet"];

        string first = (await CommandLine.RunAsync(args)).Out;
        string again = (await CommandLine.RunAsync(args)).Out;
        string stop = first.Trim().Split(' ')[3];
        CommandResult stopped = await CommandLine.RunAsync([.. args, "--stop", " " + stop, "--json"]);

        Assert.Equal(first, again);
        Assert.Equal("stop", stopped.Json.GetProperty("finish_reason").GetString());
        Assert.DoesNotContain(" " + stop, stopped.Json.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_PromptOverTheContext_SaysBothNumbers()
    {
        CommandResult result = await CommandLine.RunAsync("run", CommandLine.Model, "Once upon a time there was a fox who lived in a forest", "--raw", "--context", "8", "--json");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("the context holds 8", result.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Chat_AnswersByTheModelsTemplate()
    {
        CommandResult result = await CommandLine.RunAsync("run", "Tell me a story about a fox.", "--max-tokens", "8", "--temperature", "0", "--json");

        Assert.Equal(0, result.ExitCode);
        Assert.NotEmpty(result.Json.GetProperty("text").GetString()!);
    }

    [Fact]
    public async Task Run_NoPromptAnywhere_SaysHowToGiveOne()
    {
        CommandResult terminal = await CommandLine.RunAsync("run", "--json");
        CommandResult pipe = await CommandLine.PipeAsync("", "run", "--json");

        Assert.Equal(("LT8006", "LT8006"), (terminal.ErrorCode, pipe.ErrorCode));
        Assert.Contains("stdin is empty", pipe.Out, StringComparison.Ordinal);
    }
}
