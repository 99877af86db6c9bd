using System.Net;
using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Client;

/// <summary>The token goes to the endpoint's own scheme, host and port and nowhere else.</summary>
public sealed class TokenRuleTests
{
    private const string Endpoint = "https://hub.example";

    private static readonly (string, string)[] s_file = [("X-Repo-Commit", HubHandler.Commit), ("ETag", $"\"{HubHandler.Sha1}\"")];

    /// <summary>Where a redirect leads, and whether the token goes along.</summary>
    [Theory]
    [InlineData("/elsewhere", true)]
    [InlineData("elsewhere?x=1", true)]
    [InlineData("https://hub.example/elsewhere", true)]
    [InlineData("https://HUB.example:443/elsewhere", true)]
    [InlineData("https://hub.example:8443/elsewhere", false)]
    [InlineData("http://hub.example/elsewhere", false)]
    [InlineData("https://sub.hub.example/elsewhere", false)]
    [InlineData("https://hub.example.evil.test/elsewhere", false)]
    [InlineData("https://evil.test/elsewhere", false)]
    [InlineData("//evil.test/elsewhere", false)]
    [InlineData("//hub.example/elsewhere", true)]
    [InlineData("https://huggingface.co/elsewhere", false)]
    [InlineData("https://evil.test/https://hub.example/", false)]
    public async Task Get_Redirect_TokenGoesToTheEndpointOnly(string location, bool token)
    {
        foreach (HttpStatusCode status in (HttpStatusCode[])[HttpStatusCode.MovedPermanently, HttpStatusCode.Found, HttpStatusCode.SeeOther, HttpStatusCode.TemporaryRedirect, HttpStatusCode.PermanentRedirect])
        {
            using HubHandler handler = HubHandler.InTurn(() => HubHandler.Redirect(location, status), () => HubHandler.Bytes([1, 2, 3]));
            using HubClient client = handler.Client(Endpoint);

            await using HubContent content = await client.OpenAsync(HubHandler.Repository, "main", "a.bin", cancellationToken: TestContext.Current.CancellationToken);

            Assert.Equal(2, handler.Sent.Count);
            Assert.Equal("Bearer " + HubHandler.Token, handler.Sent[0].Authorization);
            Assert.Equal(token ? "Bearer " + HubHandler.Token : null, handler.Sent[1].Authorization);
            Assert.DoesNotContain(handler.Sent, s => s.Address.AbsoluteUri.Contains(HubHandler.Token, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Get_AwayAndBack_TokenIsNotSentAgain()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Redirect("https://evil.test/x"), () => HubHandler.Redirect("https://hub.example/api/models/owner/secret"), () => HubHandler.Bytes([1]));
        using HubClient client = handler.Client(Endpoint);

        await using HubContent content = await client.OpenAsync(HubHandler.Repository, "main", "a.bin", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["Bearer " + HubHandler.Token, null, null], handler.Sent.Select(s => s.Authorization));
    }

    [Theory]
    [InlineData("https://cdn.test/x?signature=1")]
    [InlineData("//cdn.test/x")]
    [InlineData("https://hub.example:8443/x")]
    public async Task Head_RedirectToAnotherOrigin_IsTheAnswer(string location)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Redirect(location, HttpStatusCode.Found, ("X-Repo-Commit", HubHandler.Commit), ("X-Linked-Etag", $"\"{HubHandler.Sha256}\""), ("X-Linked-Size", "7"), ("ETag", "\"of-the-cdn\""), ("X-Xet-Hash", HubHandler.Sha256)));
        using HubClient client = handler.Client(Endpoint);

        HubFileVersion version = await client.VersionAsync(HubHandler.Repository, "main", "a.bin", TestContext.Current.CancellationToken);

        Assert.Single(handler.Sent);
        Assert.Equal((HubHandler.Commit, HubHandler.Sha256, 7, HubHandler.Sha256), (version.Commit, version.Etag, version.Size, version.XetHash));
        Assert.Equal(new Uri(new Uri("https://hub.example/x"), location), version.Location);
    }

