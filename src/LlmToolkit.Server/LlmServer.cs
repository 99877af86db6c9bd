using LlmToolkit.Server.OpenAI;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://{(options.Host.Contains(':', StringComparison.Ordinal) ? $"[{options.Host}]" : options.Host)}:{options.Port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = options.MaxRequestBytes);
        WebApplication application = builder.Build();
        ServedModels served = new(options);
        application.Use(new Gate(options).InvokeAsync);
        ModelsEndpoint.Map(application, served);
        ChatCompletionsEndpoint.Map(application, served);
        CompletionsEndpoint.Map(application, served);
        EmbeddingsEndpoint.Map(application, served);
        HealthEndpoint.Map(application);
        application.MapFallback(context => ApiError.NotFound($"There is no {context.Request.Method} {context.Request.Path}.", null).WriteAsync(context));
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            served.Dispose();
            throw ServerErrors.CannotBind(options.Host, options.Port, e);
        }

        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new LlmServer(application, served, new Uri(address), [.. options.Models.Keys]);
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
