using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace LlmToolkit.Server;

/// <summary>Before every endpoint: request id, cross-origin answers for pages of this machine, and the key where one is asked for.</summary>
internal sealed class Gate(LlmServerOptions options)
{
    private readonly byte[]? _key = options.ApiKey is null ? null : Encoding.UTF8.GetBytes(options.ApiKey);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers["x-request-id"] = Guid.NewGuid().ToString("N");
        string? origin = context.Request.Headers.Origin;
        if (IsLocal(origin))
        {
            context.Response.Headers.AccessControlAllowOrigin = origin;
            context.Response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type, X-Requested-With, OpenAI-Organization, OpenAI-Project";
            context.Response.Headers.AccessControlAllowMethods = "GET, POST, OPTIONS";
            context.Response.Headers.Vary = "Origin";
        }

        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        if (context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal) && !Admitted(context))
        {
            await new ApiError(401, "invalid_request_error", "The API key is missing or wrong.", null, "invalid_api_key").WriteAsync(context).ConfigureAwait(false);
            return;
        }

        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone, and generation has stopped with it: nobody is left to tell.
        }
#pragma warning disable CA1031 // Every failure becomes an error object; one request must not take the server down.
        catch (Exception e) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            context.Response.Headers.Remove("Cache-Control");
            await ApiError.From(e).WriteAsync(context).ConfigureAwait(false);
        }
    }

    private bool Admitted(HttpContext context)
    {
        if (_key is null)
        {
            return true;
        }

        string? header = context.Request.Headers.Authorization;
        return header?.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) == true
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(header["Bearer ".Length..].Trim()), _key);
    }

    private static bool IsLocal(string? origin) => Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.IsLoopback;
}
