using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LlmToolkit.Hub;
using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Hub.Client;

/// <summary>The client over real connections: what the protocol itself does wrong, and whom TLS trusts.</summary>
public sealed class HubSocketTests
{
    private static CancellationToken None => TestContext.Current.CancellationToken;

    private static HubClient Client(Uri endpoint, string? certificates = null, double seconds = 5) => new(
        new HubSettings { Endpoint = endpoint, CertificateFile = certificates, MetadataTimeout = TimeSpan.FromSeconds(seconds), DownloadTimeout = TimeSpan.FromSeconds(seconds) },
        HubToken.Explicit(HubHandler.Token),
        null,
        TimeProvider.System,
        HubRetry.None);

    public static TheoryData<string, string, string> Scripts => new()
    {
        { "closed without a word", "", "LT61" },
        { "garbage", "\0\0\0garbage\r\n\r\n", "LT61" },
        { "cut in the headers", "HTTP/1.1 200 OK\r\nContent-Le", "LT61" },
        { "cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "LT6104" },
        { "chunk that lies", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}", "LT61" },
        { "chunks without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "LT6104" },
        { "headers without measure", "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X-Fill: " + new string('x', 1000) + "\r\n", 200)) + "\r\n", "LT61" },
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Answer_BrokenProtocol_IsANetworksFault(string name, string answer, string code)
    {
        await using RawServer server = new((stream, _, token) => RawServer.SendAsync(stream, answer, token));
        using HubClient client = Client(server.Address);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.RefsAsync(HubHandler.Repository, None));

        Assert.True(error.Diagnostic.Code.StartsWith(code, StringComparison.Ordinal), $"{name}: {error.Diagnostic.Code} {error.Message}");
        Assert.Equal(FaultKind.Network, error.Diagnostic.Kind);
    }

    [Fact]
    public async Task Answer_NobodyListens_IsRefused()
    {
        int port;
        await using (RawServer server = new((_, _, _) => Task.CompletedTask))
        {
            port = server.Port;
        }

        using HubClient client = Client(new Uri($"http://127.0.0.1:{port}"));

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.RefsAsync(HubHandler.Repository, None));

        Assert.Equal("LT6101", error.Diagnostic.Code);
        Assert.True(HubFaults.IsTransient(error));
        Assert.True(HubFaults.IsOutage(error));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Slow")]
    public async Task Answer_HeadersThatDoNotCome_EndAtTheLimit(string beginning)
    {
        await using RawServer server = new(async (stream, _, token) =>
        {
            await RawServer.SendAsync(stream, beginning, token);
            await Task.Delay(Timeout.Infinite, token);
        });
        using HubClient client = Client(server.Address, seconds: 0.3);

        Assert.Equal("LT6102", (await Assert.ThrowsAsync<ModelException>(() => client.RefsAsync(HubHandler.Repository, None))).Diagnostic.Code);
    }

    [Fact]
    public async Task Answer_HeadersThatTrickle_EndAtTheLimit()
    {
        await using RawServer server = new(async (stream, _, token) =>
        {
            await RawServer.SendAsync(stream, "HTTP/1.1 200 OK\r\n", token);
            while (true)
            {
                await RawServer.SendAsync(stream, "X-A: b\r\n", token);
                await Task.Delay(50, token);
            }
        });
        using HubClient client = Client(server.Address, seconds: 0.4);

        Assert.Equal("LT6102", (await Assert.ThrowsAsync<ModelException>(() => client.RefsAsync(HubHandler.Repository, None))).Diagnostic.Code);
    }

