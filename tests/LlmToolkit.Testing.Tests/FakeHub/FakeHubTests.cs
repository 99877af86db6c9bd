using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace LlmToolkit.Testing.Tests.FakeHubs;

/// <summary>The fake Hub answers as the real one: specs of the Hub's client protocol.</summary>
public sealed class FakeHubTests
{
    private static readonly byte[] s_weights = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SmallFile_IsRedirectedWithinTheHub()
    {
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        FakeRepository repository = Add(hub);
        using HttpClient client = Client();

        using HttpResponseMessage first = await client.GetAsync(new Uri(hub.Endpoint, "/owner/name/resolve/main/config.json"), Token);
        using HttpResponseMessage second = await client.GetAsync(new Uri(hub.Endpoint, first.Headers.Location!), Token);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, first.StatusCode);
        Assert.False(first.Headers.Location!.IsAbsoluteUri);
        Assert.Equal(repository.Commit, Assert.Single(second.Headers.GetValues("X-Repo-Commit")));
        Assert.Equal(40 + 2, second.Headers.ETag!.Tag.Length);
        Assert.Equal("{}", await second.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task LargeFile_IsRedirectedToTheOtherOriginWithItsFacts()
    {
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        Add(hub);
        using HttpClient client = Client();
        using HttpRequestMessage head = new(HttpMethod.Head, new Uri(hub.Endpoint, "/owner/name/resolve/main/model.safetensors"));

        using HttpResponseMessage answer = await client.SendAsync(head, Token);
        using HttpRequestMessage part = new(HttpMethod.Get, answer.Headers.Location);
        part.Headers.Range = new RangeHeaderValue(100, 199);
        using HttpResponseMessage bytes = await client.SendAsync(part, Token);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(hub.DataOrigin.Port, answer.Headers.Location!.Port);
        Assert.Equal("300000", Assert.Single(answer.Headers.GetValues("X-Linked-Size")));
        Assert.Equal(HttpStatusCode.PartialContent, bytes.StatusCode);
        Assert.Equal(s_weights[100..200], await bytes.Content.ReadAsByteArrayAsync(Token));
        Assert.Equal(100, hub.Requests[^1].BytesSent);
        Assert.Equal(FakeOrigin.Data, hub.Requests[^1].Origin);
    }

    [Fact]
    public async Task Address_Expires()
    {
        await using FakeHub hub = await FakeHub.StartAsync(new FakeHubOptions { AddressLifetime = TimeSpan.FromMilliseconds(-1) }, Token);
        Add(hub);
        using HttpClient client = Client();

        using HttpResponseMessage answer = await client.GetAsync(new Uri(hub.Endpoint, "/owner/name/resolve/main/model.safetensors"), Token);
        using HttpResponseMessage refused = await client.GetAsync(answer.Headers.Location, Token);

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Theory]
    [InlineData("/api/models/owner/absent", null, 401, "RepoNotFound")]
    [InlineData("/api/models/owner/absent", "good", 404, "RepoNotFound")]
    [InlineData("/api/models/owner/name", "wrong", 401, null)]
    [InlineData("/api/models/owner/name/revision/absent", null, 404, "RevisionNotFound")]
    [InlineData("/owner/name/resolve/main/absent", null, 404, "EntryNotFound")]
    [InlineData("/owner/gated/resolve/main/config.json", null, 401, "GatedRepo")]
    [InlineData("/owner/gated/resolve/main/config.json", "good", 403, "GatedRepo")]
    [InlineData("/owner/gated/resolve/main/config.json", "let-in", 307, null)]
    [InlineData("/api/models/owner/gated", null, 200, null)]
    [InlineData("/api/models/owner/private", "good", 404, "RepoNotFound")]
    [InlineData("/api/models/owner/private", "let-in", 200, null)]
    [InlineData("/api/models/owner/gone", null, 403, "DisabledRepo")]
    [InlineData("/api/models/owner/old", null, 308, null)]
    [InlineData("/api/whoami-v2", null, 401, null)]
    [InlineData("/api/whoami-v2", "good", 200, null)]
    public async Task Access_IsAnsweredAsTheHubDoes(string path, string? token, int status, string? code)
    {
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        Add(hub);
        hub.AddUser("one", "good");
        hub.AddUser("two", "let-in");
        Dictionary<string, byte[]> files = new() { ["config.json"] = "{}"u8.ToArray() };
        FakeRepository gated = hub.AddRepository("owner/gated", files);
        (gated.Gate, _) = (FakeGate.Manual, gated.Readers.Add("two"));
        FakeRepository hidden = hub.AddRepository("owner/private", files);
        (hidden.IsPrivate, _) = (true, hidden.Readers.Add("two"));
        hub.AddRepository("owner/gone", files).IsDisabled = true;
        hub.AddRepository("owner/old", files).RenamedTo = "owner/name";
        using HttpClient client = Client();
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(hub.Endpoint, path));
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);

