namespace LlmToolkit.Diagnosis;

/// <summary>What nobody foresaw, and messages without a known meaning: LT9000-LT9099.</summary>
internal static class UnexpectedErrors
{
    /// <summary>The last resort: a fault that no explainer knows.</summary>
    public static Diagnostic Unexpected(Exception exception, string? file) => new()
    {
        Code = "LT9000",
        Kind = FaultKind.Unexpected,
        Category = ErrorCategory.Internal,
        Severity = Severity.Critical,
        Message = $"An unexpected fault: {exception.Message}",
        File = file,
        Evidence = exception.GetType().FullName,
        Cause = "This is a bug of LLM Toolkit.",
        Certainty = Certainty.Likely,
        Fixes = ["Report it with the command, the output of --verbose and of `llmtk --version`.", "Run `llmtk validate` on the model: a fault of the file shows there."],
    };

    /// <summary>A message that only says that a load failed.</summary>
    public static Diagnostic NoCause(string said) => new()
    {
        Code = "LT9001",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Severity = Severity.Low,
        Message = "This is the last line of a failed load; it tells no cause.",
        Evidence = said,
        Cause = "The cause stands in one of the lines before it; the last line is the same for every fault.",
        Fixes = ["Pass the lines above it to `llmtk explain`.", "Run `llmtk validate MODEL`: it looks at the file itself."],
    };

    /// <summary>Data are not as they must be.</summary>
    public static Diagnostic BadData(string detail, string? file) => new()
    {
        Code = "LT9002",
        Kind = FaultKind.Refused,
        Message = $"The data are not as they must be: {detail}",
        File = file,
        Cause = "The file is damaged, or it is of another kind than its name says.",
        Certainty = Certainty.Possible,
        Fixes = ["Download the file again and compare its size with the one that the source states.", "Run `llmtk detect` to see what the file is."],
    };

    /// <summary>Not possible on this system.</summary>
    public static Diagnostic Platform(string detail) => new()
    {
        Code = "LT9003",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Hardware,
        Message = $"This system cannot do what was asked: {detail}",
        Cause = "The operating system or the processor lacks it.",
        Certainty = Certainty.Likely,
        Fixes = ["Leave out the option that asks for it.", "Use a machine with another operating system or processor."],
    };
}
