namespace LlmToolkit.Text.Templates;

/// <summary>Errors of chat templates: LT3100-LT3199.</summary>
internal static class TemplateErrors
{
    private const string OtherTemplate = "Use another template for this model: take chat_template.jinja from its repository.";

    public static ModelException Syntax(string message, int line) => new(new()
    {
        Code = "LT3100",
        Kind = FaultKind.Refused,
        Message = $"The chat template cannot be read: line {line}: {message}.",
        Field = $"chat_template, line {line}",
        Cause = "The template is not in the Jinja language that chat templates use.",
        Fixes = [OtherTemplate],
    });

    public static ModelException Unsupported(string statement, int line) => new(new()
    {
        Code = "LT3101",
        Kind = FaultKind.Unsupported,
        Message = $"The chat template uses {{% {statement} %}} on line {line}; a chat template stands alone and loads no other.",
        Field = $"chat_template, line {line}",
        Fixes = [OtherTemplate],
    });

    /// <summary>What a template says to its caller through raise_exception, in its own words.</summary>
    public static ModelException Raised(string message) => new(new()
    {
        Code = "LT3102",
        Kind = FaultKind.Refused,
        Category = ErrorCategory.Usage,
        Message = message,
        Field = "messages",
        Cause = "The model's chat template refuses these messages with raise_exception.",
        Fixes = ["Write the messages as the model expects them, such as user and assistant by turns, a system message first or not at all."],
    });

    public static ModelException Undefined(string what) => Runtime("LT3103", what, "The template uses a value that it was not given.");

    public static ModelException Security(string what) => Runtime("LT3104", what, "A template may look at values, but neither change them nor reach behind them.");

    public static ModelException Type(string what) => Runtime("LT3105", what, null);

    public static ModelException Limit(string what, long limit) => new(new()
    {
        Code = "LT3106",
        Kind = FaultKind.Refused,
        Message = $"{what}: more than the limit of {limit}.",
        Field = "chat_template",
        Evidence = $"limit {limit}",
        Cause = "The template runs away, or the messages are far larger than any context.",
        Certainty = Certainty.Likely,
        Fixes = ["Send less text.", OtherTemplate],
    });

    public static ModelException Conversation(string message, string field, string fix) => new(new()
    {
        Code = "LT3107",
        Kind = FaultKind.Refused,
        Category = ErrorCategory.Usage,
        Message = message,
        Field = field,
        Fixes = [fix],
    });

    public static ModelException UnknownAlias(string alias, IEnumerable<string> known) => new(new()
    {
        Code = "LT3108",
        Kind = FaultKind.Unsupported,
        Message = $"The chat template is the name \"{(alias.Length > 60 ? alias[..60] + "…" : alias)}\"; known names are {string.Join(", ", known)}.",
        Field = "chat_template",
        Cause = "A template without \"{\" is taken as the name of a built-in one.",
        Fixes = [OtherTemplate],
    });

    /// <summary>The same error with the line of the template that was at work.</summary>
    public static ModelException At(ModelException error, int line) => error.Diagnostic.Code is "LT3103" or "LT3104" or "LT3105"
        ? new(error.Diagnostic with { Field = $"chat_template, line {line}" }, error)
        : error;

    private static ModelException Runtime(string code, string what, string? cause) => new(new()
    {
        Code = code,
        Kind = FaultKind.Refused,
        Message = $"The chat template failed: {what}.",
        Field = "chat_template",
        Cause = cause,
        Fixes = ["Check that the messages have the fields that this template reads.", OtherTemplate],
    });
}
