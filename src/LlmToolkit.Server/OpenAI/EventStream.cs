using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LlmToolkit.Server.OpenAI;

/// <summary>Server-sent events: one JSON object an event, flushed at once.</summary>
internal sealed class EventStream(HttpContext context)
{
    /// <summary>Longest silence before a comment keeps the connection.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(10);

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
        await WriteAsync(line).ConfigureAwait(false);
    }

    /// <summary>The answer's chunks. The response begins with the first one, or after a while without it: what is refused at once is refused with a status, and a long prompt keeps its connection by comments.</summary>
    public async IAsyncEnumerable<TextChunk> ReadAsync(IAsyncEnumerable<TextChunk> chunks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<TextChunk> reader = chunks.GetAsyncEnumerator(cancellationToken);
        await using (reader.ConfigureAwait(false))
        {
            while (await KeepAliveAsync(reader.MoveNextAsync().AsTask()).ConfigureAwait(false))
            {
                yield return reader.Current;
            }
        }
    }

    private async Task<bool> KeepAliveAsync(Task<bool> next)
    {
        while (!next.IsCompleted)
        {
            try
            {
                return await next.WaitAsync(s_silence).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!next.IsCompleted)
            {
                await PingAsync(next).ConfigureAwait(false);
            }
        }

        return await next.ConfigureAwait(false);
    }

    private async Task PingAsync(Task<bool> next)
    {
        try
        {
            await WriteAsync(": ping\n\n"u8.ToArray()).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has gone. The step that runs ends by its own cancellation; a reader must not be closed under it.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    public async Task DoneAsync()
    {
        await WriteAsync("data: [DONE]\n\n"u8.ToArray()).ConfigureAwait(false);
    }

    private async Task WriteAsync(byte[] bytes)
    {
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Tells an error in the middle of a stream and breaks the connection, so that no client takes it for a finished answer.</summary>
    public async Task FailAsync(Exception exception)
    {
        await SendAsync(ApiError.From(exception).Write).ConfigureAwait(false);
        context.Abort();
    }
}
