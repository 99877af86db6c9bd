using System.Globalization;

namespace LlmToolkit.Hub;

/// <summary>Faults of the Hub's client: LT6000-LT6019. What a status says is explained by <see cref="Diagnosis.HubAnswerErrors"/>, a broken line by <see cref="Diagnosis.NetworkErrors"/>.</summary>
internal static class HubErrors
{
    private const string NotTheHub = "Something between this machine and the Hub answers in its place: a sign-in page of the network, a proxy; or the endpoint is no Hub.";
    private const string CheckEndpoint = "Check HF_ENDPOINT: without it, https://huggingface.co is asked.";
    private const string SignIn = "Open any page in a browser: if the network wants a sign-in first, it shows there.";
    private const string OtherNetwork = "Try another network, or without the proxy.";
    private const string Hostile = "The answer is damaged on the way, or the server is not to be trusted. Nothing of it was used.";
    private const string AnotherServer = "Do not use this mirror (HF_ENDPOINT) if it happens again.";

    /// <summary>HF_ENDPOINT is no address.</summary>
    public static ModelException BadEndpoint(string text) => Usage(
        "LT6000", "HF_ENDPOINT is not the address of a server.", "HF_ENDPOINT",
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.UserInfo.Length > 0 ? "it carries a user name or a password" : text,
        "Write it as https://host or https://host/path, without user name, '?' and '#'.", "Unset HF_ENDPOINT: https://huggingface.co is asked then.");

    /// <summary>A time limit is no number of seconds.</summary>
    public static ModelException BadSeconds(string name, string text, TimeSpan longest) => Usage(
        "LT6001", $"{name} is \"{text}\"; expected seconds, more than 0 and at most {longest.TotalSeconds.ToString(CultureInfo.InvariantCulture)}.", name, null,
        $"Set {name} to a number such as 10.", $"Unset {name}: it is 10 s then.");

    /// <summary>The Hub is not asked: offline mode.</summary>
    public static ModelException Offline(string what) => new(Of(
        "LT6002", $"Offline mode is on: {what} was not asked for.", null, "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set.", Certainty.Certain,
        "Unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE.", "Name a model that is on this machine already: `llmtk hub cache list` shows them."));

    /// <summary>SSL_CERT_FILE cannot be used.</summary>
    public static ModelException BadCertificates(string path, Exception inner) => new(SystemFaults.Refine(
        Usage("LT6003", $"SSL_CERT_FILE names {path}, which is no list of certificates that can be read.", "SSL_CERT_FILE", inner.Message,
            "Name a file in PEM form: -----BEGIN CERTIFICATE----- and so on.", "Unset SSL_CERT_FILE: the system's own list is used then.").Diagnostic,
        inner,
        path), inner);

    /// <summary>The answer is not the Hub's.</summary>
    public static ModelException NotHubAnswer(string what, string found) => new(Of(
        "LT6004", $"The answer to the request for {what} is not the Hub's.", found, NotTheHub, Certainty.Likely, SignIn, CheckEndpoint, OtherNetwork));

    /// <summary>The answer lacks headers that every Hub sends.</summary>
    public static ModelException MissingHeaders(string what, string missing, string found) => new(Of(
        "LT6005", $"The answer to the request for {what} lacks {missing}, which the Hub always sends.", found, NotTheHub, Certainty.Likely, SignIn, CheckEndpoint, OtherNetwork));

    /// <summary>The Hub names something that cannot be a file's path, a commit, an etag or a size.</summary>
    public static ModelException BadName(string kind, string value, string what) => new(Of(
        "LT6006", $"The Hub names a {kind} that cannot be used: \"{value}\".", $"in the answer to the request for {what}", Hostile, Certainty.Likely,
        "Report the repository to the Hub if the file is shown there under this name.", AnotherServer));

    /// <summary>The answer is larger than any real one.</summary>
    public static ModelException TooMuch(string what, string limit) => new(Of(
        "LT6007", $"The answer to the request for {what} is larger than what is read: {limit}.", null, Hostile, Certainty.Likely,
        "Name the files that you need instead of the whole repository.", AnotherServer));

    /// <summary>The server gave another part of the file than asked for.</summary>
    public static ModelException WrongRange(string what, string asked, string got) => new(Of(
        "LT6008", $"The server gave another part of {what} than was asked for.", $"asked for {asked}, got {got}", Hostile, Certainty.Likely,
        "Try again: what is on disk is kept.", AnotherServer, OtherNetwork));

    /// <summary>The answer is compressed though that was not asked for.</summary>
    public static ModelException Encoded(string what, string encoding) => new(Of(
        "LT6009", $"The server sent {what} compressed ({encoding}), which was not asked for and cannot be used here.", $"Content-Encoding: {encoding}", "A proxy or mirror compresses what passes through it.", Certainty.Likely,
        OtherNetwork, AnotherServer));

