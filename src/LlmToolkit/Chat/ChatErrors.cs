namespace LlmToolkit;

/// <summary>Errors of the Microsoft.Extensions.AI clients: LT3280-LT3299.</summary>
internal static class ChatErrors
{
    public static ModelException Tools(int count) => Unsupported(
        "LT3280", "Tools", $"The request offers {count} tools, but calling tools is not supported here.",
        "Leave Tools empty, or set ToolMode to None.");

    public static ModelException ToolMode() => Unsupported(
        "LT3281", "ToolMode", "The request demands a tool call, but calling tools is not supported here.",
        "Leave ToolMode unset.");

    public static ModelException ResponseFormat() => Unsupported(
        "LT3282", "ResponseFormat", "The request demands an answer in JSON, but answers are not constrained to a format here.",
        "Ask for JSON in the prompt, and leave ResponseFormat unset.");

    public static ModelException Content(string role, string type) => Unsupported(
        "LT3283", "Contents", $"A message of the role \"{role}\" holds {type}, but only text can be given to this model.",
        "Send text alone.");

    public static ModelException Dimensions(int asked, int own) => Unsupported(
        "LT3284", "Dimensions", $"Embeddings of {asked} numbers are asked for, but the model gives {own}.",
        "Leave Dimensions unset.");

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

    private static ModelException Unsupported(string code, string field, string message, string fix) => new(new()
    {
        Code = code,
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Usage,
        Message = message,
        Field = field,
        Fixes = [fix],
    });
}
