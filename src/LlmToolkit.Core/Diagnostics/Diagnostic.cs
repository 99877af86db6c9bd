namespace LlmToolkit;

/// <summary>One thing that is wrong, where it is, why, and what the user can do about it.</summary>
public sealed record Diagnostic
{
    /// <summary>Stable identifier such as <c>LT1002</c>.</summary>
    public required string Code { get; init; }

    /// <summary>What was found and what was expected, with the numbers.</summary>
    public required string Message { get; init; }

    /// <summary>What the fault means to the caller.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>The area the fault belongs to. Default: <see cref="ErrorCategory.Format"/>.</summary>
    public ErrorCategory Category { get; init; } = ErrorCategory.Format;

    /// <summary>How bad it is. Default: <see cref="Severity.High"/>.</summary>
    public Severity Severity { get; init; } = Severity.High;

    /// <summary>The file concerned, if one is.</summary>
    public string? File { get; init; }

    /// <summary>The field, tensor, key or option concerned, if one is.</summary>
    public string? Field { get; init; }

    /// <summary>What was seen: bytes, values, the limit they broke.</summary>
    public string? Evidence { get; init; }

    /// <summary>Why it happened, in a sentence.</summary>
    public string? Cause { get; init; }

    /// <summary>How sure <see cref="Cause"/> is. Default: certain.</summary>
    public Certainty Certainty { get; init; } = Certainty.Certain;

    /// <summary>Steps the user can take, the likeliest first.</summary>
    public IReadOnlyList<string> Fixes { get; init; } = [];

    /// <summary>The stops of a load that are concerned; empty: not told.</summary>
    public IReadOnlyList<LoadStop> Stops { get; init; } = [];

    /// <summary>Where to read more.</summary>
    public string Help => $"docs/errors/{Code}.md";
}
