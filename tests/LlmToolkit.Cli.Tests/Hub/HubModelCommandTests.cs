using System.Text.Json;
using LlmToolkit.Testing;

namespace LlmToolkit.Cli.Tests.Hub;

/// <summary>Hub IDs wherever a model is named, the JSON of the contract, and short names; as processes, against the fake Hub.</summary>
public sealed class HubModelCommandTests : IDisposable
{
    private const string Id = "owner/stories";

    private readonly TemporaryFolder _home = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Run_ColdWarmPinnedOffline_SaysTheSame()
    {
        await using FakeHub hub = await StartAsync();
        string[] run = ["run", Id, "Once upon a time", "--raw", "--max-tokens", "8", "--temperature", "0", "--json"];

        CommandResult cold = await RunAsync(hub, run);
        hub.ClearRequests();
        CommandResult warm = await RunAsync(hub, run);
        int branch = hub.Requests.Count;
        hub.ClearRequests();
        run[1] = $"{Id}@{await CommitAsync(hub)}";
        CommandResult pinned = await RunAsync(hub, run);
        CommandResult offline = await RunAsync(hub, ["HF_HUB_OFFLINE=1"], "run", Id, "Once upon a time", "--raw", "--max-tokens", "8", "--temperature", "0", "--json");

        Assert.Equal((0, 0, 0, 0), (cold.ExitCode, warm.ExitCode, pinned.ExitCode, offline.ExitCode));
        Assert.Equal((1, 0), (branch, hub.Requests.Count));
        string? text = cold.Json.GetProperty("text").GetString();
        Assert.NotEmpty(text!);
        Assert.Equal((text, text), (warm.Json.GetProperty("text").GetString(), offline.Json.GetProperty("text").GetString()));
    }

    [Fact]
    public async Task Download_JsonIsTheContracts()
    {
        await using FakeHub hub = await StartAsync();

        JsonElement dry = (await RunAsync(hub, "hub", "download", Id, "--dry-run", "--json")).Json;
        JsonElement cold = (await RunAsync(hub, "hub", "download", Id, "--json")).Json;
        JsonElement warm = (await RunAsync(hub, "hub", "download", $"{Id}@main:Q8_0", "--json")).Json;
        CommandResult wrong = await RunAsync(hub, "hub", "download", Id, "absent.txt", "--json");

        Assert.Equal((0L, true), (dry.GetProperty("bytes_fetched").GetInt64(), dry.GetProperty("bytes_to_fetch").GetInt64() > 1_000_000));
        Assert.Equal((Id, "main", 40), (cold.GetProperty("repo").GetString(), cold.GetProperty("revision").GetString(), cold.GetProperty("commit").GetString()!.Length));
        Assert.All(cold.GetProperty("files").EnumerateArray(), f => Assert.Equal("network", f.GetProperty("from").GetString()));
        Assert.All(cold.GetProperty("files").EnumerateArray(), f => Assert.True(File.Exists(Path.Combine(cold.GetProperty("path").GetString()!, f.GetProperty("path").GetString()!))));
        Assert.Equal(cold.GetProperty("files").EnumerateArray().Sum(f => f.GetProperty("bytes").GetInt64()), cold.GetProperty("bytes_fetched").GetInt64());
        Assert.Equal("mmproj-stories.gguf", Assert.Single(cold.GetProperty("skipped").EnumerateArray()).GetProperty("path").GetString());
        Assert.Equal(0, warm.GetProperty("bytes_fetched").GetInt64());
        Assert.Equal((6, "LT6027"), (wrong.ExitCode, wrong.ErrorCode));
    }

    [Fact]
    public async Task Plan_TellsTheCostBeforeTheDownload()
    {
        await using FakeHub hub = await StartAsync();

        CommandResult plan = await RunAsync(hub, "plan", Id, "--json");
        CommandResult tight = await RunAsync(hub, "plan", Id, "--memory", "1MiB", "--json");
        CommandResult inspect = await RunAsync(hub, "inspect", Id, "--json");
        CommandResult hash = await RunAsync(hub, "inspect", Id, "--hash", "--json");
        CommandResult deep = await RunAsync(hub, "validate", Id, "--deep", "--json");

        Assert.Equal((0, "runs", "managed"), (plan.ExitCode, plan.Json.GetProperty("verdict").GetString(), plan.Json.GetProperty("winner").GetString()));
        Assert.True(plan.Json.GetProperty("download_bytes").GetInt64() > 1_000_000);
        Assert.Equal((5, "does_not_run"), (tight.ExitCode, tight.Json.GetProperty("verdict").GetString()));
        Assert.Equal($"{Id}/stories-Q8_0.gguf", Assert.Single(inspect.Json.GetProperty("files").EnumerateArray()).GetString());
        Assert.Equal((2, 2), (hash.ExitCode, deep.ExitCode));
        Assert.True(hub.Requests.Where(r => r.Origin == FakeOrigin.Data).Sum(r => r.BytesSent) < 1_000_000);
    }

