using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using LlmToolkit.Diagnosis;

namespace LlmToolkit.Hub;

/// <summary>What a fault on the way to the Hub means for what is done next: try again, take what is on disk, or give up.</summary>
internal static class HubFaults
{
    private static readonly ErrorReporter s_reporter = new();

    /// <summary>True when the same request may well succeed a little later: 408, 429, 5xx, broken connections, time limits, answers that break the protocol.</summary>
    public static bool IsTransient(Exception exception) => exception switch
    {
        ModelException { InnerException: HubStatusException status } => IsTransient(status.Status),
        ModelException { Diagnostic.Code: "LT6008" or "LT6018" or "LT6158" } => true,
        ModelException { InnerException: { } inner } => IsTransient(inner),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.ProxyTunnelError or HttpRequestError.UserAuthenticationError } => false,
        HttpRequestException or HttpIOException or SocketException => !IsSettled(exception),
        // A file that cannot be written is an IOException too: only those of a connection count.
        IOException { InnerException: SocketException inner } => !IsSettled(inner),
        TimeoutException => true,
        _ => false,
    };

    /// <summary>True when the Hub could not be asked, or did not let this caller in: what is on disk may be used. False for an answer, such as that there is no such revision or file.</summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        ModelException { Diagnostic.Code: "LT6002" or "LT6100" } => true,
        // A refused name or an unknown file is the Hub's word; a proxy that wants a password is the user's to settle.
        ModelException { InnerException: HubStatusException status } => status.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden || IsTransient(status.Status) || (int)status.Status >= 500,
        ModelException { Diagnostic.Code: "LT6004" or "LT6005" or "LT6010" or "LT6018" } => true,
        ModelException { InnerException: { } inner } => IsOutage(inner),
        HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } => false,
        HttpRequestException or HttpIOException or SocketException or TimeoutException => true,
        IOException { InnerException: SocketException } => true,
        _ => false,
    };

    /// <summary>True when the Hub says that the revision has no such file.</summary>
    public static bool IsNoEntry(Exception exception) => exception is ModelException { Diagnostic.Code: "LT6152" };

    /// <summary>A broken or refused connection as a diagnostic.</summary>
    public static ModelException Connection(Exception exception, Uri address) =>
        new(s_reporter.Explain(exception, new LoadContext { Address = Place(address), Stop = LoadStop.Download }), exception);

    /// <summary>No answer within the limit.</summary>
    public static ModelException TimedOut(Uri address, TimeSpan limit) =>
        new(NetworkErrors.TimedOut(address.Host, FormattableString.Invariant($"no answer within {limit.TotalSeconds:0.#} s")), new TimeoutException());

    /// <summary>Content that is longer or shorter than was promised.</summary>
    public static ModelException WrongLength(string what, long promised, string got) =>
        new(HubAnswerErrors.Mismatch(FormattableString.Invariant($"{what}: {promised} bytes were promised, {got} came")));

    /// <summary>An address for messages: without its query, where signatures stand.</summary>
    public static Uri Place(Uri address) => address.IsAbsoluteUri ? new Uri(address.GetLeftPart(UriPartial.Path)) : address;

    /// <summary>What an address asks for, in a message.</summary>
    public static string What(Uri address) => address.GetLeftPart(UriPartial.Path);

    private static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>True for what a second attempt does not change: a certificate that is not trusted, a name that nobody has.</summary>
    private static bool IsSettled(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is AuthenticationException or SocketException { SocketErrorCode: SocketError.HostNotFound })
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The status of an answer that is no; beneath the <see cref="ModelException"/> that explains it.</summary>
/// <param name="status">The status.</param>
internal sealed class HubStatusException(HttpStatusCode status) : Exception($"HTTP {(int)status}")
{
    /// <summary>The status.</summary>
    public HttpStatusCode Status => status;

    /// <summary>How long the server asks to wait; null: it does not say.</summary>
    public TimeSpan? Wait { get; init; }
}
