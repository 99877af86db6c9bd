using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LlmToolkit.Server.OpenAI;

/// <summary>Server-sent events: one JSON object an event, flushed at once.</summary>
internal sealed class EventStream(HttpContext context)
{
    public void Begin()
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    public async Task SendAsync(Action<Utf8JsonWriter> write)
    {
        byte[] json = Json.Bytes(write);
        byte[] line = new byte[json.Length + 8];
        "data: "u8.CopyTo(line);
        json.CopyTo(line, 6);
        line[^2] = line[^1] = (byte)'\n';
        await context.Response.Body.WriteAsync(line, context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    public async Task DoneAsync()
    {
        await context.Response.Body.WriteAsync("data: [DONE]\n\n"u8.ToArray(), context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Tells an error in the middle of a stream and breaks the connection, so that no client takes it for a finished answer.</summary>
    public async Task FailAsync(Diagnostic diagnostic)
    {
        await SendAsync(ApiError.From(diagnostic).Write).ConfigureAwait(false);
        context.Abort();
    }
}
