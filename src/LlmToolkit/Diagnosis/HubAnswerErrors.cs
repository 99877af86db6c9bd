namespace LlmToolkit.Diagnosis;

/// <summary>Answers of the Hub or of another server that are no: LT6150-LT6199.</summary>
internal static class HubAnswerErrors
{
    private const string LogIn = "Log in with a token of yours: `llmtk hub login`, or set HF_TOKEN.";
    private const string WhoAmI = "Check whose token it is: `llmtk hub whoami`.";

    /// <summary>The repository does not exist, or the token does not open it.</summary>
    public static Diagnostic NoRepository(string what, string? token, string said) => Answer(
        "LT6150", token is null ? $"There is no repository {what}, or it is private." : $"There is no repository {what} that the token{From(token)} opens.", said, "The name is misspelt, the repository was renamed or deleted, or it is private and the token's account may not see it: the Hub answers the same for all of them.",
        ["Check owner and name, capitals too: `llmtk hub search NAME`.", token is null ? $"If it is private: {char.ToLowerInvariant(LogIn[0])}{LogIn[1..]}" : $"If it is private: {char.ToLowerInvariant(WhoAmI[0])}{WhoAmI[1..]}", "Ask its owner to let that account in."], Certainty.Likely);

    /// <summary>The repository does not exist or is hidden from those without a token.</summary>
    public static Diagnostic HiddenRepository(string what, string said) => Answer(
        "LT6159", $"There is no repository {what}, or it is private: no token was sent.", said, "The name is misspelt, the repository was renamed or deleted, or it is private: without a token the Hub answers the same for all of them.",
        ["Check owner and name, capitals too: `llmtk hub search NAME`.", $"If it is private or gated: {char.ToLowerInvariant(LogIn[0])}{LogIn[1..]}"], Certainty.Likely);

    /// <summary>The revision does not exist.</summary>
    public static Diagnostic NoRevision(string what, string said) => Answer(
        "LT6151", $"The repository has no revision as asked for: {what}.", said, "The branch, tag or commit is misspelt or was deleted.", ["Leave the revision out: main is taken.", "Look at its branches and tags: `llmtk hub info OWNER/NAME`."]);

    /// <summary>The file does not exist in the repository.</summary>
    public static Diagnostic NoEntry(string what, string said) => Answer(
        "LT6152", $"The repository has no such file: {what}.", said, "The file's name is misspelt, or it lies in another folder or revision.", ["List the repository's files and choose one of them: `llmtk hub files OWNER/NAME`.", "Check capitals and the folder."]);

    /// <summary>Too many requests.</summary>
    public static Diagnostic TooMany(TimeSpan? retryAfter, string said) => Answer(
        "LT6153", $"The server wants fewer requests (429){(retryAfter is { } wait ? $": try again in {Math.Ceiling(wait.TotalSeconds)} s" : "")}.", said, "The limit of requests was reached; it is lower for requests without a token, and shared by all who come from one address.",
        ["Wait and try again.", LogIn], severity: Severity.Medium);

    /// <summary>The server is in trouble.</summary>
    public static Diagnostic ServerTrouble(int status, string said) => Answer(
        "LT6154", $"The server has trouble of its own ({status}).", said, "The server is overloaded, restarts or is being repaired.", ["Try again in some minutes: a download goes on where it stopped.", "Look at the service's status page."], severity: Severity.Medium);

    /// <summary>The file changed while it was downloaded.</summary>
    public static Diagnostic RangeChanged(string said) => Answer(
        "LT6155", "The server cannot give the rest of the file (416): it is not the file that the partial download began with.", said, "The file was replaced, or the partial download is longer than it.", ["Delete the partial download (.incomplete) and start again."], Certainty.Likely, severity: Severity.Medium);

    /// <summary>Another answer.</summary>
    public static Diagnostic Other(int status, string what, string said) => Answer(
        "LT6156", $"The server answered {status} to the request for {what}.", said, "The address is not what the server offers (for an endpoint, /v1 may be missing), or the request is not allowed.",
        ["Check the address; an endpoint's ends in /v1.", "Try it in a browser."], Certainty.Possible);

