namespace LlmToolkit.Text.Templates;

/// <summary>Errors of chat templates: LT3100-LT3199.</summary>
internal static class TemplateErrors
{
    private const string Template = "chat_template";

    public static ModelException Syntax(string message, int line) => new(new()
    {
        Code = "LT3100",
        Kind = FaultKind.Refused,
        Message = $"The chat template cannot be read: line {line}: {message}.",
        Field = $"{Template}, line {line}",
        Cause = "The template is not in the Jinja language that chat templates use.",
        Fixes = ["Use another template for this model: take chat_template.jinja from its repository."],
    });

    public static ModelException Unsupported(string statement, int line) => new(new()
    {
        Code = "LT3101",
        Kind = FaultKind.Unsupported,
        Message = $"The chat template uses {{% {statement} %}} on line {line}; a chat template stands alone and loads no other.",
        Field = $"{Template}, line {line}",
        Cause = "The template was written for a program with several template files.",
        Certainty = Certainty.Likely,
        Fixes = ["Use another template for this model: take chat_template.jinja from its repository."],
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

    public static ModelException Undefined(string what) => new(new()
    {
        Code = "LT3103",
        Kind = FaultKind.Refused,
        Message = $"The chat template failed: {what}.",
        Field = Template,
        Cause = "The template uses a value that it was not given.",
        Fixes = ["Check that the messages have the fields that this template reads.", "Use another template for this model: take chat_template.jinja from its repository."],
    });

    public static ModelException Security(string what) => new(new()
    {
        Code = "LT3104",
        Kind = FaultKind.Refused,
        Message = $"The chat template failed: {what}.",
        Field = Template,
        Cause = "A template may look at values, but neither change them nor reach behind them.",
        Fixes = ["Check that the messages have the fields that this template reads.", "Use another template for this model: take chat_template.jinja from its repository."],
    });

    public static ModelException Type(string what) => new(new()
    {
        Code = "LT3105",
        Kind = FaultKind.Refused,
        Message = $"The chat template failed: {what}.",
        Field = Template,
        Cause = "The template does with a value what its type does not allow.",
        Fixes = ["Check that the messages have the fields that this template reads, with the types that it expects.", "Use another template for this model: take chat_template.jinja from its repository."],
    });

    public static ModelException Limit(string what, long limit) => new(new()
    {
        Code = "LT3106",
        Kind = FaultKind.Refused,
        Message = $"{what}: more than the limit of {limit}.",
        Field = Template,
        Evidence = $"limit {limit}",
        Cause = "The template runs away, or the messages are far larger than any context.",
        Certainty = Certainty.Likely,
        Fixes = ["Send less text.", "Use another template for this model: take chat_template.jinja from its repository."],
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
        Field = Template,
        Cause = "A template without \"{\" is taken as the name of a built-in one.",
        Fixes = ["Use another template for this model: take chat_template.jinja from its repository."],
    });

    /// <summary>The same error with the line of the template that was at work.</summary>
    public static ModelException At(ModelException error, int line) => error.Diagnostic.Field == Template
        ? new(error.Diagnostic with { Field = $"{Template}, line {line}" }, error)
        : error;
}
