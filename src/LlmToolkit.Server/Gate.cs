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
            context.Response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type";
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
        catch (ApiException e) when (!context.Response.HasStarted)
        {
            await e.Error.WriteAsync(context).ConfigureAwait(false);
        }
        catch (ModelException e) when (!context.Response.HasStarted)
        {
            await ApiError.From(e.Diagnostic).WriteAsync(context).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await new ApiError(e.StatusCode, "invalid_request_error", e.Message, null, null).WriteAsync(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; generation has stopped with it.
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
