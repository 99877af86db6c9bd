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
        HubAddress address = HubAddress.Of(context.Address);
        string what = address.Repository;
        bool sent = context.TokenSent ?? status is 403 or 404;
        // The header first, then the message, then the status. Source: huggingface_hub, utils/_http.py (hf_raise_for_status).
        return (context.HubErrorCode, status) switch
        {
            ("RevisionNotFound", _) => HubAnswerErrors.NoRevision(address.Revision ?? what, said),
            ("EntryNotFound", _) => HubAnswerErrors.NoEntry(address.File ?? what, said),
            ("GatedRepo", _) => sent ? HubAnswerErrors.GatedWithToken(what, context.TokenSource, said) : HubAnswerErrors.GatedWithoutToken(what, said),
            ("DisabledRepo", _) => HubAnswerErrors.Disabled(what, said),
            (_, 401 or 403) when answer.Contains("Access to this resource is disabled", StringComparison.OrdinalIgnoreCase) => HubAnswerErrors.Disabled(what, said),
            // A token that is no good is told by this message alone; the code beside it is that of a stranger.
            (_, 401) when answer.Contains("Invalid credentials in Authorization header", StringComparison.OrdinalIgnoreCase) => HubAnswerErrors.BadToken(context.TokenSource, said),
            // The Hub hides private repositories behind 401 for those without a token.
            ("RepoNotFound", _) => sent ? HubAnswerErrors.NoRepository(what, context.TokenSource, said) : HubAnswerErrors.HiddenRepository(what, said),
            (_, 401) => context.TokenSent == true ? HubAnswerErrors.BadToken(context.TokenSource, said) : HubAnswerErrors.LoginNeeded(what, said),
            (_, 403) => context.TokenSent == false ? HubAnswerErrors.LoginNeeded(what, said) : HubAnswerErrors.Scope(what, context.TokenSource, said),
            (_, 407) => NetworkErrors.ProxyCredentials(said),
            (_, 408) or (_, 504) => NetworkErrors.TimedOut(context.Address?.Host, said),
            (_, 416) => HubAnswerErrors.RangeChanged(said),
            (_, 429) => HubAnswerErrors.TooMany(context.RetryAfter, said),
            (_, 451) => HubAnswerErrors.Disabled(what, said),
            (_, >= 500) => HubAnswerErrors.ServerTrouble(status, said),
            (_, >= 400) => HubAnswerErrors.Other(status, what, said),
            _ => null,
        };
    }
}
