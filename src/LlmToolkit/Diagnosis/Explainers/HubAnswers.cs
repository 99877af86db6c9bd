using System.Globalization;

namespace LlmToolkit.Diagnosis.Explainers;

/// <summary>Answers of the Hub or of another server, by status and the X-Error-Code header.</summary>
internal sealed class HubAnswers : IErrorExplainer
{
    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context) =>
        (context.HttpStatus ?? (int?)(exception as HttpRequestException)?.StatusCode) is int status ? Answer(status, context, context.Answer ?? exception.Message) : null;

    /// <inheritdoc/>
    public Diagnostic? Explain(string message, LoadContext context) =>
        context.HttpStatus is int status ? Answer(status, context, context.Answer ?? message) : null;

    private static Diagnostic? Answer(int status, LoadContext context, string answer)
    {
        string said = string.Create(CultureInfo.InvariantCulture, $"HTTP {status}{(context.HubErrorCode is null ? "" : $", X-Error-Code {context.HubErrorCode}")}{(answer.Length == 0 ? "" : $": {answer}")}");
        string what = What(context.Address);
        return (context.HubErrorCode, status) switch
        {
            ("GatedRepo", _) => context.TokenSent == true || (context.TokenSent is null && status == 403) ? HubAnswerErrors.GatedWithToken(what, said) : HubAnswerErrors.GatedWithoutToken(what, said),
            ("RevisionNotFound", _) => HubAnswerErrors.NoRevision(what, said),
            ("EntryNotFound", _) => HubAnswerErrors.NoEntry(what, said),
            ("DisabledRepo", _) or (_, 403) when answer.Contains("Access to this resource is disabled", StringComparison.OrdinalIgnoreCase) => HubAnswerErrors.Disabled(what, said),
            // The Hub hides private repositories behind 401 for those without a token; a token that is no good gives 401 too.
            ("RepoNotFound", _) => HubAnswerErrors.NoRepository(what, said),
            (_, 401) => context.TokenSent == true ? HubAnswerErrors.BadToken(said) : HubAnswerErrors.LoginNeeded(what, said),
            (_, 403) => context.TokenSent == false ? HubAnswerErrors.LoginNeeded(what, said) : HubAnswerErrors.Scope(what, said),
            (_, 407) => NetworkErrors.ProxyCredentials(said),
            (_, 408) or (_, 504) => NetworkErrors.TimedOut(context.Address?.Host, said),
            (_, 416) => HubAnswerErrors.RangeChanged(said),
            (_, 429) => HubAnswerErrors.TooMany(context.RetryAfter, said),
            (_, >= 500) => HubAnswerErrors.ServerTrouble(status, said),
            (_, >= 400) => HubAnswerErrors.Other(status, what, said),
            _ => null,
        };
    }

    /// <summary>The repository or file of an address, without its query: a signature or token may stand there.</summary>
    private static string What(Uri? address) => address is null ? "what was asked for" : address.IsAbsoluteUri ? address.Host + address.AbsolutePath : address.OriginalString.Split('?')[0];
}
