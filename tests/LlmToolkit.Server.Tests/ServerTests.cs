using System.Net.Http.Headers;
using System.Text.Json;
using LlmToolkit.Testing;

namespace LlmToolkit.Server.Tests;

/// <summary>What holds for every endpoint: models, health, keys, errors, the queue, and clients that leave.</summary>
public sealed class ServerTests
{
    private const string Chat = "/v1/chat/completions";

    [Fact]
    public async Task Models_Listed_HaveIdAndLength()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("Hi"), "org/model:tag");

        (int status, JsonElement body) = await server.GetAsync("/v1/models");
        (int one, JsonElement model) = await server.GetAsync("/v1/models/org%2Fmodel%3Atag");
        (int plain, _) = await server.GetAsync("/v1/models/org/model:tag");
        (int unknown, JsonElement error) = await server.GetAsync("/v1/models/other");

        Assert.Equal((200, 200, 200, 404), (status, one, plain, unknown));
        Assert.Equal("list", body.GetProperty("object").GetString());
        Assert.Equal("org/model:tag", Assert.Single(body.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal("model", model.GetProperty("object").GetString());
        Assert.Equal(4096, model.GetProperty("max_model_len").GetInt32());
        Assert.True(model.GetProperty("created").GetInt64() > 0);
        Assert.Equal("model_not_found", error.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("GET", "/healthz", 200)]
    [InlineData("HEAD", "/healthz", 200)]
    [InlineData("GET", "/", 200)]
    [InlineData("HEAD", "/", 200)]
    [InlineData("GET", "/v1/models/", 200)]
    [InlineData("OPTIONS", "/v1/chat/completions", 204)]
    [InlineData("GET", "/v1/chat/completions", 405)]
    [InlineData("GET", "/v1/nothing.html", 404)]
    public async Task Route_AnyMethod_AnswersWithRequestId(string method, string path, int expected)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("Hi"));
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri(path, UriKind.Relative));

        using HttpResponseMessage response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.NotEmpty(Assert.Single(response.Headers.GetValues("x-request-id")));
        if (expected >= 400)
        {
            JsonElement error = TestServer.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("error");
            Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(p => p.Name));
        }
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("Bearer wrong", 401)]
    [InlineData("Bearer secret", 200)]
    public async Task Key_Asked_AdmitsOnlyItsHolder(string? header, int expected)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("Hi"), key: "secret");
        server.Client.DefaultRequestHeaders.Authorization = header is null ? null : AuthenticationHeaderValue.Parse(header);

        (int status, JsonElement body) = await server.GetAsync("/v1/models");
        (int health, _) = await server.GetAsync("/healthz");

        Assert.Equal((expected, 200), (status, health));
        Assert.True(status == 200 || body.GetProperty("error").GetProperty("code").GetString() == "invalid_api_key");
    }

    [Theory]
    [InlineData("no JSON", "not json", 400, null)]
    [InlineData("no object", "[]", 400, null)]
    [InlineData("no messages", """{"model":"fake"}""", 400, "messages")]
    [InlineData("empty messages", """{"model":"fake","messages":[]}""", 400, "messages")]
    [InlineData("odd role", """{"model":"fake","messages":[{"role":"robot","content":"x"}]}""", 400, "messages")]
    [InlineData("image", """{"model":"fake","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", 400, "messages")]
    [InlineData("half a surrogate", """{"model":"fake","messages":[{"role":"user","content":"\ud800"}]}""", 400, "messages")]
    [InlineData("temperature as text", """{"model":"fake","messages":[{"role":"user","content":"x"}],"temperature":"hot"}""", 400, "temperature")]
    [InlineData("temperature too high", """{"model":"fake","messages":[{"role":"user","content":"x"}],"temperature":3}""", 400, "temperature")]
    [InlineData("max_tokens 0", """{"model":"fake","messages":[{"role":"user","content":"x"}],"max_tokens":0}""", 400, "max_tokens")]
    [InlineData("model as number", """{"model":1,"messages":[{"role":"user","content":"x"}]}""", 400, "model")]
    [InlineData("stop as number", """{"model":"fake","messages":[{"role":"user","content":"x"}],"stop":1}""", 400, "stop")]
    [InlineData("tools", """{"model":"fake","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}]}""", 400, "tools")]
    [InlineData("unknown model", """{"model":"other","messages":[{"role":"user","content":"x"}]}""", 404, null)]
    public async Task Chat_BadRequest_SaysWhichField(string what, string json, int expected, string? parameter)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("Hi"));

        (int status, JsonElement body) = await server.PostAsync(Chat, json);

        JsonElement error = body.GetProperty("error");
        Assert.True(status == expected, $"{what}: {status} {body}");
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(parameter, error.GetProperty("param").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    [Theory]
    [InlineData(Chat, false)]
    [InlineData(Chat, true)]
    [InlineData("/v1/completions", false)]
    [InlineData("/v1/completions", true)]
    public async Task Prompt_OverTheContext_Is400WithBothNumbers(string path, bool stream)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel(_ => "Hi", contextLength: 64));
        string text = new('x', 100);
        string flag = stream ? "true" : "false";

        (int status, JsonElement body) = await server.PostAsync(path, path == Chat
            ? $$"""{"messages":[{"role":"user","content":"{{text}}"}],"stream":{{flag}}}"""
            : $$"""{"prompt":"{{text}}","stream":{{flag}}}""");

        JsonElement error = body.GetProperty("error");
        Assert.Equal(400, status);
        Assert.Equal("context_length_exceeded", error.GetProperty("code").GetString());
        Assert.Contains("64", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_TooLarge_Is413()
    {
        await using TestServer server = await TestServer.StartAsync(new Dictionary<string, ILanguageModel> { ["fake"] = new FakeModel("Hi") }, maxRequestBytes: 1000);

        (int status, JsonElement body) = await server.PostAsync(Chat, $$"""{"messages":[{"role":"user","content":"{{new string('x', 2000)}}"}]}""");

        Assert.Equal(413, status);
        Assert.Equal("invalid_request_error", body.GetProperty("error").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Chat_ModelFails_Is500AndTheNextRequestWorks()
    {
        FakeModel model = new("Hi") { Failure = new ModelException(new Diagnostic { Code = "LT9999", Kind = FaultKind.Unexpected, Message = "The fake failed." }) };
        await using TestServer server = await TestServer.StartAsync(model);
        const string Request = """{"messages":[{"role":"user","content":"x"}]}""";

        (int failed, JsonElement body) = await server.PostAsync(Chat, Request);
        model.Failure = null;
        (int worked, _) = await server.PostAsync(Chat, Request);

        Assert.Equal((500, 200), (failed, worked));
        Assert.Equal("server_error", body.GetProperty("error").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Stream_ModelFailsInTheMiddle_TellsAndBreaksTheConnection()
    {
        FakeModel model = new(new string('a', 2000)) { Delay = TimeSpan.FromMilliseconds(1) };
        await using TestServer server = await TestServer.StartAsync(model);
        using HttpResponseMessage response = await server.BeginAsync(Chat, """{"messages":[{"role":"user","content":"x"}],"stream":true}""");
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        model.Failure = new ModelException(new Diagnostic { Code = "LT9999", Kind = FaultKind.Unexpected, Message = "The fake failed." });

        List<string> lines = [];
        Exception? broken = await Record.ExceptionAsync(async () =>
        {
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is string line)
            {
                lines.Add(line);
            }
        });

        Assert.NotNull(broken);
        Assert.DoesNotContain("data: [DONE]", lines);
    }

    [Fact]
    public async Task Client_Gone_GenerationStopsAndTheSlotIsFree()
    {
        FakeModel model = new((string prompt) => prompt.Contains("long", StringComparison.Ordinal) ? new string('a', 3000) : "Hi") { Delay = TimeSpan.FromMilliseconds(2) };
        await using TestServer server = await TestServer.StartAsync(model);
        using (HttpResponseMessage response = await server.BeginAsync(Chat, """{"messages":[{"role":"user","content":"long"}],"stream":true}"""))
        {
            using StreamReader reader = new(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            Assert.NotNull(await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        }

        (int status, JsonElement body) = await server.PostAsync(Chat, """{"messages":[{"role":"user","content":"short"}]}""");

        Assert.Equal(200, status);
        Assert.Equal("Hi", Content(body));
        Assert.InRange(model.TokensForwarded, 1, 2900);
    }

    [Fact]
    public async Task Requests_AtOnce_WaitForTheirTurn()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel((string prompt) => prompt) { Delay = TimeSpan.FromMilliseconds(1) });

        (int Status, JsonElement Body)[] answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i =>
            server.PostAsync(Chat, $$"""{"messages":[{"role":"user","content":"number {{i}}"}]}""")));

        Assert.All(answers, a => Assert.Equal(200, a.Status));
        Assert.All(answers.Index(), a => Assert.Contains($"number {a.Index}", Content(a.Item.Body), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Requests_OverTheQueue_AreToldToComeAgain()
    {
        FakeModel model = new(new string('a', 3000)) { Delay = TimeSpan.FromMilliseconds(2) };
        await using TestServer server = await TestServer.StartAsync(model, queueLimit: 0);
        const string Request = """{"messages":[{"role":"user","content":"x"}],"stream":true}""";
        using HttpResponseMessage running = await server.BeginAsync(Chat, Request);

        using HttpResponseMessage refused = await server.BeginAsync(Chat, Request);

        Assert.Equal((200, 429), ((int)running.StatusCode, (int)refused.StatusCode));
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("nowhere.example", 0, "LT7002")]
    [InlineData("127.0.0.1", 70000, "LT7003")]
    [InlineData("203.0.113.1", 0, "LT7001")]
    public async Task Start_BadAddress_SaysWhatToTake(string host, int port, string code)
    {
        await using FakeModel model = new("Hi");

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => LlmServer.StartAsync(
            new LlmServerOptions { Models = new Dictionary<string, ILanguageModel> { ["fake"] = model }, Host = host, Port = port }, TestContext.Current.CancellationToken));

        Assert.Equal(code, error.Diagnostic.Code);
    }

    private static string Content(JsonElement body) => body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
}
