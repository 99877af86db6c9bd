using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using LlmToolkit.Tests;

namespace LlmToolkit.Server.Tests;

/// <summary>A server on a free port, with a client of it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly LlmServer _server;
    private readonly IReadOnlyList<IAsyncDisposable> _owned;

    private TestServer(LlmServer server, IReadOnlyList<IAsyncDisposable> owned)
    {
        (_server, _owned) = (server, owned);
        Client = new HttpClient { BaseAddress = server.Url };
    }

    public Uri Url => _server.Url;

    public HttpClient Client { get; }

    /// <summary>Path of the model that is part of the product.</summary>
    public static string EmbeddedPath => Path.Combine(SharedData.Repository, "src", "LlmToolkit.Cli", "Models", "tiny-stories-q8_0.gguf");

    public static Task<TestServer> StartAsync(ILanguageModel model, string id = "fake", string? key = null, int queueLimit = 64) =>
        StartAsync(new Dictionary<string, ILanguageModel> { [id] = model }, key, queueLimit);

    public static async Task<TestServer> StartAsync(IReadOnlyDictionary<string, ILanguageModel> models, string? key = null, int queueLimit = 64, long maxRequestBytes = 16 << 20) =>
        new(await LlmServer.StartAsync(
            new LlmServerOptions { Models = models, Port = 0, ApiKey = key, QueueLimit = queueLimit, MaxRequestBytes = maxRequestBytes }, TestContext.Current.CancellationToken), [.. models.Values]);

    /// <summary>Posts JSON and gives the status and the parsed answer.</summary>
    public async Task<(int Status, JsonElement Body)> PostAsync(string path, string json)
    {
        using HttpResponseMessage response = await Client.PostAsync(new Uri(path, UriKind.Relative), Content(json), TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    public async Task<(int Status, JsonElement Body)> GetAsync(string path)
    {
        using HttpResponseMessage response = await Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>The data of each event of a stream, [DONE] among them.</summary>
    public async Task<List<string>> StreamAsync(string path, string json)
    {
        using HttpResponseMessage response = await Client.PostAsync(new Uri(path, UriKind.Relative), Content(json), TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(e => !e.StartsWith(':')).Select(e =>
        {
            Assert.StartsWith("data: ", e, StringComparison.Ordinal);
            return e[6..];
        })];
    }

    /// <summary>Starts a stream and gives its response once the headers are there.</summary>
    public async Task<HttpResponseMessage> BeginAsync(string path, string json)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = Content(json) };
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        foreach (IAsyncDisposable model in _owned)
        {
            await model.DisposeAsync();
        }
    }

    private static StringContent Content(string json) => new(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
}
