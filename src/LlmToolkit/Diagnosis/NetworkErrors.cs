namespace LlmToolkit.Diagnosis;

/// <summary>Faults on the way to a server: LT6100-LT6149.</summary>
internal static class NetworkErrors
{
    private const string Proxy = "Where a proxy is needed, set HTTPS_PROXY (and NO_PROXY for what is near).";
    private const string Offline = "Without a network, name a model that is on this machine already.";

    /// <summary>The server's name is not known.</summary>
    public static Diagnostic HostNotFound(string? host, string said) => Fault(
        "LT6100", $"The name {host ?? "of the server"} cannot be resolved.", said, "There is no network, the name service fails, or the name is misspelt.",
        ["Check the network connection and the name.", Proxy, Offline], Certainty.Likely);

    /// <summary>The server refused the connection.</summary>
    public static Diagnostic Refused(string? host, string said) => Fault(
        "LT6101", $"{host ?? "The server"} refused the connection.", said, "No server listens on that port, or a firewall rejects the connection.",
        ["Check that the server runs and that address and port are right.", Proxy, Offline], Certainty.Likely);

    /// <summary>The server did not answer in time.</summary>
    public static Diagnostic TimedOut(string? host, string said) => Fault(
        "LT6102", $"{host ?? "The server"} did not answer in time.", said, "A firewall drops the packets, a proxy is needed, or the line is slow or overloaded.",
        ["Try again: a download goes on where it stopped.", Proxy, "Name a mirror as the endpoint (HF_ENDPOINT)."], Certainty.Likely);

    /// <summary>The network cannot be reached.</summary>
    public static Diagnostic Unreachable(string? host, string said) => Fault(
        "LT6103", $"There is no way to {host ?? "the server"}.", said, "The machine has no network, or a VPN or route is down.",
        ["Check the network connection.", Offline], Certainty.Likely);

    /// <summary>The connection broke.</summary>
    public static Diagnostic Broken(string? host, string said) => Fault(
        "LT6104", $"The connection to {host ?? "the server"} broke.", said, "The server or something between closed it; long downloads meet this now and then.",
        ["Try again: a download goes on where it stopped.", "Use a wired or steadier connection."], Certainty.Likely);

    /// <summary>The proxy wants credentials.</summary>
    public static Diagnostic ProxyCredentials(string said) => Fault(
        "LT6105", "The proxy wants a user name and a password (407).", said, "The proxy of this network lets only known users out.",
        ["Set HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT (write special characters as %xx).", "Ask the administrator to let this machine through."], Certainty.Certain, FaultKind.Authentication, ErrorCategory.Authentication);

    /// <summary>The server's certificate is not trusted.</summary>
    public static Diagnostic Certificate(string? host, string said) => Fault(
        "LT6106", $"The certificate of {host ?? "the server"} is not trusted.", said, "A proxy that reads encrypted traffic puts its own certificate in, or the system (a slim container) has no list of authorities.",
        ["Install the certificate of your company's authority, or name it: SSL_CERT_FILE=/path/ca.pem.", "In a container, install the package ca-certificates.", "Do not switch the check off: anyone could send you another file."], Certainty.Likely);

    /// <summary>The certificate is not valid at this machine's time.</summary>
    public static Diagnostic Clock(string? host, string said) => Fault(
        "LT6107", $"The certificate of {host ?? "the server"} is not valid at this machine's time.", said, "The clock of this machine is wrong, or the certificate has expired.",
        ["Set the clock (timedatectl set-ntp true; Settings, Date and time).", "If the clock is right, the server's certificate has expired: try later or another server."], Certainty.Likely);

    /// <summary>No secure connection came about.</summary>
    public static Diagnostic Tls(string? host, string said) => Fault(
        "LT6108", $"No secure connection to {host ?? "the server"} came about.", said, "The two sides share no version of TLS, or something between them disturbs it.",
        ["Check that the address begins with https only where the server speaks it.", Proxy], Certainty.Possible);

    /// <summary>The network failed in another way.</summary>
    public static Diagnostic Other(string? host, string said) => Fault(
        "LT6109", $"The request to {host ?? "the server"} failed.", said, "The network or the server failed.", ["Try again.", Proxy, Offline], Certainty.Possible);

    private static Diagnostic Fault(string code, string message, string said, string cause, IReadOnlyList<string> fixes, Certainty certainty, FaultKind kind = FaultKind.Network, ErrorCategory category = ErrorCategory.Network) => new()
    {
        Code = code,
        Kind = kind,
        Category = category,
        Message = message,
        Evidence = said,
        Cause = cause,
        Certainty = certainty,
        Fixes = fixes,
        Stops = [LoadStop.Download],
    };
}