    [Theory]
    [InlineData(Endpoint, "/api/resolve-cache/models/owner/name/x", true)]
    [InlineData(Endpoint, "https://huggingface.co/owner/name/resolve/main/a.bin", false)]
    [InlineData(Endpoint, "https://hf.co/owner/name/resolve/main/a.bin", false)]
    [InlineData("http://hub.example", "https://hub.example/owner/name/resolve/main/a.bin", false)]
    [InlineData("https://huggingface.co", "/other/name/resolve/main/a.bin", true)]
    public async Task Head_RedirectWithinTheHub_IsFollowed(string endpoint, string location, bool token)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Redirect(location, HttpStatusCode.TemporaryRedirect), () => HubHandler.Bytes(new byte[7], HttpStatusCode.OK, s_file));
        using HubClient client = handler.Client(endpoint);

        HubFileVersion version = await client.VersionAsync(HubHandler.Repository, "main", "a.bin", TestContext.Current.CancellationToken);

        Assert.Equal(2, handler.Sent.Count);
        Assert.All(handler.Sent, s => Assert.Equal("HEAD", s.Method));
        Assert.Equal(token, handler.Sent[1].Authorization is not null);
        Assert.Equal((HubHandler.Sha1, 7), (version.Etag, version.Size));
        Assert.Equal(handler.Sent[1].Address, version.Location);
    }

    [Theory]
    [InlineData("<https://hub.example/api/models/owner/name/tree/x?cursor=2>; rel=\"next\"", "https://hub.example/api/models/owner/name/tree/x?cursor=2", true)]
    [InlineData("<https://huggingface.co/api/models/owner/name/tree/x?cursor=2>; rel=\"next\"", "https://hub.example/api/models/owner/name/tree/x?cursor=2", true)]
    [InlineData("</api/models/owner/name/tree/x?cursor=2>; rel=\"next\"", "https://hub.example/api/models/owner/name/tree/x?cursor=2", true)]
    [InlineData("<https://evil.test/api/models?cursor=2>; rel=\"next\"", "https://evil.test/api/models?cursor=2", false)]
    [InlineData("<//evil.test/api?cursor=2>; rel=\"next\"", "https://evil.test/api?cursor=2", false)]
    [InlineData("<http://hub.example/api?cursor=2>; rel=\"next\"", "http://hub.example/api?cursor=2", false)]
    public async Task List_Link_TokenGoesToTheEndpointOnly(string link, string next, bool token)
    {
        using HubHandler handler = HubHandler.InTurn(
            () => HubHandler.Json($$"""{"id":"owner/name","sha":"{{HubHandler.Commit}}"}"""),
            () => HubHandler.Json("[]", HttpStatusCode.OK, ("Link", link)),
            () => HubHandler.Json("[]"));
        using HubClient client = handler.Client(Endpoint);

        await client.ListAsync(HubHandler.Repository, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(next, handler.Sent[2].Address.AbsoluteUri);
        Assert.Equal(token, handler.Sent[2].Authorization is not null);
    }

    [Fact]
    public async Task OpenUrl_EvenAtTheEndpoint_HasNoToken()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes([1]));
        using HubClient client = handler.Client(Endpoint);

        await using HubContent content = await client.OpenUrlAsync(new Uri(Endpoint + "/owner/name/resolve/main/a.bin"), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Null(Assert.Single(handler.Sent).Authorization);
    }

    [Fact]
    public async Task Open_AVersionElsewhere_HasNoToken()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes([1, 2]));
        using HubClient client = handler.Client(Endpoint);
        HubFileVersion version = new() { Repository = HubHandler.Repository, Path = "a.bin", Commit = HubHandler.Commit, Etag = HubHandler.Sha256, Size = 2, Location = new Uri("https://cdn.test/a?sig=1") };

        await using HubContent content = await client.OpenAsync(version, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Null(Assert.Single(handler.Sent).Authorization);
    }

    [Theory]
    [InlineData("", "names no place")]
    [InlineData("file:///etc/passwd", "leads to file")]
    [InlineData("ftp://x/y", "leads to ftp")]
    [InlineData("javascript:alert(1)", "leads to javascript")]
    [InlineData("https://user:pass@hub.example/x", "carries a user name")]
    [InlineData("https://[bad/", "no address")]
    [InlineData("/owner/name/resolve/main/a.bin", "in a circle")]
    public async Task Get_RedirectThatLeadsNowhere_IsAnError(string location, string detail)
    {
        using HubHandler handler = HubHandler.InTurn(() => location.Length == 0 ? HubHandler.Status(HttpStatusCode.Found) : HubHandler.Redirect(location));
        using HubClient client = handler.Client(Endpoint);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(HubHandler.Repository, "main", "a.bin", cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(("LT6010", FaultKind.Network), (error.Diagnostic.Code, error.Diagnostic.Kind));
        Assert.Contains(detail, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pass", error.Diagnostic.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_EndlessRedirects_EndAfterTen()
    {
        int hop = 0;
        using HubHandler handler = new(_ => HubHandler.Redirect($"/hop/{hop++}"));
        using HubClient client = handler.Client(Endpoint);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(HubHandler.Repository, "main", "a.bin", cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal("LT6010", error.Diagnostic.Code);
        Assert.Equal(11, handler.Sent.Count);
    }

    [Fact]
    public async Task Request_Headers_AreTheFields()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes([1]));
        using HubClient client = handler.Client(Endpoint, settings: new HubSettings { UserAgentOrigin = "ci/2; dotnet/x; ci/2\r\nX-Evil: 1" });

        await using HubContent content = await client.OpenAsync(new HubRepository("o/d", HubRepositoryKind.Dataset), "refs/pr/1", "a b/c#.bin", bypassCaches: true, cancellationToken: TestContext.Current.CancellationToken);

        SentRequest sent = Assert.Single(handler.Sent);
        Assert.Equal("https://hub.example/datasets/o/d/resolve/refs%2Fpr%2F1/a%20b/c%23.bin", sent.Address.AbsoluteUri);
        Assert.Equal("identity", string.Join(",", sent.Headers.GetValues("Accept-Encoding")));
        Assert.True(sent.Headers.CacheControl!.NoCache);
        Assert.True(Guid.TryParse(string.Join(",", sent.Headers.GetValues("X-Request-Id")), out _));
        Assert.Matches(@"^llmtk/\d+\.\d+\.\d+; dotnet/\d+\.\d+\.\d+; ci/2; dotnet/x; ci/2X-Evil: 1$", string.Join("|", sent.Headers.GetValues("User-Agent")));
        Assert.False(sent.Headers.Contains("X-Evil"));
    }
}