    /// <summary>A redirect leads nowhere.</summary>
    public static ModelException BadRedirect(string what, string detail) => new(Of(
        "LT6010", $"The server's redirect of the request for {what} cannot be followed: {detail}.", null, "The server or a proxy is set up wrongly, or is not to be trusted.", Certainty.Likely,
        CheckEndpoint, SignIn, OtherNetwork));

    /// <summary>The Hub contradicts itself.</summary>
    public static ModelException Contradiction(string what, string detail) => new(Of(
        "LT6011", $"The Hub's answer to the request for {what} contradicts itself: {detail}.", null, Hostile, Certainty.Likely,
        "Try again: the repository may have changed meanwhile.", AnotherServer));

    /// <summary>A token is needed and none is there.</summary>
    public static ModelException NoToken() => new(Of(
        "LT6012", "Nobody is signed in: no token was found.", null, "Neither HF_TOKEN nor a stored token is there for this endpoint.", Certainty.Certain,
        "Run `llmtk hub login`.", "Set HF_TOKEN to a token of yours.", "Make a token at https://huggingface.co/settings/tokens.") with
    { Kind = FaultKind.Authentication, Category = ErrorCategory.Authentication });

    /// <summary>The token holds characters that cannot be sent.</summary>
    /// <param name="source">Where it came from.</param>
    public static ModelException TokenUnusable(string source) => new(Of(
        "LT6013", $"The token from {source} holds white space or characters that no token has, or is far too long.", null, "More or less than the token was copied, or the file is another one.", Certainty.Likely,
        "Copy the token anew: it is one word that begins with hf_.", "Run `llmtk hub login`.") with
    { Kind = FaultKind.Authentication, Category = ErrorCategory.Authentication });

    /// <summary>No token was given.</summary>
    public static ModelException EmptyToken() => Usage(
        "LT6014", "No token was given.", "TOKEN", null, "Paste the token when `llmtk hub login` asks for it.", "Pipe it: cat token.txt | llmtk hub login", "Make one at https://huggingface.co/settings/tokens.");

    /// <summary>No place takes the token.</summary>
    public static ModelException NoTokenStore(string places) => Usage(
        "LT6015", $"The token is valid, but no place takes it: {places}.", "TOKEN", null, "Run `llmtk hub login --plain`: it is kept in a file then.", "Set HF_TOKEN instead.");

    /// <summary>The token's file cannot be written.</summary>
    public static ModelException CannotKeepToken(string path, Exception inner) => new(SystemFaults.Refine(
        Usage("LT6016", $"The token's file {path} cannot be written: {inner.Message}", null, null, "Check the folder's permissions and the room on the disk.", "Set HF_TOKEN instead.").Diagnostic with { File = path },
        inner,
        path), inner);

    /// <summary>The server that stores the files refuses them.</summary>
    public static ModelException StorageRefused(string host, int status, Exception? inner) => new(Of(
        "LT6017", $"The server that stores the files ({host}) refused a fresh address of the Hub ({status.ToString(CultureInfo.InvariantCulture)}).", null, "Addresses of files are signed for a short time and sometimes for one network: the clock of a proxy or the way through it differs.", Certainty.Possible,
        "Try again.", OtherNetwork), inner);

    /// <summary>The data comes too slowly or not at all.</summary>
    public static ModelException Stalled(string host, long bytes, TimeSpan limit) => new(Of(
        "LT6018", string.Create(CultureInfo.InvariantCulture, $"{host} sent {bytes} bytes in {limit.TotalSeconds:0.#} s: the line stands still."), null, "The line is broken or overloaded, or the server is.", Certainty.Likely,
        "Try again: a download goes on where it stopped.", "Set HF_HUB_DOWNLOAD_TIMEOUT to more seconds for a very slow line.") with
    { Severity = Severity.Medium }, new TimeoutException());

    /// <summary>The address is no file on a web server.</summary>
    public static ModelException NotWeb(string scheme) => Usage(
        "LT6019", $"Only http and https addresses can be fetched, not {scheme}.", null, null, "Name an https address of a file, a path, or owner/name on the Hub.");

    private static ModelException Usage(string code, string message, string? field, string? evidence, params IReadOnlyList<string> fixes) => new(new Diagnostic
    {
        Code = code,
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = message,
        Field = field,
        Evidence = evidence,
        Fixes = fixes,
        Stops = [LoadStop.Download],
    });

    private static Diagnostic Of(string code, string message, string? evidence, string cause, Certainty certainty, params IReadOnlyList<string> fixes) => new()
    {
        Code = code,
        Kind = FaultKind.Network,
        Category = ErrorCategory.Network,
        Message = message,
        Evidence = evidence,
        Cause = cause,
        Certainty = certainty,
        Fixes = fixes,
        Stops = [LoadStop.Download],
    };
}
