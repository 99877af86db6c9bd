namespace LlmToolkit.Diagnosis;

/// <summary>What is known of an error code, whatever file or machine it was met on.</summary>
public sealed record ErrorEntry
{
    /// <summary>The code, such as <c>LT1203</c>.</summary>
    public required string Code { get; init; }

    /// <summary>The fault in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>The part of the toolkit that reports it, such as <c>Gguf</c>.</summary>
    public required string Area { get; init; }

    /// <summary>The area the fault belongs to.</summary>
    public required ErrorCategory Category { get; init; }

    /// <summary>How bad it is, as a rule.</summary>
    public required Severity Severity { get; init; }

    /// <summary>What it means to the caller, as a rule; the number is the exit code.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>Why it happens, the likeliest first; empty where the message says it all.</summary>
    public IReadOnlyList<string> Causes { get; init; } = [];

    /// <summary>How sure a diagnostic of this code is of its cause.</summary>
    public Certainty Certainty { get; init; }

    /// <summary>What is shown as evidence, by an example; null: nothing beyond the message.</summary>
    public string? Evidence { get; init; }

    /// <summary>What to do, the likeliest first.</summary>
    public required IReadOnlyList<string> Fixes { get; init; }

    /// <summary>A message as it is printed, with made-up names and numbers.</summary>
    public required string Example { get; init; }

    /// <summary>Where to read more.</summary>
    public string Help => $"docs/errors/{Code}.md";

    /// <summary>A diagnostic of this code for something that was seen elsewhere.</summary>
    /// <param name="message">What was seen.</param>
    /// <param name="certainty">How sure it is that the code fits.</param>
    public Diagnostic ToDiagnostic(string message, Certainty certainty) => new()
    {
        Code = Code,
        Message = message,
        Kind = Kind,
        Category = Category,
        Severity = Severity,
        Cause = Causes.Count == 0 ? null : Causes[0],
        Certainty = certainty,
        Fixes = Fixes,
    };
}
