using System.Net;
using System.Net.Http.Headers;
using System.Text;
using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Client;

/// <summary>One request as it would have left the machine.</summary>
internal sealed record SentRequest(string Method, Uri Address, string? Authorization, string? Range, HttpRequestHeaders Headers);

/// <summary>Answers in place of the network, and keeps what was asked.</summary>
internal sealed class HubHandler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    public const string OtherCommit = "89abcdef0123456789abcdef0123456789abcdef";
    public const string Sha1 = "1111111111111111111111111111111111111111";
    public const string Sha256 = "2222222222222222222222222222222222222222222222222222222222222222";
    public const string Token = "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";

    public static readonly HubRepository Repository = new("owner/name");

    public List<SentRequest> Sent { get; } = [];

    /// <summary>Answers in turn; the last one for ever.</summary>
    public static HubHandler InTurn(params Func<HttpResponseMessage>[] answers)
    {
        int next = 0;
        return new HubHandler(_ => answers[Math.Min(next++, answers.Length - 1)]());
    }

    public static HttpResponseMessage Json(string json, HttpStatusCode status = HttpStatusCode.OK, params (string Name, string Value)[] headers) =>
        With(new HttpResponseMessage(status) { Content = new StringContent(json, Encoding.UTF8, "application/json") }, headers);

    public static HttpResponseMessage Status(HttpStatusCode status, params (string Name, string Value)[] headers) =>
        With(new HttpResponseMessage(status) { Content = new ByteArrayContent([]) }, headers);

    public static HttpResponseMessage Bytes(byte[] bytes, HttpStatusCode status = HttpStatusCode.OK, params (string Name, string Value)[] headers) =>
        With(new HttpResponseMessage(status) { Content = new ByteArrayContent(bytes) }, headers);

    /// <summary>A body whose length no header tells.</summary>
    public static HttpResponseMessage Chunked(Stream body, params (string Name, string Value)[] headers) =>
        With(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new NoLength(body)) }, headers);

    public static HttpResponseMessage Redirect(string location, HttpStatusCode status = HttpStatusCode.Found, params (string Name, string Value)[] headers) =>
        Status(status, [("Location", location), .. headers]);

    /// <summary>A client over this; no variable of the machine's environment has a say, and retries do not wait.</summary>
    public HubClient Client(string endpoint = "https://hub.example", string? token = Token, HubSettings? settings = null, HubRetry? retry = null) =>
        new(
            (settings ?? new HubSettings { Home = Path.Combine(Path.GetTempPath(), "llmtk-no-such-home") }) with { Endpoint = new Uri(endpoint) },
            token is null ? HubToken.None : HubToken.Explicit(token, "HF_TOKEN"),
            this,
            TimeProvider.System,
            retry ?? HubRetry.None);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string? range = request.Headers.TryGetValues("Range", out IEnumerable<string>? values) ? string.Join(",", values) : null;
        Sent.Add(new SentRequest(request.Method.Method, request.RequestUri!, request.Headers.Authorization?.ToString(), range, request.Headers));
        HttpResponseMessage response = answer(request);
        response.RequestMessage = request;
        return Task.FromResult(response);
    }

    private static HttpResponseMessage With(HttpResponseMessage response, (string Name, string Value)[] headers)
    {
        foreach ((string name, string value) in headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.Remove(name);
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return response;
    }

    /// <summary>Hides the length of a stream.</summary>
    private sealed class NoLength(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>A clock whose waits are over at once; it keeps how long they would have been.</summary>
internal sealed class ImpatientTime : TimeProvider
{
    public List<TimeSpan> Waits { get; } = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime >= TimeSpan.Zero)
        {
            Waits.Add(dueTime);
        }

        return TimeProvider.System.CreateTimer(callback, state, dueTime < TimeSpan.Zero ? dueTime : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}

/// <summary>Keeps what is told, at once and in order.</summary>
internal sealed class Told : IProgress<HubProgress>
{
    public List<HubProgress> All { get; } = [];

    public void Report(HubProgress value) => All.Add(value);
}
