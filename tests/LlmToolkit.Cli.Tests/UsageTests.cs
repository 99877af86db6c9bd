using System.Text.Json;
using LlmToolkit.Formats.Safetensors;
using LlmToolkit.Tests;

namespace LlmToolkit.Cli.Tests;

/// <summary>Exit codes and errors: what a user or a program meets when something is wrong.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData(2, "no option --bogus", "run", "--bogus")]
    [InlineData(2, "Did you mean --max-tokens?", "run", "MODEL", "hi", "--max-token", "5")]
    [InlineData(2, "Did you mean run?", "rnu")]
    [InlineData(2, "llmtk run \\\"model.gguf\\\"", "model.gguf")]
    [InlineData(2, "expected a number", "run", "MODEL", "hi", "--temperature", "warm")]
    [InlineData(2, "--temperature is \\\"-1\\\"", "run", "MODEL", "hi", "--temperature", "-1")]
    [InlineData(2, "at least 1", "run", "MODEL", "hi", "--max-tokens", "0")]
    [InlineData(2, "--memory", "plan", "MODEL", "--memory", "much")]
    [InlineData(2, "--kv", "plan", "MODEL", "--kv", "f8")]
    [InlineData(2, "--context", "plan", "MODEL", "--context", "-5")]
    [InlineData(2, "--threads", "plan", "MODEL", "--threads", "0")]
    [InlineData(2, "no backend", "plan", "MODEL", "--backend", "cuda")]
    [InlineData(2, "no format", "inspect", "MODEL", "--format", "zip")]
    [InlineData(3, "safetensors, but it is gguf", "inspect", "MODEL", "--format", "safetensors")]
    [InlineData(5, "budget", "plan", "MODEL", "--memory", "1MiB")]
    [InlineData(5, "budget", "run", "MODEL", "hi", "--memory", "1MiB")]
    [InlineData(2, "No such file", "run", "./nope.gguf", "hi")]
    [InlineData(2, "No such file", "inspect", "/no/such/folder/model.gguf")]
    [InlineData(6, "As a Hub ID", "inspect", "owner/name")]
    [InlineData(2, "neither a path that exists nor a possible Hub ID", "inspect", "a model")]
    [InlineData(4, "Adapters are not supported", "run", "MODEL", "hi", "--adapter", "a.gguf")]
    [InlineData(4, "no embeddings", "embed", "MODEL", "--text", "hi")]
    [InlineData(2, "--text or --batch", "embed", "MODEL")]
    [InlineData(2, "--greedy", "logits", "MODEL", "--ids", "1", "--greedy", "-1")]
    [InlineData(2, "a token id", "logits", "MODEL", "--ids", "1,x")]
    [InlineData(2, "outside the vocabulary", "logits", "MODEL", "--ids", "1,99999")]
    [InlineData(2, "cannot be read", "logits", "MODEL", "--batch", "/no/such/file")]
    [InlineData(2, "not both", "logits", "MODEL", "--batch", "-", "--ids", "1")]
    [InlineData(2, "outside the vocabulary", "detokenize", "MODEL", "--ids", "99999")]
    [InlineData(2, "no tensor", "dump", "MODEL", "nothing.weight", "--out", "x.safetensors")]
    [InlineData(2, "--repeat", "bench", "MODEL", "--repeat", "0")]
    [InlineData(2, "LT7002", "serve", "MODEL", "--host", "nowhere.example", "--port", "0")]
    [InlineData(2, "cannot be read", "perplexity", "MODEL", "--file", "/no/such/file")]
    public async Task Json_Failure_IsOneErrorAndItsExitCode(int code, string words, params string[] args)
    {
        CommandResult result = await CommandLine.RunAsync([.. args.Select(a => a == "MODEL" ? CommandLine.Model : a), "--json"]);

        Assert.True(result.ExitCode == code, $"{result.ExitCode}: {result.Out}{result.Error}");
        Assert.Contains(words, result.Out, StringComparison.Ordinal);
        if (args[0] != "plan" || code == 2)
        {
            JsonElement error = result.Json.GetProperty("error");
            Assert.Matches("^LT[0-9]{4}$", error.GetProperty("code").GetString());
            Assert.Contains(error.GetProperty("category").GetString(), (string[])["format", "backend", "memory", "network", "authentication", "hardware", "usage", "internal"]);
            Assert.NotEmpty(error.GetProperty("fixes").EnumerateArray());
        }
    }

    [Fact]
    public async Task People_Failure_GoesToStderrOnly()
    {
        CommandResult result = await CommandLine.RunAsync("inspect", "./nope.gguf");

        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.StartsWith("error LT2001: ", result.Error, StringComparison.Ordinal);
        Assert.Contains("  try: ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(50)]
    [InlineData(90)]
    public async Task Truncated_ThatManyPercent_IsRefusedAndStillDescribed(int percent)
    {
        using TemporaryFolder folder = new();
        byte[] whole = await File.ReadAllBytesAsync(CommandLine.Model, TestContext.Current.CancellationToken);
        string path = folder.File("model.gguf", whole.AsSpan(0, whole.Length * percent / 100));

        CommandResult run = await CommandLine.RunAsync("run", path, "hi", "--json");
        CommandResult inspect = await CommandLine.RunAsync("inspect", path, "--json");
        CommandResult validate = await CommandLine.RunAsync("validate", path, "--json");

        Assert.Equal((3, 3, 3), (run.ExitCode, inspect.ExitCode, validate.ExitCode));
        Assert.Equal("LT1016", run.ErrorCode);
        Assert.Equal("llama", inspect.Json.GetProperty("architecture").GetString());
        Assert.NotEmpty(inspect.Json.GetProperty("findings").EnumerateArray());
        Assert.Equal("refused", validate.Json.GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task NoModel_EmptyFileOrFolder_IsRefused()
    {
        using TemporaryFolder folder = new();
        string empty = folder.File("empty.gguf", "");
        string text = folder.File("note.txt", "hello");

        Assert.Equal(3, (await CommandLine.RunAsync("run", empty, "hi", "--json")).ExitCode);
        Assert.Equal(3, (await CommandLine.RunAsync("run", folder.Path, "hi", "--json")).ExitCode);
        Assert.Equal(3, (await CommandLine.RunAsync("inspect", text, "--json")).ExitCode);
        Assert.Equal("refused", (await CommandLine.RunAsync("validate", text, "--json")).Json.GetProperty("verdict").GetString());
        Assert.Equal("unknown", (await CommandLine.RunAsync("detect", text, "--json")).Json.GetProperty("format").GetString());
    }

    [Fact]
    public async Task Validate_Deep_FindsValuesThatAreNoNumbers()
    {
        using TemporaryFolder folder = new();
        string path = folder.Name("model.safetensors");
        using (SafetensorsWriter writer = SafetensorsWriter.Create(path))
        {
            writer.Declare("w", DTypes.F32, [2, 2]);
            writer.Write([1f, float.NaN, float.PositiveInfinity, 2f]);
            writer.Complete();
        }

        JsonElement shallow = (await CommandLine.RunAsync("validate", path, "--json")).Json;
        JsonElement deep = (await CommandLine.RunAsync("validate", path, "--deep", "--json")).Json;
        JsonElement sound = (await CommandLine.RunAsync("validate", CommandLine.Model, "--deep", "--json")).Json;

        Assert.DoesNotContain("LT2206", shallow.ToString(), StringComparison.Ordinal);
        Assert.Contains("2 values of w", deep.ToString(), StringComparison.Ordinal);
        Assert.Equal(("warnings", "ok"), (deep.GetProperty("verdict").GetString(), sound.GetProperty("verdict").GetString()));
    }

    [Fact]
    public async Task Pipe_NamedAsModel_IsRefusedWithoutWaiting()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Named pipes are no files on Windows.");
        using TemporaryFolder folder = new();
        string pipe = folder.Name("pipe");
        using System.Diagnostics.Process make = System.Diagnostics.Process.Start("mkfifo", [pipe]);
        await make.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal("pipe", (await CommandLine.RunAsync("detect", pipe, "--json")).Json.GetProperty("recognised").GetString());
        Assert.Equal(3, (await CommandLine.RunAsync("run", pipe, "hi", "--json")).ExitCode);
        Assert.Equal(3, (await CommandLine.RunAsync("inspect", "/dev/null", "--json")).ExitCode);
        Assert.Equal("refused", (await CommandLine.RunAsync("validate", pipe, "--json")).Json.GetProperty("verdict").GetString());
        Assert.Equal("LT8017", (await CommandLine.RunAsync("tokenize", CommandLine.Model, "--file", pipe, "--json")).ErrorCode);
        Assert.Equal("LT8017", (await CommandLine.RunAsync("tokenize", CommandLine.Model, "--batch", "/dev/zero", "--json")).ErrorCode);
        Assert.Equal("LT3040", (await CommandLine.RunAsync("tokenize", pipe, "--text", "hi", "--json")).ErrorCode);
    }

    [Fact]
    public async Task Directory_WithSeveralModels_TellsWhichIsUsedAndWhy()
    {
        using TemporaryFolder folder = new();
        File.Copy(CommandLine.Model, folder.Name("a-Q8_0.gguf"));
        File.Copy(CommandLine.Model, folder.Name("a-Q4_K_M.gguf"));

        JsonElement detect = (await CommandLine.RunAsync("detect", folder.Path, "--json")).Json.GetProperty("directory");
        JsonElement inspect = (await CommandLine.RunAsync("inspect", folder.Path, "--json")).Json.GetProperty("directory");
        string people = (await CommandLine.RunAsync("detect", folder.Path)).Out;

        Assert.Equal(detect.ToString(), inspect.ToString());
        Assert.Equal(("gguf", "a-Q4_K_M.gguf"), (detect.GetProperty("shape").GetString(), detect.GetProperty("weights")[0].GetString()));
        Assert.Equal("a-Q8_0.gguf", detect.GetProperty("unused")[0].GetString());
        Assert.Contains("* a-Q4_K_M.gguf (gguf", people, StringComparison.Ordinal);
        Assert.Contains("- a-Q8_0.gguf (gguf", people, StringComparison.Ordinal);
        Assert.False((await CommandLine.RunAsync("detect", CommandLine.Model, "--json")).Json.TryGetProperty("directory", out _));
    }

    [Theory]
    [InlineData("detect")]
    [InlineData("validate")]
    public async Task Paths_OneMissing_TakesItsLineAndTheOthersTheirs(string command)
    {
        CommandResult json = await CommandLine.RunAsync(command, CommandLine.Model, "./nope.gguf", CommandLine.Model, "--json");
        CommandResult people = await CommandLine.RunAsync(command, "./nope.gguf", CommandLine.Model);

        Assert.Equal(2, json.ExitCode);
        Assert.Equal([false, true, false], json.Lines.Select(l => l.TryGetProperty("error", out _)));
        Assert.Contains("gguf", people.Out, StringComparison.Ordinal);
        Assert.Contains("LT2001", people.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list-formats")]
    [InlineData("list-architectures")]
    [InlineData("list-quantizations")]
    [InlineData("list-backends")]
    public async Task Lists_Piped_AreArraysAndPlainTables(string command)
    {
        CommandResult json = await CommandLine.RunAsync(command, "--json");
        CommandResult table = await CommandLine.RunAsync(command);

        Assert.All(json.Json.EnumerateArray(), row => Assert.NotEmpty(row.GetProperty("name").GetString()!));
        Assert.DoesNotContain('\u001b', table.Out);
        Assert.All(table.Out.TrimEnd('\n').Split('\n'), line => Assert.Equal(line.TrimEnd(), line));
        Assert.Contains("name", table.Out.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelled_BeforeItIsDone_Is130WithAnError()
    {
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();

        CommandResult json = await CommandLine.RunAsync(null, ["run", "-p", "Once", "--raw", "--json"], stop.Token);
        CommandResult people = await CommandLine.RunAsync(null, ["run", "-p", "Once", "--raw"], stop.Token);

        Assert.Equal((130, 130, ""), (json.ExitCode, people.ExitCode, people.Out));
        Assert.Equal("LT8015", json.ErrorCode);
        Assert.EndsWith("stopped\n", people.Error, StringComparison.Ordinal);
    }
}
