namespace LlmToolkit;

/// <summary>One thing that is wrong, where it is, why, and what the user can do about it.</summary>
/// <remarks>Its texts may quote a file, so they are safe to print by construction: control characters, line breaks among them, and marks that turn the direction of text are escaped as <c>\u001b</c>, and what is longer than 2,000 characters is cut.</remarks>
public sealed record Diagnostic
{
    /// <summary>Stable identifier such as <c>LT1002</c>.</summary>
    public required string Code { get; init; }

    /// <summary>What was found and what was expected, with the numbers.</summary>
    public required string Message { get; init => field = PrintableText.Safe(value); }

    /// <summary>What the fault means to the caller.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>The area the fault belongs to. Default: <see cref="ErrorCategory.Format"/>.</summary>
    public ErrorCategory Category { get; init; } = ErrorCategory.Format;

    /// <summary>How bad it is. Default: <see cref="Severity.High"/>.</summary>
    public Severity Severity { get; init; } = Severity.High;

    /// <summary>The file concerned, if one is.</summary>
    public string? File { get; init => field = value is null ? null : StandIns.Name(value); }

    /// <summary>The field, tensor, key or option concerned, if one is.</summary>
    public string? Field { get; init => field = value is null ? null : PrintableText.Safe(value); }

    /// <summary>What was seen: bytes, values, the limit they broke.</summary>
    public string? Evidence { get; init => field = value is null ? null : PrintableText.Safe(value); }

    /// <summary>Why it happened, in a sentence.</summary>
    public string? Cause { get; init => field = value is null ? null : PrintableText.Safe(value); }

    /// <summary>How sure <see cref="Cause"/> is. Default: certain.</summary>
    public Certainty Certainty { get; init; } = Certainty.Certain;

    /// <summary>Steps the user can take, the likeliest first.</summary>
    public IReadOnlyList<string> Fixes { get; init => field = PrintableText.Safe(value); } = [];

    /// <summary>The stops of a load that are concerned; empty: not told.</summary>
    public IReadOnlyList<LoadStop> Stops { get; init; } = [];

    /// <summary>Where to read more.</summary>
    public string Help => $"docs/errors/{Code}.md";
}
