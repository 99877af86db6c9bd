using System.Text.Json;
using LlmToolkit.Tests;

namespace LlmToolkit.Cli.Tests.Commands;

/// <summary>Batches: always one line an item, in order, and exit code 0.</summary>
public sealed class BatchTests
{
    [Fact]
    public async Task Logits_Batch_IsALineAnItemAndTheRestInTheFile()
    {
        using TemporaryFolder folder = new();
        string output = folder.Name("logits.safetensors");

        CommandResult result = await CommandLine.PipeAsync(
            """
            {"ids":[1,2,3],"greedy":4}
            {"ids":[]}
            not json

            {"ids":[99999]}
            {"ids":[5],"greedy":"x"}
            {"ids":[5],"greedy":-1}
            {"ids":[5.5]}
            [1]
            {"ids":[6],"greedy":3}
            """, "logits", CommandLine.Model, "--batch", "-", "--out", output, "--json");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(Enumerable.Range(0, 9), result.Lines.Select(l => l.GetProperty("index").GetInt32()));
        Assert.Equal([0, 8], result.Lines.Where(l => !l.TryGetProperty("error", out _)).Select(l => l.GetProperty("index").GetInt32()));
        // Exactly as many as asked, past the end token 6 too.
        Assert.Equal([4, 3], result.Lines.Where(l => l.TryGetProperty("greedy", out _)).Select(l => l.GetProperty("greedy").GetArrayLength()));
        JsonElement tensors = (await CommandLine.RunAsync("inspect", output, "--tensors", "--json")).Json.GetProperty("tensors");
        Assert.Equal(
            ["logits.0 F32 [3,2048]", "greedy.0 I64 [4]", "logits.8 F32 [1,2048]", "greedy.8 I64 [3]"],
            tensors.EnumerateArray().Select(t => $"{t.GetProperty("name")} {t.GetProperty("dtype")} [{string.Join(',', t.GetProperty("shape").EnumerateArray())}]"));
    }

    [Fact]
    public async Task Logits_BatchOfOneBadItem_IsItsLine()
    {
        CommandResult result = await CommandLine.PipeAsync("{\"ids\":[]}\n", "logits", CommandLine.Model, "--batch", "-", "--json");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("LT8012", Assert.Single(result.Lines).GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Logits_Encoder_GivesHiddenStates()
    {
        using TemporaryFolder folder = new();
        string output = folder.Name("hidden.safetensors");

        CommandResult result = await CommandLine.RunAsync("logits", SharedData.Conformance("models", "bert-embed"), "--ids", "1,2,3", "--out", output, "--json");

        Assert.Equal(3, result.Json.GetProperty("positions").GetInt32());
        Assert.Equal("hidden.0", (await CommandLine.RunAsync("inspect", output, "--tensors", "--json")).Json.GetProperty("tensors")[0].GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("logits", "--ids", "1,2")]
    [InlineData("dump", "output_norm.weight")]
    public async Task Out_DiskFull_Is5AndTheDeviceStays(string command, params string[] args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has /dev/full.");

        CommandResult result = await CommandLine.RunAsync([command, CommandLine.Model, .. args, "--out", "/dev/full", "--json"]);

        Assert.Equal(5, result.ExitCode);
        Assert.Equal("LT8007", result.Lines[^1].GetProperty("error").GetProperty("code").GetString());
        Assert.Throws<IOException>(() => File.WriteAllText("/dev/full", "still full"));
    }

    [Fact]
    public async Task Tokenize_Batch_HasTheContractsShape()
    {
        CommandResult result = await CommandLine.PipeAsync(
            """
            {"text":"hello","pair":"yes"}
            {"text":"a <|user|> b","special_as_text":true,"add_special":false}
            {}
            {"text":"\ud800"}
            {"text":"x","add_special":5}
            {"text":""}
            """, "tokenize", CommandLine.Model, "--batch", "-", "--json");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal([true, true, false, false, false, true], result.Lines.Select(l => l.TryGetProperty("ids", out _)));
        Assert.Equal(
            ["index", "ids", "tokens", "offsets", "type_ids", "special_tokens_mask", "sequence_ids", "normalized", "decoded", "decoded_skip_special"],
            result.Lines[0].EnumerateObject().Select(p => p.Name));
        Assert.DoesNotContain(3, result.Lines[1].GetProperty("ids").EnumerateArray().Select(x => x.GetInt32()));
    }

    [Fact]
    public async Task Detokenize_PiecesAndFlush_AddUpToTheText()
    {
        CommandResult ids = await CommandLine.RunAsync("tokenize", CommandLine.Model, "--text", "Fox 🦊 café", "--json");
        string list = ids.Json.GetProperty("ids").ToString();

        CommandResult result = await CommandLine.PipeAsync($"{{\"ids\":{list}}}\n{{\"ids\":{list[..^1]},239]}}\n{{\"ids\":[-1]}}\n", "detokenize", CommandLine.Model, "--batch", "-", "--json");

        Assert.Equal([true, true, false], result.Lines.Select(l => l.TryGetProperty("text", out _)));
        Assert.All(result.Lines.Take(2), l => Assert.Equal(
            l.GetProperty("text").GetString(),
            string.Concat(l.GetProperty("pieces").EnumerateArray().Select(p => p.GetString())) + l.GetProperty("flush").GetString()));
    }

    [Fact]
    public async Task Embed_Batch_IsAVectorALine()
    {
        CommandResult result = await CommandLine.PipeAsync("{\"text\":\"a fox\"}\n{\"text\":5}\n{\"text\":\"a bell\"}\n", "embed", SharedData.Conformance("models", "bert-embed"), "--batch", "-", "--json");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal([true, false, true], result.Lines.Select(l => l.TryGetProperty("embedding", out _)));
        Assert.Equal([0, 1, 2], result.Lines.Select(l => l.GetProperty("index").GetInt32()));
    }
}