        using HttpResponseMessage answer = await client.SendAsync(request, Token);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(code, answer.Headers.TryGetValues("X-Error-Code", out IEnumerable<string>? codes) ? Assert.Single(codes) : null);
    }

    [Fact]
    public async Task Tree_HasPages()
    {
        await using FakeHub hub = await FakeHub.StartAsync(new FakeHubOptions { PageSize = 2 }, Token);
        hub.AddRepository("owner/many", Enumerable.Range(0, 5).ToDictionary(i => $"folder/{i}.txt", i => new byte[i]));
        using HttpClient client = Client();
        List<string> paths = [];
        Uri? next = new(hub.Endpoint, "/api/models/owner/many/tree/main?recursive=true");
        while (next is not null)
        {
            using HttpResponseMessage page = await client.GetAsync(next, Token);
            using JsonDocument json = JsonDocument.Parse(await page.Content.ReadAsStringAsync(Token));
            paths.AddRange(json.RootElement.EnumerateArray().Select(e => e.GetProperty("path").GetString()!));
            next = page.Headers.TryGetValues("Link", out IEnumerable<string>? links) ? new Uri(links.First().Split('<', '>')[1]) : null;
        }

        Assert.Equal(["folder", "folder/0.txt", "folder/1.txt", "folder/2.txt", "folder/3.txt", "folder/4.txt"], paths);
    }

    [Fact]
    public async Task Commits_StayReadable()
    {
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        FakeRepository repository = Add(hub);
        string old = repository.Commit;
        repository.Tag("v1");
        string fresh = repository.Update(new Dictionary<string, byte[]?> { ["config.json"] = "{\"a\":1}"u8.ToArray(), ["notes.txt"] = null });
        using HttpClient client = new();

        string before = await client.GetStringAsync(new Uri(hub.Endpoint, "/owner/name/resolve/v1/config.json"), Token);
        string after = await client.GetStringAsync(new Uri(hub.Endpoint, "/owner/name/resolve/main/config.json"), Token);
        using JsonDocument refs = JsonDocument.Parse(await client.GetStringAsync(new Uri(hub.Endpoint, "/api/models/owner/name/refs"), Token));

        Assert.NotEqual(old, fresh);
        Assert.Equal(("{}", "{\"a\":1}"), (before, after));
        Assert.Equal(old, refs.RootElement.GetProperty("tags")[0].GetProperty("targetCommit").GetString());
    }

    [Theory]
    [InlineData(FakeFaultKind.Reset)]
    [InlineData(FakeFaultKind.Close)]
    public async Task Break_ComesAfterTheBytes(FakeFaultKind kind)
    {
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        Add(hub);
        hub.Fault(new FakeFault { Kind = kind, Origin = FakeOrigin.Data, At = 1000, Times = 1 });
        using HttpClient client = new();
        Uri address = new(hub.Endpoint, "/owner/name/resolve/main/model.safetensors");

        await Assert.ThrowsAnyAsync<Exception>(() => client.GetByteArrayAsync(address, Token));
        byte[] whole = await client.GetByteArrayAsync(address, Token);

        Assert.Equal(s_weights, whole);
        Assert.Equal(1000, hub.Requests.First(r => r.Origin == FakeOrigin.Data).BytesSent);
    }

    [Theory]
    [InlineData(FakeFaultKind.Shorter, 200, 299_999, true)]
    [InlineData(FakeFaultKind.Longer, 200, 300_001, true)]
    [InlineData(FakeFaultKind.Corrupt, 200, 300_000, false)]
    [InlineData(FakeFaultKind.ChangedContent, 200, 300_000, false)]
    [InlineData(FakeFaultKind.WebPage, 200, null, false)]
    [InlineData(FakeFaultKind.Status, 503, 0, false)]
    [InlineData(FakeFaultKind.Gzip, 200, null, false)]
    public async Task Body_IsSpoilt(FakeFaultKind kind, int status, int? length, bool isPrefix)
    {
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        Add(hub);
        hub.Fault(new FakeFault { Kind = kind, Origin = FakeOrigin.Data });
        using HttpClient client = new();

        using HttpResponseMessage answer = await client.GetAsync(new Uri(hub.Endpoint, "/owner/name/resolve/main/model.safetensors"), Token);
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync(Token);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.NotEqual(s_weights, bytes);
        Assert.Equal(length ?? bytes.Length, bytes.Length);
        Assert.Equal(isPrefix, bytes.Length > 100 && bytes.AsSpan(0, 100).SequenceEqual(s_weights.AsSpan(0, 100)) && bytes.Length != s_weights.Length);
    }

    [Theory]
    [InlineData(FakeFaultKind.WrongRange, 206, "bytes 11-20/300000")]
    [InlineData(FakeFaultKind.WrongTotal, 206, "bytes 10-19/300001")]
    [InlineData(FakeFaultKind.NoContentRange, 206, null)]
    [InlineData(FakeFaultKind.IgnoreRange, 200, null)]
    public async Task Range_IsAnsweredWrongly(FakeFaultKind kind, int status, string? range)
    {
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        Add(hub);
        hub.Fault(new FakeFault { Kind = kind });
        using HttpClient client = new();
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(hub.Endpoint, "/owner/name/resolve/main/model.safetensors"));
        request.Headers.Range = new RangeHeaderValue(10, 19);

        using HttpResponseMessage answer = await client.SendAsync(request, Token);

        Assert.Equal((status, range), ((int)answer.StatusCode, answer.Content.Headers.ContentRange?.ToString()));
    }

    [Fact]
    public async Task Headers_AreChangedAndRemoved()
    {
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        Add(hub);
        hub.Fault(new FakeFault { Kind = FakeFaultKind.Headers, Path = "/resolve/", Headers = new Dictionary<string, string> { ["X-Linked-Etag"] = "\"../../evil\"", ["X-Repo-Commit"] = "" } });
        using HttpClient client = Client();

        using HttpResponseMessage answer = await client.GetAsync(new Uri(hub.Endpoint, "/owner/name/resolve/main/model.safetensors"), Token);

        Assert.Equal("\"../../evil\"", Assert.Single(answer.Headers.GetValues("X-Linked-Etag")));
        Assert.False(answer.Headers.Contains("X-Repo-Commit"));
    }

    [Fact]
    public async Task Certificate_IsTrustedByNobody()
    {
        await using FakeHub hub = await FakeHub.StartAsync(new FakeHubOptions { UsesTls = true }, Token);
        Add(hub);
        using HttpClient client = new();
        using HttpClientHandler credulous = new() { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        using HttpClient other = new(credulous);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri(hub.Endpoint, "/api/models/owner/name"), Token));
        Assert.Contains("owner/name", await other.GetStringAsync(new Uri(hub.Endpoint, "/api/models/owner/name"), Token), StringComparison.Ordinal);
    }

    private static FakeRepository Add(FakeHub hub) => hub.AddRepository("owner/name", new Dictionary<string, byte[]>
    {
        ["config.json"] = "{}"u8.ToArray(),
        ["notes.txt"] = "notes"u8.ToArray(),
        ["model.safetensors"] = s_weights,
    });

    private static HttpClient Client()
    {
#pragma warning disable CA2000 // The client disposes it.
        return new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
#pragma warning restore CA2000
    }
}
