using System.Text.Json;
using LlmToolkit.Tests;

namespace LlmToolkit.Cli.Tests.Commands;

/// <summary><c>plan</c>, <c>bench</c>, <c>perplexity</c> and <c>dump</c>.</summary>
public sealed class MeasureTests
{
    [Fact]
    public async Task Plan_Json_AddsUp()
    {
        JsonElement plan = (await CommandLine.RunAsync("plan", CommandLine.Model, "--context", "128", "--json")).Json;

        JsonElement fit = plan.GetProperty("fits")[0];
        Assert.Equal(plan.GetProperty("winner").GetString(), fit.GetProperty("backend").GetString());
        Assert.Equal(128, plan.GetProperty("context").GetInt32());
        Assert.Equal(fit.GetProperty("peak_bytes").GetInt64(), fit.GetProperty("must_bytes").GetInt64() + fit.GetProperty("should_bytes").GetInt64());
    }

    [Fact]
    public async Task Plan_Budget_IsHeldExactly()
    {
        long peak = (await CommandLine.RunAsync("plan", CommandLine.Model, "--json")).Json.GetProperty("fits")[0].GetProperty("peak_bytes").GetInt64();

        Assert.Equal(0, (await CommandLine.RunAsync("plan", CommandLine.Model, "--memory", $"{peak}", "--json")).ExitCode);
        Assert.Equal(5, (await CommandLine.RunAsync("plan", CommandLine.Model, "--memory", $"{peak - 1}", "--json")).ExitCode);
    }

    [Fact]
    public async Task Plan_Explain_TellsWhereTheMemoryGoes()
    {
        CommandResult result = await CommandLine.RunAsync("plan", CommandLine.Model, "--explain");

        Assert.Contains("KV cache", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_Tests_AreExactlyThoseAsked()
    {
        JsonElement both = (await CommandLine.RunAsync("bench", CommandLine.Model, "--pp", "8", "--tg", "2", "--depth", "4", "--repeat", "2", "--json")).Json;
        JsonElement one = (await CommandLine.RunAsync("bench", CommandLine.Model, "--pp", "0", "--tg", "2", "--repeat", "1", "--json")).Json;

        Assert.Equal(["pp8@4", "tg2@4"], both.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("test").GetString()));
        Assert.Equal(["tg2"], one.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("test").GetString()));
        Assert.All(both.GetProperty("results").EnumerateArray(), r => Assert.True(r.GetProperty("median_tokens_per_second").GetDouble() > 0));
        Assert.Equal(new FileInfo(CommandLine.Model).Length, both.GetProperty("file_bytes").GetInt64());
    }

    [Fact]
    public async Task Perplexity_Chunks_AreScoredInTheirSecondHalf()
    {
        using TemporaryFolder folder = new();
        string text = folder.File("text.txt", string.Concat(Enumerable.Repeat("Once upon a time there was a little fox. ", 20)));

        JsonElement json = (await CommandLine.RunAsync("perplexity", CommandLine.Model, "--file", text, "--context", "64", "--json")).Json;

        int chunks = json.GetProperty("tokens").GetInt32() / 64;
        Assert.Equal(chunks * 31, json.GetProperty("scored_tokens").GetInt32());
        Assert.Equal(Math.Exp(json.GetProperty("nll").GetDouble()), json.GetProperty("perplexity").GetDouble(), 9);
    }

    [Fact]
    public async Task Dump_OfATruncatedFile_GivesWhatIsThere()
    {
        using TemporaryFolder folder = new();
        byte[] whole = await File.ReadAllBytesAsync(CommandLine.Model, TestContext.Current.CancellationToken);
        string half = folder.File("half.gguf", whole.AsSpan(0, whole.Length / 2));

        CommandResult there = await CommandLine.RunAsync("dump", half, "token_embd.weight", "--out", folder.Name("a.safetensors"), "--json");
        CommandResult gone = await CommandLine.RunAsync("dump", half, "blk.5.ffn_down.weight", "--out", folder.Name("b.safetensors"), "--json");
        await CommandLine.RunAsync("dump", CommandLine.Model, "token_embd.weight", "--out", folder.Name("c.safetensors"), "--json");

        Assert.Equal((0, 3), (there.ExitCode, gone.ExitCode));
        Assert.False(File.Exists(folder.Name("b.safetensors")));
        Assert.Equal(await File.ReadAllBytesAsync(folder.Name("c.safetensors"), TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(folder.Name("a.safetensors"), TestContext.Current.CancellationToken));
    }
}
