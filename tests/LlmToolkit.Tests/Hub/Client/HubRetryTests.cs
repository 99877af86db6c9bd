using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Client;

public sealed class HubRetryTests
{
    private readonly ImpatientTime _time = new();

    private CancellationToken None => TestContext.Current.CancellationToken;

    /// <summary>0.5 is the middle: no spread.</summary>
    private HubRetry Retry(double random = 0.5) => new(_time, () => random);

    private static HttpRequestException Broken() => new(HttpRequestError.ResponseEnded, "ended");

    [Theory]
    [InlineData(HttpStatusCode.RequestTimeout)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.BadGateway)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    public async Task Request_TransientStatus_IsTriedSixTimesLaterAndLater(HttpStatusCode status)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Status(status));
        using HubClient client = handler.Client(retry: Retry());
        Told told = new();
        client.Progress = told;

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.InfoAsync(HubHandler.Repository, cancellationToken: None));

        Assert.Equal(6, handler.Sent.Count);
        Assert.Equal([1, 2, 4, 8, 8], _time.Waits.Select(w => w.TotalSeconds));
        Assert.Equal(5, told.All.Count);
        Assert.All(told.All, p => Assert.Equal(HubProgressState.Waiting, p.State));
        Assert.StartsWith("waiting 1 s: ", told.All[0].Note, StringComparison.Ordinal);
        Assert.True(HubFaults.IsOutage(error));
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.RequestedRangeNotSatisfiable)]
    [InlineData(HttpStatusCode.ProxyAuthenticationRequired)]
    [InlineData(HttpStatusCode.UnavailableForLegalReasons)]
    public async Task Request_SettledStatus_IsTriedOnce(HttpStatusCode status)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Status(status));
        using HubClient client = handler.Client(retry: Retry());

        await Assert.ThrowsAsync<ModelException>(() => client.InfoAsync(HubHandler.Repository, cancellationToken: None));

        Assert.Single(handler.Sent);
        Assert.Empty(_time.Waits);
    }

    [Fact]
    public async Task Request_FaultsThatPass_EndWithTheAnswer()
    {
        int call = 0;
        using HubHandler handler = new(_ => call++ switch
        {
            0 => throw Broken(),
            1 => throw new HttpRequestException("refused", new SocketException((int)SocketError.ConnectionRefused)),
            2 => HubHandler.Status(HttpStatusCode.BadGateway),
            _ => HubHandler.Json("{}"),
        });
        using HubClient client = handler.Client(retry: Retry());

        await client.RefsAsync(HubHandler.Repository, None);

        Assert.Equal(4, handler.Sent.Count);
    }

    [Fact]
    public async Task Request_WhatASecondAttemptDoesNotChange_IsTriedOnce()
    {
        foreach (Exception fault in (Exception[])[
            new HttpRequestException("tls", new AuthenticationException("UntrustedRoot")),
            new HttpRequestException(HttpRequestError.NameResolutionError, "no name", new SocketException((int)SocketError.HostNotFound)),
            new HttpRequestException(HttpRequestError.ProxyTunnelError, "407"),
            new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded, "headers too long")])
        {
            using HubHandler handler = new(_ => throw fault);
            using HubClient client = handler.Client(retry: Retry());

            ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.RefsAsync(HubHandler.Repository, None));

            Assert.Single(handler.Sent);
            Assert.Equal(fault is not HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError }, HubFaults.IsOutage(error));
        }
    }

    [Theory]
    [InlineData(0, 0.75)]
    [InlineData(0.5, 1)]
    [InlineData(0.999, 1.2495)]
    public async Task Wait_Spread_IsAQuarter(double random, double factor)
    {
        await Assert.ThrowsAsync<HttpRequestException>(() => Retry(random).RunAsync<int>((_, _) => throw Broken(), null, None));

        Assert.Equal(((double[])[1, 2, 4, 8, 8]).Select(s => s * factor), _time.Waits.Select(w => w.TotalSeconds), new Near());
    }

    [Fact]
    public async Task Progress_OfAMebibyte_BeginsTheCountAnew()
    {
        int attempts = 0;

        await Assert.ThrowsAsync<HttpRequestException>(() => Retry().RunAsync<int>((attempt, _) =>
        {
            attempts++;
            attempt.Gained(attempts is 3 or 7 ? HubAttempt.FreshStart : HubAttempt.FreshStart - 1);
            throw Broken();
        }, null, None));

        Assert.Equal([1, 2, 1, 2, 4, 8, 1, 2, 4, 8, 8], _time.Waits.Select(w => w.TotalSeconds));
        Assert.Equal(12, attempts);
    }

    [Fact]
    public async Task RequestsWithinAStep_AreTriedOnceEach()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Status(HttpStatusCode.BadGateway));
        using HubClient client = handler.Client(retry: Retry());

        await Assert.ThrowsAsync<ModelException>(() => client.RetryAsync(token => client.RefsAsync(HubHandler.Repository, token), null, None));
        int within = handler.Sent.Count;
        await Assert.ThrowsAsync<ModelException>(() => client.RefsAsync(HubHandler.Repository, None));

        Assert.Equal((6, 12), (within, handler.Sent.Count));
    }

    [Fact]
    public async Task WithoutRetries_IsTriedOnce()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Status(HttpStatusCode.BadGateway));
        using HubClient client = handler.Client(retry: Retry());

        await Assert.ThrowsAsync<ModelException>(() => client.WithoutRetries.ListAsync(HubHandler.Repository, cancellationToken: None));

        Assert.Single(handler.Sent);
    }

    [Fact]
    public async Task Wait_Cancelled_EndsAtOnce()
    {
        using CancellationTokenSource stop = new();
        HubRetry patient = new(TimeProvider.System, () => 0.5);
        Told told = new();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patient.RunAsync<int>((_, _) =>
        {
            stop.CancelAfter(50);
            throw Broken();
        }, told, stop.Token));

        Assert.Single(told.All);
    }

    /// <summary>Headers of a 429; then the wait.</summary>
    [Theory]
    [InlineData("RateLimit", "\"api\";r=0;t=57", 58)]
    [InlineData("RateLimit", "\"api\";r=3;t=57", 1)]
    [InlineData("RateLimit", "\"pages\";r=5;t=9, \"api\";r=0;t=20", 21)]
    [InlineData("RateLimit", "\"api\"; r=0; t=20", 21)]
    [InlineData("RateLimit", "\"api\";r=0;t=999999999999999999", 600)]
    [InlineData("RateLimit", "\"api\";r=0;t=-5", 1)]
    [InlineData("RateLimit", "garbage", 1)]
    [InlineData("Retry-After", "12", 12)]
    [InlineData("Retry-After", "0", 1)]
    [InlineData("Retry-After", "-3", 1)]
    [InlineData("Retry-After", "999999999999", 600)]
    [InlineData("Retry-After", "soon", 1)]
    [InlineData("Retry-After", "Wed, 21 Oct 2015 07:28:30 GMT", 30)]
    [InlineData("Retry-After", "Wed, 21 Oct 2015 07:27:00 GMT", 1)]
    [InlineData("Retry-After", "Wed, 21 Oct 2099 07:28:00 GMT", 600)]
    public async Task Wait_TooManyRequests_IsAsTheServerAsks(string header, string value, double seconds)
    {
        // The server's clock stands in 2015: only it may be compared with the server's date.
        using HubHandler handler = HubHandler.InTurn(
            () => HubHandler.Status(HttpStatusCode.TooManyRequests, (header, value), ("Date", "Wed, 21 Oct 2015 07:28:00 GMT")),
            () => HubHandler.Json("{}"));
        // 0 is the least spread: nothing is added to what the server asks.
        using HubClient client = handler.Client(retry: Retry(seconds == 1 ? 0.5 : 0));
        Told told = new();
        client.Progress = told;

        await client.RefsAsync(HubHandler.Repository, None);

        Assert.Equal(seconds, Assert.Single(_time.Waits).TotalSeconds, 3);
        Assert.Equal(FormattableString.Invariant($"waiting {seconds:0} s: rate limit"), Assert.Single(told.All).Note);
    }

    [Fact]
    public async Task Wait_UsedUpQuota_BeatsRetryAfter()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Status(HttpStatusCode.TooManyRequests, ("RateLimit", "\"api\";r=0;t=4"), ("Retry-After", "100")), () => HubHandler.Json("{}"));
        using HubClient client = handler.Client(retry: Retry(0));

        await client.RefsAsync(HubHandler.Repository, None);

        Assert.Equal(5, Assert.Single(_time.Waits).TotalSeconds);
    }

    [Fact]
    public async Task Request_NoHeadersInTime_IsATimeLimitNotACancellation()
    {
        using HttpClientHandlerThatHangs handler = new();
        using HubClient client = new(new HubSettings { MetadataTimeout = TimeSpan.FromMilliseconds(50) }, HubToken.None, handler, TimeProvider.System, HubRetry.None);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.RefsAsync(HubHandler.Repository, None));

        Assert.Equal("LT6102", error.Diagnostic.Code);
        Assert.True(HubFaults.IsTransient(error));
    }

    private sealed class HttpClientHandlerThatHangs : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return new HttpResponseMessage();
        }
    }

    private sealed class Near : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) < 0.001;

        public int GetHashCode(double obj) => 0;
    }
}
