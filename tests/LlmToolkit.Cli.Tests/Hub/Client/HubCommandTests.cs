using System.Net;
using System.Text;
using System.Text.Json;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Tests.Hub.Client;

/// <summary><c>hub login|logout|whoami|info|files|search</c>, over a network of the test's own.</summary>
public sealed class HubCommandTests : IDisposable
{
    private const string Token = "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";
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const string Me = """{"type":"user","name":"me","fullname":"Me Myself","email":"me@x.test","orgs":[{"name":"team"}],"auth":{"type":"access_token","accessToken":{"displayName":"laptop","role":"read"}}}""";

    private const string Info = """
        {"id":"owner/name","author":"owner","sha":"0123456789abcdef0123456789abcdef01234567","lastModified":"2026-01-02T03:04:05.000Z","private":false,"gated":"manual","downloads":12,"likes":3,
         "tags":["gguf","license:mit"],"pipeline_tag":"text-generation","gguf":{"total":7000000,"architecture":"llama","context_length":2048},
         "siblings":[{"rfilename":"config.json","size":20,"blobId":"1111111111111111111111111111111111111111"},
                     {"rfilename":"m-\u001b[2J.gguf","size":2048,"blobId":"1111111111111111111111111111111111111111","lfs":{"sha256":"2222222222222222222222222222222222222222222222222222222222222222","size":2048}}]}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables = [];
    private readonly Network _network = new();

    public void Dispose()
    {
        _folder.Dispose();
        _network.Dispose();
    }

    private async Task<CommandResult> RunAsync(string? input, string[] args, Func<string, string?>? ask = null)
    {
        using MemoryStream output = new();
        using StringWriter error = new() { NewLine = "\n" };
        CliHost host = new()
        {
            In = new MemoryStream(Encoding.UTF8.GetBytes(input ?? "")),
            Out = output,
            Error = error,
            InRedirected = input is not null,
            OutRedirected = true,
            ErrorRedirected = true,
            AskSecret = (prompt, _) => ask?.Invoke(prompt),
            // A named file keeps the test away from this machine's keyring.
            HubSettings = () => HubSettings.FromEnvironment(name => name switch
            {
                "HF_ENDPOINT" => "https://hub.example",
                "HF_TOKEN_PATH" => TokenFile,
                _ => _variables.GetValueOrDefault(name),
            }, _folder.Path),
            HubHandler = _network,
        };
        int code = await Program.RunAsync(args, host, TestContext.Current.CancellationToken);
        CommandResult result = new(code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
        Assert.DoesNotContain("SecretSecret", result.Out + result.Error, StringComparison.Ordinal);
        return result;
    }

    private Task<CommandResult> RunAsync(params string[] args) => RunAsync(null, args);

    private string TokenFile => Path.Combine(_folder.Path, "hf", "token");

    [Fact]
    public async Task Login_PipedToken_IsCheckedAndKept()
    {
        _network.Answer("/api/whoami-v2", Me);

        CommandResult login = await RunAsync($"  {Token}\n", ["hub", "login"]);

        Assert.Equal((0, ""), (login.ExitCode, login.Error));
        Assert.Equal($"signed in as me; the token (…wxyz) is kept in {TokenFile}, a plain file\n", login.Out);
        Assert.Equal(Token, await File.ReadAllTextAsync(TokenFile, TestContext.Current.CancellationToken));
        Assert.Equal($"Bearer {Token}", Assert.Single(_network.Sent).Headers.Authorization!.ToString());
    }

    [Fact]
    public async Task Login_AtATerminal_Asks()
    {
        _network.Answer("/api/whoami-v2", Me);
        string? asked = null;

        CommandResult login = await RunAsync(null, ["hub", "login", "--json"], prompt =>
        {
            asked = prompt;
            return Token;
        });

        Assert.Equal("Token (it is not shown): ", asked);
        JsonElement json = login.Json;
        Assert.Equal(("me", "Me Myself", TokenFile, true), (json.GetProperty("name").GetString(), json.GetProperty("fullname").GetString(), json.GetProperty("stored").GetString(), json.GetProperty("plain").GetBoolean()));
        Assert.Equal("read", json.GetProperty("auth").GetProperty("accessToken").GetProperty("role").GetString());
    }

    [Fact]
    public async Task Login_TokenAsArgument_WarnsThatItCanBeSeen()
    {
        _network.Answer("/api/whoami-v2", Me);

        CommandResult login = await RunAsync("hub", "login", "--token", Token);

        Assert.Equal(0, login.ExitCode);
        Assert.Contains("list of processes", login.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 2, "LT6014")]
    [InlineData(" \n", 2, "LT6014")]
    [InlineData("two words", 7, "LT6013")]
    [InlineData(Token, 7, "LT6172")]
    public async Task Login_WhatIsNoToken_IsNotKept(string input, int exit, string code)
    {
        _network.Answer("/api/whoami-v2", """{"error":"Invalid credentials in Authorization header"}""", HttpStatusCode.Unauthorized);

        CommandResult login = await RunAsync(input, ["hub", "login", "--json"]);

        Assert.Equal((exit, code), (login.ExitCode, login.ErrorCode));
        Assert.False(File.Exists(TokenFile));
    }

    [Fact]
    public async Task Login_VariableThatWins_IsNamed()
    {
        _variables["HF_TOKEN"] = "hf_another_one_that_is_set_1234";
        _network.Answer("/api/whoami-v2", Me);

        CommandResult login = await RunAsync(Token, ["hub", "login"]);

        Assert.Equal("note: HF_TOKEN is set (…1234) and goes before what was kept now\n", login.Error);
    }

    [Fact]
    public async Task Logout_RemovesWhatIsKeptAndNamesWhatIsNot()
    {
        _network.Answer("/api/whoami-v2", Me);
        await RunAsync(Token, ["hub", "login"]);
        _variables["HF_TOKEN"] = "hf_another_one_that_is_set_1234";

        CommandResult first = await RunAsync("hub", "logout");
        CommandResult second = await RunAsync("hub", "logout", "--json");

        Assert.Equal($"removed the token from {TokenFile}\n", first.Out);
        Assert.Contains("HF_TOKEN, …1234; unset the variable", first.Error, StringComparison.Ordinal);
        Assert.Equal((0, "HF_TOKEN"), (second.Json.GetProperty("removed").GetArrayLength(), second.Json.GetProperty("left").GetString()));
        Assert.False(File.Exists(TokenFile));
    }

    [Fact]
    public async Task WhoAmI_TokenOfTheEnvironment_IsNamed()
    {
        _variables["HF_TOKEN"] = Token;
        _variables["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
        _network.Answer("/api/whoami-v2", Me);

        CommandResult text = await RunAsync("hub", "whoami");
        CommandResult json = await RunAsync("hub", "whoami", "--json");

        Assert.Equal("me (Me Myself)\norganisations: team\ntoken: laptop, read, from HF_TOKEN, …wxyz, for hub.example\n", text.Out);
        Assert.Equal(("HF_TOKEN", "…wxyz", "team"), (json.Json.GetProperty("source").GetString(), json.Json.GetProperty("token").GetString(), json.Json.GetProperty("orgs")[0].GetProperty("name").GetString()));
    }

    [Fact]
    public async Task WhoAmI_Nobody_SaysHowToSignIn()
    {
        CommandResult nobody = await RunAsync("hub", "whoami", "--json");

        Assert.Equal((7, "LT6012"), (nobody.ExitCode, nobody.ErrorCode));
        Assert.Contains("llmtk hub login", nobody.Out, StringComparison.Ordinal);
        Assert.Empty(_network.Sent);
    }

    [Fact]
    public async Task Info_Facts_AreShownWithoutWhatATerminalObeys()
    {
        _network.Answer("/api/models/owner/name/revision/v1", Info);
        _network.Answer("/api/models/owner/name/refs", $$"""{"branches":[{"name":"main","ref":"refs/heads/main","targetCommit":"{{Commit}}"}],"tags":[{"name":"v1","ref":"refs/tags/v1","targetCommit":"{{Commit}}"}]}""");
        _network.Answer("/api/models/owner/name/revision/main", Info.Replace("\\u001b[2J", "x", StringComparison.Ordinal));

        CommandResult text = await RunAsync("hub", "info", "owner/name");
        CommandResult hostile = await RunAsync("hub", "info", "owner/name@v1", "--json");
        CommandResult json = await RunAsync("hub", "info", "owner/name", "--json");

        Assert.Equal(0, text.ExitCode);
        foreach (string line in (string[])["name:         owner/name", "licence:      mit", "parameters:   7.0M", "files:        2, 2.0 KiB", "branches:     main", "tags:         v1", "gate:         manual: accept"])
        {
            Assert.Contains(line, text.Out, StringComparison.Ordinal);
        }

        // A name that steers a terminal is none of a file's.
        Assert.Equal((6, "LT6006"), (hostile.ExitCode, hostile.ErrorCode));
        Assert.DoesNotContain('\u001b', hostile.Out);
        JsonElement info = json.Json;
        Assert.Equal(("owner/name", Commit, "manual", 12), (info.GetProperty("id").GetString(), info.GetProperty("sha").GetString(), info.GetProperty("gated").GetString(), info.GetProperty("downloads").GetInt32()));
        Assert.Equal(("config.json", 20L), (info.GetProperty("siblings")[0].GetProperty("rfilename").GetString(), info.GetProperty("siblings")[0].GetProperty("size").GetInt64()));
        Assert.Equal(2048, info.GetProperty("siblings")[1].GetProperty("lfs").GetProperty("size").GetInt64());
        Assert.Equal("v1", info.GetProperty("refs").GetProperty("tags")[0].GetProperty("name").GetString());
        Assert.Equal("2026-01-02T03:04:05.000Z", info.GetProperty("lastModified").GetString());
    }

    [Fact]
    public async Task Files_Listing_IsATableOrTheHubsEntries()
    {
        _network.Answer("/api/models/owner/name/revision/main", Info.Replace("\\u001b[2J", "x", StringComparison.Ordinal));

        CommandResult text = await RunAsync("hub", "files", "owner/name");
        CommandResult json = await RunAsync("hub", "files", "owner/name", "--json");

        Assert.Contains($"2 files, 2.0 KiB, commit {Commit}", text.Out, StringComparison.Ordinal);
        Assert.Contains("config.json", text.Out, StringComparison.Ordinal);
        JsonElement entry = json.Json[1];
        Assert.Equal(("file", "m-x.gguf", 2048L), (entry.GetProperty("type").GetString(), entry.GetProperty("path").GetString(), entry.GetProperty("size").GetInt64()));
        Assert.Equal(64, entry.GetProperty("lfs").GetProperty("oid").GetString()!.Length);
    }

    [Theory]
    [InlineData(401, "RepoNotFound", null, 6, "LT6159")]
    [InlineData(404, "RepoNotFound", Token, 6, "LT6150")]
    [InlineData(403, "GatedRepo", Token, 7, "LT6171")]
    [InlineData(401, "GatedRepo", null, 7, "LT6170")]
    [InlineData(401, null, Token, 7, "LT6172")]
    [InlineData(404, "RevisionNotFound", null, 6, "LT6151")]
    public async Task Files_ANo_HasItsExitCode(int status, string? error, string? token, int exit, string code)
    {
        _network.Answer("/api/models/owner/name/revision/main", "{}", (HttpStatusCode)status, error is null ? [] : [("X-Error-Code", error), ("X-Request-Id", "abc")]);

        CommandResult files = await RunAsync(["hub", "files", "owner/name", "--json", .. token is null ? Array.Empty<string>() : ["--token", token]]);

        Assert.Equal((exit, code), (files.ExitCode, files.ErrorCode));
    }

    [Fact]
    public async Task Search_Filters_BecomeTheHubsQuestion()
    {
        _network.Answer("/api/models", """[{"id":"a/1","downloads":5,"safetensors":{"total":1500000000}},{"id":"a/2","gated":"auto"}]""");

        CommandResult text = await RunAsync("hub", "search", "tiny", "--filter", "gguf", "--filter", "en", "--author", "a", "--task", "text-generation", "--min-parameters", "1b", "--gated", "false", "--sort", "likes", "--limit", "7");
        CommandResult json = await RunAsync("hub", "search", "--json");

        Assert.StartsWith("?search=tiny&author=a&filter=gguf&filter=en&pipeline_tag=text-generation&gated=false&num_parameters=min%3A1B&sort=likes&limit=7&", _network.Sent[0].RequestUri!.Query, StringComparison.Ordinal);
        Assert.Contains("a/1", text.Out, StringComparison.Ordinal);
        Assert.Contains("1.50B", text.Out, StringComparison.Ordinal);
        Assert.Equal(["a/1", "a/2"], json.Json.EnumerateArray().Select(m => m.GetProperty("id").GetString()));
        Assert.Equal((JsonValueKind.False, "auto"), (json.Json[0].GetProperty("gated").ValueKind, json.Json[1].GetProperty("gated").GetString()));
    }

    [Fact]
    public async Task Search_NothingFits_IsAnEmptyAnswer()
    {
        _network.Answer("/api/models", "[]");

        CommandResult text = await RunAsync("hub", "search", "zzz");
        CommandResult json = await RunAsync("hub", "search", "zzz", "--json");

        Assert.Equal((0, "", "nothing on the Hub fits\n"), (text.ExitCode, text.Out, text.Error));
        Assert.Equal("[]\n", json.Out);
    }

    [Theory]
    [InlineData("hub info a/b/c")]
    [InlineData("hub info ../x")]
    [InlineData("hub info owner/name:Q4_K_M")]
    [InlineData("hub info owner/name@v1 --revision v2")]
    [InlineData("hub info owner/name --revision ../x")]
    [InlineData("hub info owner/name --repo-type kernel")]
    [InlineData("hub search x --limit 0")]
    [InlineData("hub search x --sort size")]
    [InlineData("hub search x --min-parameters many")]
    [InlineData("hub")]
    [InlineData("hub logn")]
    [InlineData("hub files")]
    public async Task WrongUsage_AsksNothing(string line)
    {
        CommandResult wrong = await RunAsync([.. line.Split(' '), "--json"]);

        Assert.Equal(2, wrong.ExitCode);
        Assert.StartsWith("LT80", wrong.ErrorCode, StringComparison.Ordinal);
        Assert.Empty(_network.Sent);
    }

    [Fact]
    public async Task Group_MisspeltCommand_NamesTheNearest() =>
        Assert.Contains("Did you mean login?", (await RunAsync("hub", "logn")).Error, StringComparison.Ordinal);

    [Fact]
    public async Task Offline_AsksNothing()
    {
        _variables["HF_HUB_OFFLINE"] = "1";

        CommandResult files = await RunAsync("hub", "files", "owner/name", "--json");

        Assert.Equal((6, "LT6002"), (files.ExitCode, files.ErrorCode));
        Assert.Empty(_network.Sent);
    }

    [Fact]
    public async Task Warning_OfTheHub_GoesToStderr()
    {
        _network.Answer("/api/models", "[]", HttpStatusCode.OK, ("X-HF-Warning", "old; Use the new one"));

        Assert.Contains("The Hub says: Use the new one", (await RunAsync("hub", "search", "--json")).Error, StringComparison.Ordinal);
        Assert.Equal("", (await RunAsync("hub", "search", "--json", "--quiet")).Error);
    }

    /// <summary>Answers by path; what no answer was given for does not exist.</summary>
    private sealed class Network : HttpMessageHandler
    {
        private readonly Dictionary<string, Func<HttpResponseMessage>> _answers = [];

        public List<HttpRequestMessage> Sent { get; } = [];

        public void Answer(string path, string json, HttpStatusCode status = HttpStatusCode.OK, params (string Name, string Value)[] headers) => _answers[path] = () =>
        {
            HttpResponseMessage response = new(status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
            foreach ((string name, string value) in headers)
            {
                response.Headers.TryAddWithoutValidation(name, value);
            }

            return response;
        };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Sent.Add(request);
            return Task.FromResult(_answers.TryGetValue(request.RequestUri!.AbsolutePath, out Func<HttpResponseMessage>? answer) ? answer() : new HttpResponseMessage(HttpStatusCode.NotFound));
        }
    }
}
