using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LlmToolkit.Testing;

/// <summary>One request and its answer: where it goes, and the faults that can happen to any answer.</summary>
internal sealed partial class FakeExchange(FakeHub hub, HttpContext context, FakeRequest request)
{
    private const int BufferBytes = 256 << 10;

    private HttpResponse Response => context.Response;

    public async Task AnswerAsync()
    {
        try
        {
            Response.Headers["X-Request-Id"] = context.Request.Headers["X-Request-Id"].FirstOrDefault() ?? context.TraceIdentifier;
            Response.Headers["RateLimit"] = "\"api\";r=400;t=120";
            Response.Headers["RateLimit-Policy"] = "\"fixed window\";\"api\";q=500;w=300";
            if (hub.FaultOf(request, FakeFaultKind.SlowHeaders) is { } slow)
            {
                await Task.Delay(slow.Delay, Stopped()).ConfigureAwait(false);
            }

            if (!await RefusedAsync().ConfigureAwait(false))
            {
                await RouteAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }

        request.Status = Response.StatusCode;
    }

    /// <summary>Faults that stand for the whole answer.</summary>
    private async Task<bool> RefusedAsync()
    {
        FakeFault? fault = hub.FaultOf(request, FakeFaultKind.Status, FakeFaultKind.Redirect, FakeFaultKind.WebPage, FakeFaultKind.ReplaceBody, FakeFaultKind.Endless);
        switch (fault?.Kind)
        {
            case FakeFaultKind.Status:
                await TextAsync(fault.Status, fault.Body, "application/json", fault.Headers).ConfigureAwait(false);
                return true;
            case FakeFaultKind.Redirect:
                await TextAsync(302, "", "text/plain", new Dictionary<string, string> { ["Location"] = fault.Location ?? context.Request.Path.ToUriComponent() + request.Query }).ConfigureAwait(false);
                return true;
            case FakeFaultKind.WebPage:
                await TextAsync(200, "<!DOCTYPE html><html><body>Sign in to this network</body></html>", "text/html", fault.Headers).ConfigureAwait(false);
                return true;
            case FakeFaultKind.ReplaceBody:
                await TextAsync(200, fault.Body, "application/json", fault.Headers).ConfigureAwait(false);
                return true;
            case FakeFaultKind.Endless:
                await EndlessAsync().ConfigureAwait(false);
                return true;
            default:
                return false;
        }
    }

    private Task RouteAsync()
    {
        string path = request.Path;
        if (request.Origin == FakeOrigin.Data)
        {
            return DataAsync(path);
        }

        if (path == "/api/whoami-v2")
        {
            return WhoAmIAsync();
        }

        foreach (string kind in (ReadOnlySpan<string>)["models", "datasets", "spaces"])
        {
            if (path == $"/api/{kind}")
            {
                return SearchAsync();
            }

            if (path.StartsWith($"/api/{kind}/", StringComparison.Ordinal))
            {
                return ApiAsync(path[$"/api/{kind}/".Length..]);
            }

            if (path.StartsWith($"/{kind}/", StringComparison.Ordinal))
            {
                return FileAsync(path[$"/{kind}/".Length..]);
            }
        }

        const string resolved = "/api/resolve-cache/models/";
        return path.StartsWith(resolved, StringComparison.Ordinal) ? ResolvedAsync(path[resolved.Length..]) : FileAsync(path[1..]);
    }

    private Task ErrorAsync(int status, string? code, string message)
    {
        if (code is not null)
        {
            Response.Headers["X-Error-Code"] = code;
        }

        Response.Headers["X-Error-Message"] = message;
        return TextAsync(status, $$"""{"error":"{{message}}"}""", "application/json");
    }

    private Task JsonAsync(string json) => TextAsync(200, json, "application/json; charset=utf-8");

    private Task TextAsync(int status, string text, string type, IReadOnlyDictionary<string, string>? headers = null)
    {
        Response.StatusCode = status;
        Response.ContentType = type;
        Change(headers);
        return BodyAsync(new MemoryStream(Encoding.UTF8.GetBytes(text), writable: false), Encoding.UTF8.GetByteCount(text), null);
    }

    /// <summary>Sends a body, with what goes wrong with bodies.</summary>
    /// <param name="content">Its bytes; disposed.</param>
    /// <param name="length">How many of them.</param>
    /// <param name="whole">Bytes of the file that they are a part of; null: they are no file's.</param>
    private async Task BodyAsync(Stream content, long length, long? whole)
    {
        await using (content.ConfigureAwait(false))
        {
            FakeFault? fault = hub.FaultOf(
                request, FakeFaultKind.Reset, FakeFaultKind.Close, FakeFaultKind.Stall, FakeFaultKind.Throttle, FakeFaultKind.Shorter, FakeFaultKind.Longer, FakeFaultKind.Gzip, FakeFaultKind.Corrupt, FakeFaultKind.ChangedContent, FakeFaultKind.Headers);
            if (fault?.Kind == FakeFaultKind.Headers)
            {
                Change(fault.Headers);
            }

            if (fault?.Kind == FakeFaultKind.Gzip && whole is not null)
            {
                await PackedAsync(content).ConfigureAwait(false);
                return;
            }

            long more = fault?.Kind == FakeFaultKind.Longer ? fault.Count : 0;
            long sent = fault?.Kind == FakeFaultKind.Shorter ? Math.Max(0, length - fault.Count) : length;
            Response.ContentLength = sent + more;
            if (request.Method == "HEAD" || Response.StatusCode == 304)
            {
                Response.ContentLength = Response.StatusCode == 304 ? null : length;
                return;
            }

            bool isCut = fault?.Kind is FakeFaultKind.Reset or FakeFaultKind.Close or FakeFaultKind.Stall;
            await SendAsync(content, isCut ? Math.Min(fault!.At, sent) : sent, fault).ConfigureAwait(false);
            if (more > 0)
            {
                await SendAsync(new MemoryStream(new byte[more]), more, null).ConfigureAwait(false);
            }

            if (isCut)
            {
                await BreakAsync(fault!.Kind).ConfigureAwait(false);
            }
        }
    }

    private async Task SendAsync(Stream content, long length, FakeFault? fault)
    {
        byte[] buffer = new byte[(int)Math.Min(BufferBytes, Math.Max(length, 1))];
        int most = fault?.Kind == FakeFaultKind.Throttle ? Math.Clamp(fault.BytesPerSecond / 20, 1, buffer.Length) : buffer.Length;
        for (long left = length; left > 0;)
        {
            int read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(most, left)), context.RequestAborted).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            Spoil(buffer.AsSpan(0, read), length - left, length, fault);
            await Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted).ConfigureAwait(false);
            request.BytesSent += read;
            left -= read;
            if (fault?.Kind == FakeFaultKind.Throttle)
            {
                await Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
                await Task.Delay(TimeSpan.FromSeconds((double)read / fault.BytesPerSecond), Stopped()).ConfigureAwait(false);
            }
        }
    }

    private static void Spoil(Span<byte> bytes, long at, long length, FakeFault? fault)
    {
        if (fault?.Kind == FakeFaultKind.ChangedContent)
        {
            foreach (ref byte b in bytes)
            {
                b ^= 0x5A;
            }
        }
        else if (fault?.Kind == FakeFaultKind.Corrupt)
        {
            for (int i = 0; i < fault.Count; i++)
            {
                // Spread over the body, the same places each time.
                long place = (length * (i + 1) / (fault.Count + 1)) - at;
                if (place >= 0 && place < bytes.Length)
                {
                    bytes[(int)place] ^= 0x55;
                }
            }
        }
    }

    private async Task BreakAsync(FakeFaultKind kind)
    {
        await Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        if (kind == FakeFaultKind.Stall)
        {
            await Task.Delay(Timeout.Infinite, Stopped()).ConfigureAwait(false);
        }

        // What was sent has a moment to arrive: a reset throws away what the other side has not read.
        await Task.Delay(30, Stopped()).ConfigureAwait(false);
        if (kind == FakeFaultKind.Close && context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>() is { } connection)
        {
            connection.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            await Task.Delay(30, Stopped()).ConfigureAwait(false);
        }

        context.Abort();
    }

    private async Task PackedAsync(Stream content)
    {
        Response.StatusCode = 200;
        Response.Headers.Remove("Content-Range");
        Response.Headers["Content-Encoding"] = "gzip";
        content.Position = 0;
        using MemoryStream packed = new();
        await using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await content.CopyToAsync(gzip, context.RequestAborted).ConfigureAwait(false);
        }

        packed.Position = 0;
        Response.ContentLength = packed.Length;
        await SendAsync(packed, packed.Length, null).ConfigureAwait(false);
    }

    private async Task EndlessAsync()
    {
        Response.ContentType = "application/json";
        byte[] junk = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("[\"endless\"],", 4096)));
        await Response.Body.WriteAsync("["u8.ToArray(), context.RequestAborted).ConfigureAwait(false);
        while (true)
        {
            await Response.Body.WriteAsync(junk, Stopped()).ConfigureAwait(false);
            request.BytesSent += junk.Length;
        }
    }

    private void Change(IReadOnlyDictionary<string, string>? headers)
    {
        foreach ((string name, string value) in headers ?? new Dictionary<string, string>())
        {
            if (value.Length == 0)
            {
                Response.Headers.Remove(name);
            }
            else
            {
                Response.Headers[name] = value;
            }
        }
    }

    private CancellationToken Stopped() => CancellationTokenSource.CreateLinkedTokenSource(hub.Stopping, context.RequestAborted).Token;

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
