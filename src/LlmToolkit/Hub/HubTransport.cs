using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace LlmToolkit.Hub;

/// <summary>Sends requests and follows their redirects by hand. The token goes to the endpoint's own scheme, host and port, and nowhere else.</summary>
internal sealed class HubTransport : IDisposable
{
    /// <summary>Redirects that are followed; a renamed repository on a mirror takes three.</summary>
    private const int MaxHops = 10;

    /// <summary>All headers of an answer together, in KiB: a signed Location has some 2.</summary>
    private const int MaxHeadersKiB = 64;

    /// <summary>Warnings of different topics that are shown; a server could think up ever new ones.</summary>
    private const int MaxWarnings = 16;

    private readonly HttpMessageInvoker _invoker;
    private readonly HubSettings _settings;
    private readonly Lazy<HubToken> _token;
    private readonly TimeProvider _time;
    private readonly string _userAgent;
    private volatile bool _hasAnswered;
    private readonly ConcurrentDictionary<string, bool> _topics = new(StringComparer.Ordinal);

    /// <param name="settings">Endpoint, limits, certificates.</param>
    /// <param name="token">Null: looked for when it is first needed.</param>
    /// <param name="handler">What carries the messages; not disposed. Null: sockets.</param>
    /// <param name="time">The clock of time limits.</param>
    public HubTransport(HubSettings settings, HubToken? token, HttpMessageHandler? handler, TimeProvider time)
    {
        _settings = settings;
        _token = token is null
            ? new Lazy<HubToken>(() => settings.SendStoredToken && !settings.Offline ? HubToken.Find(settings) : HubToken.None)
            : new Lazy<HubToken>(token);
        _time = time;
        _invoker = new HttpMessageInvoker(handler ?? Sockets(settings), disposeHandler: handler is null);
        _userAgent = UserAgent(settings.UserAgentOrigin);
    }

    /// <summary>The token that the endpoint gets.</summary>
    public HubToken Token => _token.Value;

    /// <summary>Told what the Hub warns of and why a request waits.</summary>
    public IProgress<HubProgress>? Progress { get; set; }

    /// <summary>Sends, and follows redirects.</summary>
    /// <exception cref="ModelException">Offline mode, a fault of the line, no answer in time, or a redirect that cannot be followed.</exception>
    public async Task<HubAnswer> SendAsync(HubRequest request, CancellationToken cancellationToken)
    {
        if (_settings.Offline)
        {
            throw HubErrors.Offline(HubFaults.What(request.Address));
        }

        Uri address = request.Address;
        HashSet<Uri> seen = [address];
        HubFacts said = HubFacts.None;
        bool authorize = request.Authorize;
        while (true)
        {
            // Who led away from the endpoint does not get to choose what the token opens there.
            authorize = authorize && SameOrigin(address, _settings.Endpoint);
            bool sent = authorize && Token.IsPresent;
            HttpResponseMessage response = await SendOneAsync(request, address, sent, cancellationToken).ConfigureAwait(false);
            try
            {
                bool isHub = IsHub(address);
                said = isHub ? said.With(response) : said;
                Warn(response, request.Progress ?? Progress);
                if (!IsRedirect(response.StatusCode))
                {
                    return new HubAnswer(response, address, sent, isHub, said, null);
                }

                Uri next = Next(address, response, request.Address);
                if (request.StaysAtHub && !IsHub(next) && !SameOrigin(next, address))
                {
                    return new HubAnswer(response, address, sent, isHub, said, next);
                }

                if (!seen.Add(next))
                {
                    throw HubErrors.BadRedirect(HubFaults.What(request.Address), $"it leads in a circle, back to {HubFaults.What(next)}");
                }

                if (seen.Count > MaxHops + 1)
                {
                    throw HubErrors.BadRedirect(HubFaults.What(request.Address), FormattableString.Invariant($"after {MaxHops} hops there is one more"));
                }

                response.Dispose();
                address = next;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }

    /// <summary>True when scheme, host and port are the same.</summary>
    public static bool SameOrigin(Uri a, Uri b) =>
        a.Scheme == b.Scheme && string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase) && a.Port == b.Port;

    /// <summary>A listener for stalls of a body.</summary>
    public StallWatch Watch() => new(_settings.DownloadTimeout, _time);

    public void Dispose() => _invoker.Dispose();

    /// <summary>The endpoint, or one of the addresses of the Hub that a mirror may lead to.</summary>
    public bool IsHub(Uri address) =>
        SameOrigin(address, _settings.Endpoint)
        || IsUpgrade(_settings.Endpoint, address)
        || (address.Scheme == Uri.UriSchemeHttps && address.IsDefaultPort && address.IdnHost is "huggingface.co" or "hf.co" or "hub-ci.huggingface.co");

    /// <summary>The same host, now encrypted.</summary>
    private static bool IsUpgrade(Uri from, Uri to) =>
        from.Scheme == Uri.UriSchemeHttp && to.Scheme == Uri.UriSchemeHttps && string.Equals(from.IdnHost, to.IdnHost, StringComparison.OrdinalIgnoreCase);

    private static bool IsRedirect(HttpStatusCode status) =>
        status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private static Uri Next(Uri address, HttpResponseMessage response, Uri asked)
    {
        string what = HubFaults.What(asked);
        string location = HubFacts.Header(response, "Location") ?? throw HubErrors.BadRedirect(what, "it names no place to go to");
        if (!Uri.TryCreate(address, location, out Uri? next))
        {
            throw HubErrors.BadRedirect(what, "the place it names is no address");
        }

        if (next.Scheme != Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttp)
        {
            throw HubErrors.BadRedirect(what, $"it leads to {next.Scheme}, which is no web address");
        }

        // A user name in it would be sent on as if it were ours; a fragment is not for the server.
        return next.UserInfo.Length == 0 ? new Uri(next.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped)) : throw HubErrors.BadRedirect(what, "the place it names carries a user name");
    }