    [Fact]
    public async Task Answer_BodyThatStops_IsAStall()
    {
        await using RawServer server = new(async (stream, _, token) =>
        {
            await RawServer.SendAsync(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", token);
            await Task.Delay(Timeout.Infinite, token);
        });
        using HubClient client = Client(server.Address, seconds: 0.3);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.RefsAsync(HubHandler.Repository, None));

        Assert.Equal("LT6018", error.Diagnostic.Code);
        Assert.Contains("localhost", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_LengthWithoutABody_IsTheSize()
    {
        await using RawServer server = new((stream, _, token) => RawServer.SendAsync(stream, $"HTTP/1.1 200 OK\r\nX-Repo-Commit: {HubHandler.Commit}\r\nETag: \"{HubHandler.Sha1}\"\r\nContent-Length: 123\r\n\r\n", token));
        using HubClient client = Client(server.Address);

        HubFileVersion version = await client.VersionAsync(HubHandler.Repository, "main", "a b.bin", None);

        Assert.Equal(123, version.Size);
        Assert.StartsWith("HEAD /owner/name/resolve/main/a%20b.bin HTTP/1.1\n", Assert.Single(server.Heads), StringComparison.Ordinal);
        Assert.Contains($"Authorization: Bearer {HubHandler.Token}\n", server.Heads[0], StringComparison.Ordinal);
        Assert.Contains("Accept-Encoding: identity\n", server.Heads[0], StringComparison.Ordinal);
        Assert.DoesNotContain("traceparent", server.Heads[0], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Redirect_ToAnotherPortOfTheHost_CarriesNoToken()
    {
        await using RawServer storage = new((stream, _, token) => RawServer.SendAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", token));
        await using RawServer hub = new((stream, _, token) => RawServer.SendAsync(stream, $"HTTP/1.1 302 Found\r\nLocation: http://localhost:{storage.Port}/x?sig=1\r\nX-Linked-Size: 3\r\nX-Repo-Commit: {HubHandler.Commit}\r\nContent-Length: 0\r\n\r\n", token));
        using HubClient client = Client(hub.Address);

        await using HubContent content = await client.OpenAsync(HubHandler.Repository, "main", "a.bin", cancellationToken: None);

        Assert.Equal(3, content.Length);
        Assert.Contains("Authorization", Assert.Single(hub.Heads), StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", Assert.Single(storage.Heads), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_UnknownAuthority_IsNotTrustedUnlessNamed()
    {
        using TemporaryFolder folder = new();
        using ECDsa key = ECDsa.Create();
        CertificateRequest request = new("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        using X509Certificate2 authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using ECDsa serverKey = ECDsa.Create();
        CertificateRequest serverRequest = new("CN=localhost", serverKey, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        serverRequest.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = serverRequest.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1, 2, 3]);
        using X509Certificate2 withKey = signed.CopyWithPrivateKey(serverKey);
        using X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
        await using RawServer server = new((stream, _, token) => RawServer.SendAsync(stream, RawServer.Json("{}"), token), certificate);
        string pem = folder.File("authority.pem", authority.ExportCertificatePem());

        using HubClient stranger = Client(server.Address);
        ModelException error = await Assert.ThrowsAsync<ModelException>(() => stranger.RefsAsync(HubHandler.Repository, None));
        using HubClient friend = Client(server.Address, pem);
        await friend.RefsAsync(HubHandler.Repository, None);

        Assert.Equal("LT6106", error.Diagnostic.Code);
        Assert.False(HubFaults.IsTransient(error));
        Assert.Single(server.Heads, h => h.Length > 0);
    }

    [Fact]
    public void Tls_ListThatCannotBeRead_IsNamed()
    {
        ModelException error = Assert.Throws<ModelException>(() => Client(new Uri("https://hub.example"), "/no/such/file.pem"));

        Assert.Equal(("LT6003", FaultKind.Usage), (error.Diagnostic.Code, error.Diagnostic.Kind));
    }

    [Fact]
    public async Task Cancelled_WhileWaitingForHeaders_IsACancellation()
    {
        await using RawServer server = new((_, _, token) => Task.Delay(Timeout.Infinite, token));
        using HubClient client = Client(server.Address);
        using CancellationTokenSource stop = new(100);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.RefsAsync(HubHandler.Repository, stop.Token));
    }
}