    /// <summary>Offline, and the file is not on this machine.</summary>
    public static Diagnostic NotCached(string said) => Answer(
        "LT6157", "The file is not on this machine, and downloads are switched off.", said, "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set, or there was no network.", ["Unset HF_HUB_OFFLINE, or download the model on a machine with a network and copy it.", "Name a model that is on this machine already."]);

    /// <summary>The downloaded file is not the one that was promised.</summary>
    public static Diagnostic Mismatch(string said) => Answer(
        "LT6158", "The downloaded file has another size or checksum than the server states.", said, "The transfer was damaged or cut, or a proxy changed the content.", ["Delete the file and download it again.", "Download without the proxy."], Certainty.Likely, FaultKind.Refused);

    /// <summary>The repository is gated and no token was sent.</summary>
    public static Diagnostic GatedWithoutToken(string what, string said) => Refusal(
        "LT6170", $"{what} is open only to those who accepted its licence, and no token was sent.", said, "The author asks readers to accept terms first.",
        ["Accept the terms on the model's page, then log in: `llmtk hub login`, or set HF_TOKEN.", "Take a model without a gate."]);

    /// <summary>The repository is gated and the account has no access.</summary>
    public static Diagnostic GatedWithToken(string what, string? token, string said) => Refusal(
        "LT6171", $"{what} is open only to those who accepted its licence, and the account of the token{From(token)} did not, or waits for approval.", said, "The terms were not accepted with this account, or the author has not yet approved it.",
        ["Accept the terms on the model's page with the same account.", "If you asked already, wait for the author's approval.", WhoAmI, "A fine-grained token must also allow gated repositories: tick it in the token's settings."], Certainty.Likely);

    /// <summary>The token is not valid.</summary>
    public static Diagnostic BadToken(string? token, string said) => Refusal(
        "LT6172", $"The token{From(token)} is not valid (401).", said, "It expired, was revoked, or was copied incompletely; the environment (HF_TOKEN) wins over the saved one.",
        [.. token?.StartsWith("HF_TOKEN", StringComparison.Ordinal) == true ? (string[])["Unset HF_TOKEN, or set it to a valid token."] : [], "Make a new token at https://huggingface.co/settings/tokens and log in with it: `llmtk hub login`.", "Unset HF_TOKEN if an old one is set there."], Certainty.Likely);

    /// <summary>The token may not do this.</summary>
    public static Diagnostic Scope(string what, string? token, string said) => Refusal(
        "LT6173", $"The token{From(token)} may not read {what} (403).", said, "A fine-grained token lacks the right to this repository or to gated repositories.",
        ["Tick \"Read access to contents of all public gated repos you can access\" (or the repository) in the token's settings.", "Use a token of the kind Read: `llmtk hub login`.", WhoAmI], Certainty.Likely);

    /// <summary>The repository was taken down.</summary>
    public static Diagnostic Disabled(string what, string said) => Refusal(
        "LT6174", $"The Hub has disabled access to {what}.", said, "The repository was taken down.", ["Get the model from another source.", "Read the notice on the model's page."]);

    /// <summary>Nothing was sent to prove who asks.</summary>
    public static Diagnostic LoginNeeded(string what, string said) => Refusal(
        "LT6175", $"The server wants to know who asks for {what} (401).", said, "The repository is private or does not exist, or the endpoint wants a key.",
        [LogIn, "Check owner and name: the Hub answers the same for what does not exist."], Certainty.Likely);

    private static string From(string? token) => token is null ? "" : $" from {token}";

    private static Diagnostic Refusal(string code, string message, string said, string cause, IReadOnlyList<string> fixes, Certainty certainty = Certainty.Certain) =>
        Answer(code, message, said, cause, fixes, certainty, FaultKind.Authentication) with { Category = ErrorCategory.Authentication };

    private static Diagnostic Answer(string code, string message, string said, string cause, IReadOnlyList<string> fixes, Certainty certainty = Certainty.Certain, FaultKind kind = FaultKind.Network, Severity severity = Severity.High) => new()
    {
        Code = code,
        Kind = kind,
        Category = ErrorCategory.Network,
        Severity = severity,
        Message = message,
        Evidence = said,
        Cause = cause,
        Certainty = certainty,
        Fixes = fixes,
        Stops = [LoadStop.Download],
    };
}
