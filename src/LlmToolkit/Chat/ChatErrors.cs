namespace LlmToolkit;

/// <summary>Errors of the Microsoft.Extensions.AI clients: LT3280-LT3299.</summary>
internal static class ChatErrors
{
    public static ModelException Tools(int count) => new(new()
    {
        Code = "LT3280",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Usage,
        Message = $"The request offers {count} tools, but calling tools is not supported here.",
        Field = "Tools",
        Fixes = ["Leave Tools empty, or set ToolMode to None."],
    });

    public static ModelException ToolMode() => new(new()
    {
        Code = "LT3281",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Usage,
        Message = "The request demands a tool call, but calling tools is not supported here.",
        Field = "ToolMode",
        Fixes = ["Leave ToolMode unset."],
    });

    public static ModelException ResponseFormat() => new(new()
    {
        Code = "LT3282",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Usage,
        Message = "The request demands an answer in JSON, but answers are not constrained to a format here.",
        Field = "ResponseFormat",
        Fixes = ["Ask for JSON in the prompt, and leave ResponseFormat unset."],
    });

    public static ModelException Content(string role, string type) => new(new()
    {
        Code = "LT3283",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Usage,
        Message = $"A message of the role \"{role}\" holds {type}, but only text can be given to this model.",
        Field = "Contents",
        Fixes = ["Send text alone."],
    });

    public static ModelException Dimensions(int asked, int own) => new(new()
    {
        Code = "LT3284",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Usage,
        Message = $"Embeddings of {asked} numbers are asked for, but the model gives {own}.",
        Field = "Dimensions",
        Fixes = ["Leave Dimensions unset."],
    });

    public static ModelException BadProperty(string key, object value, string expected) => new(new()
    {
        Code = "LT3285",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"The additional property \"{key}\" is {value} ({value.GetType().Name}); expected {expected}.",
        Field = key,
        Evidence = value.ToString(),
        Fixes = [$"Give {expected}."],
    });
}