    private async Task<HttpResponseMessage> SendOneAsync(HubRequest request, Uri address, bool authorize, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = request.Message(address);
        message.Headers.TryAddWithoutValidation("User-Agent", _userAgent);
        message.Headers.TryAddWithoutValidation("X-Request-Id", Guid.NewGuid().ToString());
        if (authorize)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token.Secret);
        }

        using CancellationTokenSource limit = new(_settings.MetadataTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            HttpResponseMessage response = await _invoker.SendAsync(message, either.Token).ConfigureAwait(false);
            _hasAnswered = true;
            return response;
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.NameResolutionError && !_hasAnswered)
        {
            // Without a network at all, nobody waits for one; in the middle of a download it may come back.
            throw new ModelException(HubFaults.Connection(e, address).Diagnostic);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw HubFaults.TimedOut(address, _settings.MetadataTimeout);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw HubFaults.Connection(e, address);
        }
    }

    /// <summary><c>X-HF-Warning: topic; text</c>: each topic once.</summary>
    private void Warn(HttpResponseMessage response, IProgress<HubProgress>? progress)
    {
        if (progress is null || !response.Headers.TryGetValues("X-HF-Warning", out IEnumerable<string>? warnings))
        {
            return;
        }

        foreach (string warning in warnings)
        {
            int end = warning.IndexOf(';', StringComparison.Ordinal);
            string topic = end < 0 ? "" : warning[..end].Trim();
            if (_topics.Count < MaxWarnings && _topics.TryAdd(topic, true))
            {
                progress.Report(new HubProgress { Note = Token.Scrub($"The Hub says: {Printable(warning[(end + 1)..].Trim())}") });
            }
        }
    }

    /// <summary>Text of a header for a terminal.</summary>
    private static string Printable(string text)
    {
        const int longest = 500;
        StringBuilder printable = new();
        foreach (char c in text.Length > longest ? text.AsSpan(0, longest) : text)
        {
            printable.Append(char.IsControl(c) ? ' ' : c);
        }

        return printable.ToString();
    }

    private static string UserAgent(string? origin)
    {
        string version = typeof(HubTransport).Assembly.GetName().Version?.ToString(3) ?? "0";
        string own = $"llmtk/{version}; dotnet/{Environment.Version}";
        // What a header cannot carry is left out.
        string more = new([.. (origin ?? "").Where(c => c is >= ' ' and < '\u007F').Take(200)]);
        IEnumerable<string> parts = more.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(p => !own.Split("; ").Contains(p, StringComparer.Ordinal));
        return string.Join("; ", [own, .. parts.Distinct(StringComparer.Ordinal)]);
    }

    private static SocketsHttpHandler Sockets(HubSettings settings)
    {
        SocketsHttpHandler handler = new()
        {
            // The automatic ones would drop the token on the Hub's own redirects, and unpack what is to be hashed.
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            MaxResponseHeadersLength = MaxHeadersKiB,
            ConnectTimeout = settings.MetadataTimeout,
            // Names of a CDN move; a download may last for hours.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (settings.CertificateFile is { } file)
        {
            X509Certificate2Collection trusted = [];
            try
            {
                trusted.ImportFromPemFile(file);
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                throw HubErrors.BadCertificates(file, e);
            }

            X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(trusted);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        return handler;
    }
}
