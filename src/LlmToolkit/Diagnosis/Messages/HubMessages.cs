namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Messages of huggingface_hub (errors.py, utils/_http.py), of HTTP libraries and of TLS.</summary>
internal static class HubMessages
{
    private const string It = "the repository";

    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        new("Cannot access gated repo", s => HubAnswerErrors.GatedWithoutToken(It, s)),
        new("You are trying to access a gated repo", s => HubAnswerErrors.GatedWithoutToken(It, s)),
        new("Access to model * is restricted", s => HubAnswerErrors.GatedWithoutToken(It, s)),
        new("is restricted and you are not in the authorized list", s => HubAnswerErrors.GatedWithToken(It, null, s)),
        new("Your request to access model * is awaiting a review", s => HubAnswerErrors.GatedWithToken(It, null, s)),
        new("Access to this resource is disabled", s => HubAnswerErrors.Disabled(It, s)),
        new("Invalid credentials in Authorization header", s => HubAnswerErrors.BadToken(null, s)),
        new("Invalid user token", s => HubAnswerErrors.BadToken(null, s)),
        new("Invalid username or password", s => HubAnswerErrors.BadToken(null, s)),
        new("Repository Not Found for url", s => HubAnswerErrors.NoRepository("of that name", null, s)),
        new("is not a local folder and is not a valid model identifier", s => HubAnswerErrors.NoRepository("of that name", null, s)),
        new("Revision Not Found for url", s => HubAnswerErrors.NoRevision("see the address", s)),
        new("is not a valid git identifier", s => HubAnswerErrors.NoRevision("see the message", s)),
        new("Entry Not Found for url", s => HubAnswerErrors.NoEntry("see the address", s)),
        new("LocalEntryNotFoundError", HubAnswerErrors.NotCached),
        new("OfflineModeIsEnabled", HubAnswerErrors.NotCached),
        new("outgoing traffic has been disabled", HubAnswerErrors.NotCached),
        new("Consistency check failed: file should be of size", HubAnswerErrors.Mismatch),
        new("429 Client Error", s => HubAnswerErrors.TooMany(null, s)),
        new("429 Too Many Requests", s => HubAnswerErrors.TooMany(null, s)),
        new("416 Requested Range Not Satisfiable", HubAnswerErrors.RangeChanged),
        new("416 Client Error", HubAnswerErrors.RangeChanged),
        new("407 Proxy Authentication Required", NetworkErrors.ProxyCredentials),
        new("502 Bad Gateway", s => HubAnswerErrors.ServerTrouble(502, s)),
        new("503 Service Unavailable", s => HubAnswerErrors.ServerTrouble(503, s)),
        new("503 Server Error", s => HubAnswerErrors.ServerTrouble(503, s)),
        new("504 Gateway Time-out", s => HubAnswerErrors.ServerTrouble(504, s)),
        new("500 Server Error", s => HubAnswerErrors.ServerTrouble(500, s)),
        new("certificate is not yet valid", s => NetworkErrors.Clock(null, s)),
        new("certificate has expired", s => NetworkErrors.Clock(null, s)),
        new("NotTimeValid", s => NetworkErrors.Clock(null, s)),
        new("CERTIFICATE_VERIFY_FAILED", s => NetworkErrors.Certificate(null, s)),
        new("RemoteCertificateChainErrors", s => NetworkErrors.Certificate(null, s)),
        new("self-signed certificate in certificate chain", s => NetworkErrors.Certificate(null, s)),
        new("UntrustedRoot", s => NetworkErrors.Certificate(null, s)),
        new("The SSL connection could not be established", s => NetworkErrors.Tls(null, s)),
        new("Name or service not known", s => NetworkErrors.HostNotFound(null, s)),
        new("No such host is known", s => NetworkErrors.HostNotFound(null, s)),
        new("Temporary failure in name resolution", s => NetworkErrors.HostNotFound(null, s)),
        new("nodename nor servname provided", s => NetworkErrors.HostNotFound(null, s)),
        new("Connection refused", s => NetworkErrors.Refused(null, s)),
        new("actively refused it", s => NetworkErrors.Refused(null, s)),
        new("The request was canceled due to the configured HttpClient.Timeout", s => NetworkErrors.TimedOut(null, s)),
        new("Read timed out", s => NetworkErrors.TimedOut(null, s)),
        new("Connection timed out", s => NetworkErrors.TimedOut(null, s)),
        new("Network is unreachable", s => NetworkErrors.Unreachable(null, s)),
        new("Connection reset by peer", s => NetworkErrors.Broken(null, s)),
        new("We couldn't connect to 'https://huggingface.co'", s => NetworkErrors.Unreachable("huggingface.co", s)),
    ];
}