    [Theory]
    [InlineData("owner/absent", 6, "No such file or directory")]
    [InlineData("owner/private", 6, "llmtk hub login")]
    [InlineData("owner/gated", 7, "llmtk hub login")]
    [InlineData("owner/stories@v9", 6, "main")]
    [InlineData("owner/stories:Q2_K", 6, "Q8_0")]
    public async Task Refusals_NameTheNextStep(string model, int exitCode, string word)
    {
        await using FakeHub hub = await StartAsync();

        CommandResult result = await RunAsync(hub, "run", model, "x", "--json");

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(word, result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShortNamesAndTheDefaultModel_AreTaken()
    {
        await using FakeHub hub = await StartAsync();

        await RunAsync(hub, "alias", "set", "st", Id);
        await RunAsync(hub, "config", "set", "model", "st");
        CommandResult named = await RunAsync(hub, "run", "st", "Once", "--raw", "--max-tokens", "2", "--json");
        CommandResult byDefault = await RunAsync(hub, "run", "--prompt", "Once upon", "--raw", "--max-tokens", "2", "--json");
        CommandResult tokens = await RunAsync(hub, "tokenize", "st", "--text", "Once", "--json");
        CommandResult shown = await RunAsync(hub, "config", "get", "model", "--json");
        CommandResult aliases = await RunAsync(hub, "alias", "list", "--json");

        Assert.Equal((0, 0, 0), (named.ExitCode, byDefault.ExitCode, tokens.ExitCode));
        Assert.Equal(("st", "configuration"), (shown.Json.GetProperty("value").GetString(), shown.Json.GetProperty("from").GetString()));
        Assert.Equal(Id, Assert.Single(aliases.Json.EnumerateArray()).GetProperty("model").GetString());
    }

    [Fact]
    public async Task Cache_ListsVerifiesPrunesDeletes()
    {
        await using FakeHub hub = await StartAsync();
        await RunAsync(hub, "hub", "download", Id, "--json");

        JsonElement list = (await RunAsync(hub, "hub", "cache", "list", "--json")).Json;
        JsonElement info = (await RunAsync(hub, "hub", "cache", "info", "--json")).Json;
        CommandResult verified = await RunAsync(hub, "hub", "cache", "verify", Id, "--json");
        JsonElement pruned = (await RunAsync(hub, "hub", "cache", "prune", "--json")).Json;
        JsonElement deleted = (await RunAsync(hub, "hub", "cache", "delete", Id, "--json")).Json;
        CommandResult again = await RunAsync(hub, "hub", "cache", "delete", Id, "--json");

        Assert.Equal((Id, "model"), (list[0].GetProperty("repo_id").GetString(), list[0].GetProperty("repo_type").GetString()));
        Assert.Equal(list[0].GetProperty("size_on_disk").GetInt64(), info.GetProperty("size_on_disk").GetInt64());
        Assert.Equal((0, 2), (verified.ExitCode, verified.Json.GetProperty("sound").GetInt32()));
        Assert.Equal(0, pruned.GetProperty("bytes_freed").GetInt64());
        Assert.Equal(info.GetProperty("size_on_disk").GetInt64(), deleted.GetProperty("bytes_freed").GetInt64());
        Assert.Equal((2, "LT6030"), (again.ExitCode, again.ErrorCode));
    }

    /// <summary>The commit that the cache keeps for main.</summary>
    private Task<string> CommitAsync(FakeHub hub) => File.ReadAllTextAsync(Path.Combine(hub.Environment(_home.Path)["HF_HOME"], "hub", "models--owner--stories", "refs", "main"), Token);

    private static async Task<FakeHub> StartAsync()
    {
        FakeHub hub = await FakeHub.StartAsync(null, Token);
        Dictionary<string, byte[]> files = new()
        {
            ["stories-Q8_0.gguf"] = await File.ReadAllBytesAsync(CommandLine.Model, Token),
            ["mmproj-stories.gguf"] = new byte[1000],
            ["README.md"] = "# Stories\n"u8.ToArray(),
        };
        hub.AddRepository(Id, files);
        hub.AddRepository("owner/private", files).IsPrivate = true;
        hub.AddRepository("owner/gated", files).Gate = FakeGate.Manual;
        return hub;
    }

    private Task<CommandResult> RunAsync(FakeHub hub, params string[] arguments) => RunAsync(hub, [], arguments);

    private Task<CommandResult> RunAsync(FakeHub hub, string[] environment, params string[] arguments)
    {
        Dictionary<string, string> variables = new(hub.Environment(_home.Path));
        foreach (string pair in environment)
        {
            variables[pair.Split('=')[0]] = pair.Split('=')[1];
        }

        return HubProcess.RunAsync(variables, arguments, Token);
    }
}
