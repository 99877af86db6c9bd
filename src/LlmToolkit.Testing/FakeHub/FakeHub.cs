using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmToolkit.Testing;

/// <summary>How a <see cref="FakeHub"/> is made.</summary>
public sealed record FakeHubOptions
{
    /// <summary>True: https with a certificate that nobody trusts. Default: false.</summary>
    public bool UsesTls { get; init; }

    /// <summary>Entries of a page of a listing. Default: 1,000, as the Hub has it.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>How long the signed addresses of large files live. Default: 1 hour.</summary>
    public TimeSpan AddressLifetime { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>A Hugging Face Hub on this machine, for tests: a real HTTP server on ports of its own, with repositories, accounts, gates, and a switch for everything that goes wrong with real ones.</summary>
/// <remarks>
/// There are two origins, as with the real one: <see cref="Endpoint"/> is the Hub, and its redirects for large files lead to <see cref="DataOrigin"/>, which must never get a token.
/// Every request is kept in <see cref="Requests"/>. Safe for several threads.
/// </remarks>
public sealed class FakeHub : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, FakeRepository> _repositories = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, FakeUser> _users = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<FakeRequest> _requests = new();
    private readonly List<ActiveFault> _faults = [];
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly WebApplication _app;

    private FakeHub(WebApplication app, FakeHubOptions options) => (_app, Options) = (app, options);

    /// <summary>Address of the Hub: what <c>HF_ENDPOINT</c> is set to.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>Address of the server that gives large files.</summary>
    public Uri DataOrigin { get; private set; } = null!;

    /// <summary>Every request so far, in the order in which they came.</summary>
    public IReadOnlyList<FakeRequest> Requests => [.. _requests];

    internal FakeHubOptions Options { get; }

    /// <summary>Ends what stalls when the server stops.</summary>
    internal CancellationToken Stopping => _stop.Token;

    internal IEnumerable<FakeRepository> Repositories => _repositories.Values;

    /// <summary>Starts one on free ports of the loopback interface; dispose it.</summary>
    /// <param name="options">How; null: the defaults.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    public static async Task<FakeHub> StartAsync(FakeHubOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new FakeHubOptions();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxResponseBufferSize = 1 << 20;
            for (int i = 0; i < 2; i++)
            {
                kestrel.Listen(IPAddress.Loopback, 0, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    if (options.UsesTls)
                    {
                        listen.UseHttps(Certificate());
                    }
                });
            }
        });
        WebApplication app = builder.Build();
        FakeHub hub = new(app, options);
        app.Run(hub.AnswerAsync);
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        string[] addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        (hub.Endpoint, hub.DataOrigin) = (new Uri(addresses[0]), new Uri(addresses[1]));
        return hub;
    }

    /// <summary>Serves the files of a folder, with all below it. They are streamed; changing them while they are served is the caller's affair.</summary>
    public FakeRepository AddRepository(string id, string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return Add(id, Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(folder, f).Replace('\\', '/'), f => new FakeFile(f), StringComparer.Ordinal));
    }

    /// <summary>Serves files from memory.</summary>
    /// <param name="id"><c>owner/name</c>.</param>
    /// <param name="files">Paths and contents.</param>
    public FakeRepository AddRepository(string id, IReadOnlyDictionary<string, byte[]> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Add(id, files.ToDictionary(f => f.Key, f => new FakeFile(f.Value), StringComparer.Ordinal));
    }

    /// <summary>Makes an account.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="token">Its token.</param>
    /// <param name="role">What the token may do: <c>read</c>, <c>write</c>, <c>fineGrained</c>.</param>
    public void AddUser(string name, string token, string role = "read") => _users[token] = new FakeUser(name, role);

    /// <summary>Adds a fault. Of several that fit a request the first one happens.</summary>
    public void Fault(FakeFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        lock (_lock)
        {
            _faults.Add(new ActiveFault(fault));
        }
    }

    /// <summary>From now on everything goes well.</summary>
    public void ClearFaults()
    {
        lock (_lock)
        {
            _faults.Clear();
        }
    }

    /// <summary>Forgets the requests so far.</summary>
    public void ClearRequests() => _requests.Clear();

    /// <summary>The environment in which the field's tools ask this Hub and keep everything in one folder.</summary>
    /// <param name="home">The folder.</param>
    public IReadOnlyDictionary<string, string> Environment(string home) => new Dictionary<string, string>
    {
        ["HF_ENDPOINT"] = Endpoint.GetLeftPart(UriPartial.Authority),
        ["HF_HOME"] = Path.Combine(home, "huggingface"),
        ["HF_HUB_DISABLE_XET"] = "1",
        ["HF_HUB_DISABLE_TELEMETRY"] = "1",
        ["HF_HUB_DOWNLOAD_TIMEOUT"] = "5",
        ["HF_HUB_ETAG_TIMEOUT"] = "5",
        ["LLMTK_CACHE"] = Path.Combine(home, "llmtk"),
        ["LLMTK_CONFIG"] = Path.Combine(home, "config.json"),
        ["NO_PROXY"] = "127.0.0.1",
    };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    internal FakeRepository? Find(string id) => _repositories.GetValueOrDefault(id);

    internal FakeUser? UserOf(string? authorization) =>
        authorization?.StartsWith("Bearer ", StringComparison.Ordinal) == true ? _users.GetValueOrDefault(authorization["Bearer ".Length..]) : null;

    /// <summary>The fault that a request meets; null: none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="kinds">The kinds that the asking part of the server knows.</param>
    internal FakeFault? FaultOf(FakeRequest request, params ReadOnlySpan<FakeFaultKind> kinds)
    {
        lock (_lock)
        {
            foreach (ActiveFault fault in _faults)
            {
                if (kinds.Contains(fault.Fault.Kind) && fault.Meets(request))
                {
                    return fault.Fault;
                }
            }

            return null;
        }
    }

    private static X509Certificate2 Certificate()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        // Windows serves only keys that came out of a container.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private FakeRepository Add(string id, IReadOnlyDictionary<string, FakeFile> files)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return _repositories[id] = new FakeRepository(id, files);
    }

    private Task AnswerAsync(HttpContext context)
    {
        FakeOrigin origin = context.Connection.LocalPort == DataOrigin.Port ? FakeOrigin.Data : FakeOrigin.Hub;
        string? Header(string name) => context.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;
        FakeRequest request = new(origin, context.Request.Method, context.Request.Path.Value ?? "/", context.Request.QueryString.Value ?? "", Header("Authorization"), Header("Range"));
        _requests.Enqueue(request);
        return new FakeExchange(this, context, request).AnswerAsync();
    }

    /// <summary>A fault, and how often it was met.</summary>
    private sealed class ActiveFault(FakeFault fault)
    {
        private int _met;

        public FakeFault Fault => fault;

        public bool Meets(FakeRequest request)
        {
            bool fits = (fault.Origin is null || fault.Origin == request.Origin)
                && (fault.Method is null || fault.Method == request.Method)
                && request.Path.Contains(fault.Path, StringComparison.Ordinal);
            return fits && _met++ is int n && n >= fault.Skip && n - fault.Skip < fault.Times;
        }
    }
}

/// <summary>An account.</summary>
internal sealed record FakeUser(string Name, string Role);
