using System.Net;
using System.Net.Sockets;
using LlmToolkit.Server.OpenAI;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LlmToolkit.Server;

/// <summary>What to serve and where.</summary>
public sealed record LlmServerOptions
{
    /// <summary>The models by the ids under which clients ask for them. The server does not dispose them.</summary>
    public required IReadOnlyDictionary<string, ILanguageModel> Models { get; init; }

    /// <summary>Address to listen on. Default: loopback only.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port; 0 takes a free one. Default: 8080.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>The key that clients must send as a bearer token; null: none is asked for.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Largest request body, in bytes. Default: 16 MiB, far above any prompt.</summary>
    public long MaxRequestBytes { get; init; } = 16 << 20;

    /// <summary>Requests that may wait for a model before 429 is answered. Default: 64.</summary>
    public int QueueLimit { get; init; } = 64;
}

/// <summary>An OpenAI-compatible server in this process.</summary>
public sealed class LlmServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private readonly ServedModels _served;

    private LlmServer(WebApplication application, ServedModels served, Uri url, IReadOnlyList<string> models) => (_application, _served, Url, Models) = (application, served, url, models);

    /// <summary>Root of the server, without <c>/v1</c>.</summary>
    public Uri Url { get; }

    /// <summary>Ids of the models.</summary>
    public IReadOnlyList<string> Models { get; }

    /// <summary>Starts listening.</summary>
    /// <exception cref="ModelException">The address cannot be bound.</exception>
    public static async Task<LlmServer> StartAsync(LlmServerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        IPAddress address = Address(options.Host);
        if (options.Port is < 0 or > ushort.MaxValue)
        {
            throw ServerErrors.BadPort(options.Port);
        }

        // Empty: neither the settings files of the current folder nor the environment may move the server to another address.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = options.MaxRequestBytes;
            kestrel.AddServerHeader = false;
            kestrel.Listen(address, options.Port);
        });
        WebApplication application = builder.Build();
        ServedModels served = new(options);
        application.Use(new Gate(options).InvokeAsync);
        ModelsEndpoint.Map(application, served);
        ChatCompletionsEndpoint.Map(application, served);
        CompletionsEndpoint.Map(application, served);
        EmbeddingsEndpoint.Map(application, served);
        HealthEndpoint.Map(application);
        application.MapFallback("{**path}", NoRouteAsync);
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            served.Dispose();
            throw ServerErrors.CannotBind(options.Host, options.Port, e);
        }

        string url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new LlmServer(application, served, new Uri(url), [.. options.Models.Keys]);
    }

    /// <summary>A numeric address, or <c>localhost</c>; of other names nobody could say what would be opened to whom.</summary>
    private static IPAddress Address(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
        : host is "*" or "+" ? IPAddress.Any
        : IPAddress.TryParse(host, out IPAddress? address) ? address
        : throw ServerErrors.BadHost(host);

    private static Task NoRouteAsync(HttpContext context)
    {
        string path = context.Request.Path.Value!.TrimEnd('/');
        bool known = path is "/v1/chat/completions" or "/v1/completions" or "/v1/embeddings" or "/v1/models" or "/healthz" or "";
        return (known
            ? new ApiError(405, "invalid_request_error", $"{context.Request.Method} is not what {context.Request.Path} answers.", null, null)
            : ApiError.NotFound($"There is no {context.Request.Method} {context.Request.Path}.", "not_found")).WriteAsync(context);
    }

    /// <summary>Waits until the token is cancelled, then stops: running requests are ended.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The way to stop a server.
        }

        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(5));
        await _application.StopAsync(patience.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync().ConfigureAwait(false);
        _served.Dispose();
    }
}
