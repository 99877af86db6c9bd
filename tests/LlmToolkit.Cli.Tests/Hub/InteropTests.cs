using System.Diagnostics;
using System.Text.Json;
using LlmToolkit.Testing;
using LlmToolkit.Tests;

namespace LlmToolkit.Cli.Tests.Hub;

/// <summary>One cache, shared with the field's own clients: what they put there is used by this tool, and the reverse. Against the fake Hub, with the real clients where they are installed.</summary>
public sealed class InteropTests : IDisposable
{
    private readonly TemporaryFolder _home = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Folder => Path.Combine(SharedData.Repository, "tests", "interop");

    private string Cache => Path.Combine(_home.Path, "huggingface", "hub");

    /// <summary>The clients: the program, and its script.</summary>
    public static TheoryData<string> Clients => ["node", "python"];

    public void Dispose() => _home.Dispose();

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task TheirCache_IsUsedByOurs(string client)
    {
        Require(client);
        await using FakeHub hub = await StartAsync();
        FakeRepository repository = Add(hub);
        RunClient(client, "download", Address(hub), repository.Id, "main", Cache);
        hub.ClearRequests();

        JsonElement branch = await OursAsync(hub, "hub", "download", repository.Id, "--include", "*", "--json");
        int requests = hub.Requests.Count;
        JsonElement pinned = await OursAsync(hub, "hub", "download", $"{repository.Id}@{repository.Commit}", "--include", "*", "--json");
        JsonElement offline = await OursAsync(hub, ["HF_HUB_OFFLINE=1"], "run", repository.Id, "Once upon a time", "--raw", "--max-tokens", "4", "--json");
        JsonElement verified = await OursAsync(hub, "hub", "cache", "verify", repository.Id, "--json");

        Assert.Equal((0, 0), (branch.GetProperty("bytes_fetched").GetInt64(), pinned.GetProperty("bytes_fetched").GetInt64()));
        Assert.All(branch.GetProperty("files").EnumerateArray(), f => Assert.Equal("cache", f.GetProperty("from").GetString()));
        Assert.Equal(1, requests);
        Assert.NotEmpty(offline.GetProperty("text").GetString()!);
        Assert.Equal((0, 0, 0), (verified.GetProperty("differs").GetInt32(), verified.GetProperty("missing").GetInt32(), verified.GetProperty("extra").GetInt32()));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task OurCache_IsUsedByThem(string client)
    {
        Require(client);
        await using FakeHub hub = await StartAsync();
        FakeRepository repository = Add(hub);
        JsonElement ours = await OursAsync(hub, "hub", "download", repository.Id, "--include", "*", "--json");
        hub.ClearRequests();

        JsonElement theirs = RunClient(client, "download", Address(hub), repository.Id, "main", Cache);
        long fetched = hub.Requests.Where(r => r.Method == "GET" && (r.Origin == FakeOrigin.Data || r.Path.Contains("/resolve", StringComparison.Ordinal))).Sum(r => r.BytesSent);
        JsonElement scan = RunClient(client, "scan", Cache);

        Assert.Equal(ours.GetProperty("path").GetString(), theirs.GetProperty("folder").GetString());
        Assert.Equal(0, fetched);
        Assert.Empty(scan.GetProperty("warnings").EnumerateArray());
        JsonElement found = Assert.Single(scan.GetProperty("repos").EnumerateArray());
        Assert.Equal((repository.Id, "model"), (found.GetProperty("name").GetString(), found.GetProperty("type").GetString()));
        JsonElement revision = Assert.Single(found.GetProperty("revisions").EnumerateArray());
        Assert.Equal((repository.Commit, "main"), (revision.GetProperty("commit").GetString(), Assert.Single(revision.GetProperty("refs").EnumerateArray()).GetString()));
        // The npm client's scan does not enter folders.
        Assert.Equal(
            ours.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("path").GetString()!).Where(p => client != "node" || !p.Contains('/', StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            revision.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("path").GetString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task OurCache_IsEnoughForPythonOffline()
    {
        Require("python");
        await using FakeHub hub = await StartAsync();
        FakeRepository repository = Add(hub);
        JsonElement ours = await OursAsync(hub, "hub", "download", repository.Id, "--include", "*", "--json");

        JsonElement theirs = RunClient("python", "offline", repository.Id, "main", Cache);

        Assert.Equal(ours.GetProperty("path").GetString(), theirs.GetProperty("folder").GetString());
    }

    private static Task<FakeHub> StartAsync() => FakeHub.StartAsync(null, Token);

    private static FakeRepository Add(FakeHub hub) => hub.AddRepository("owner/stories", new Dictionary<string, byte[]>
    {
        ["stories.gguf"] = File.ReadAllBytes(CommandLine.Model),
        ["README.md"] = "# Stories\n"u8.ToArray(),
        ["folder/inner/notes.txt"] = "notes"u8.ToArray(),
        ["folder/same.txt"] = "notes"u8.ToArray(),
    });

    private static string Address(FakeHub hub) => hub.Endpoint.GetLeftPart(UriPartial.Authority);

    private static void Require(string client)
    {
        Assert.SkipWhen(client == "node" && !Directory.Exists(Path.Combine(Folder, "node_modules")), "The npm client is not installed: npm ci in tests/interop.");
        Assert.SkipWhen(client == "python" && TryRun("python3", "-c", "import huggingface_hub").Code != 0, "Python's huggingface_hub is not installed.");
    }

    private static JsonElement RunClient(string client, params string[] arguments)
    {
        (int code, string output, string error) = client == "node" ? TryRun("node", [Path.Combine(Folder, "hub.mjs"), .. arguments]) : TryRun("python3", [Path.Combine(Folder, "hub.py"), .. arguments]);
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.Clone();
    }

    private static (int Code, string Output, string Error) TryRun(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder })!;
            Task<string> error = process.StandardError.ReadToEndAsync(Token);
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.GetAwaiter().GetResult());
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, "", e.Message);
        }
    }

    private Task<JsonElement> OursAsync(FakeHub hub, params string[] arguments) => OursAsync(hub, [], arguments);

    private async Task<JsonElement> OursAsync(FakeHub hub, string[] environment, params string[] arguments)
    {
        Dictionary<string, string> variables = new(hub.Environment(_home.Path));
        foreach (string pair in environment)
        {
            variables[pair.Split('=')[0]] = pair.Split('=')[1];
        }

        CommandResult result = await HubProcess.RunAsync(variables, arguments, Token);
        Assert.True(result.ExitCode == 0, result.Out + result.Error);
        return result.Json;
    }
}
