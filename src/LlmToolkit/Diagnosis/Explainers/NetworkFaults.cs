using System.Net.Sockets;
using System.Security.Authentication;

namespace LlmToolkit.Diagnosis.Explainers;

/// <summary>Sockets, TLS and time limits. A time limit is not a cancellation: .NET throws the same type for both.</summary>
internal sealed class NetworkFaults : IErrorExplainer
{
    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context)
    {
        string? host = context.Address?.Host;
        string said = exception.GetBaseException().Message;
        return exception switch
        {
            SocketException socket => Socket(socket.SocketErrorCode, host, said),
            AuthenticationException => Tls(exception, host, said),
            HttpRequestException http => Http(http, host, said),
            // HttpClient.Timeout; a cancellation has no TimeoutException inside and is the caller's to handle.
            OperationCanceledException { InnerException: TimeoutException } => NetworkErrors.TimedOut(host, said),
            TimeoutException when context.Address is not null => NetworkErrors.TimedOut(host, said),
            OperationCanceledException => ErrorCatalog.Known("LT8015").ToDiagnostic("Stopped before it was done.", Certainty.Certain),
            HttpIOException or IOException { InnerException: SocketException } => exception.InnerException is SocketException inner ? Socket(inner.SocketErrorCode, host, said) : NetworkErrors.Broken(host, said),
            _ => null,
        };
    }

    private static Diagnostic Http(HttpRequestException http, string? host, string said)
    {
        if (http.InnerException is AuthenticationException tls)
        {
            return Tls(tls, host, said);
        }

        if (http.InnerException is SocketException socket)
        {
            return Socket(socket.SocketErrorCode, host, said);
        }

        return http.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => NetworkErrors.HostNotFound(host, said),
            HttpRequestError.SecureConnectionError => NetworkErrors.Tls(host, said),
            HttpRequestError.ProxyTunnelError when (int?)http.StatusCode == 407 => NetworkErrors.ProxyCredentials(said),
            HttpRequestError.ResponseEnded => NetworkErrors.Broken(host, said),
            _ => http.InnerException is IOException { InnerException: SocketException inner } ? Socket(inner.SocketErrorCode, host, said) : NetworkErrors.Other(host, said),
        };
    }

    private static Diagnostic Socket(SocketError error, string? host, string said) => error switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery => NetworkErrors.HostNotFound(host, said),
        SocketError.ConnectionRefused => NetworkErrors.Refused(host, said),
        SocketError.TimedOut => NetworkErrors.TimedOut(host, said),
        SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown or SocketError.HostDown => NetworkErrors.Unreachable(host, said),
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown or SocketError.NotConnected or SocketError.NetworkReset => NetworkErrors.Broken(host, said),
        SocketError.TooManyOpenSockets => SystemFaults.Explain(24, null, windows: false)!,
        _ => NetworkErrors.Other(host, said),
    };

    /// <summary>The names of X509ChainStatusFlags and SslPolicyErrors, which .NET writes into the message untranslated.</summary>
    private static Diagnostic Tls(Exception exception, string? host, string said)
    {
        string text = exception.ToString();
        return text.Contains("NotTimeValid", StringComparison.Ordinal) ? NetworkErrors.Clock(host, said)
            : text.Contains("RemoteCertificate", StringComparison.Ordinal) || text.Contains("UntrustedRoot", StringComparison.Ordinal) || text.Contains("PartialChain", StringComparison.Ordinal) ? NetworkErrors.Certificate(host, said)
            : NetworkErrors.Tls(host, said);
    }
}
