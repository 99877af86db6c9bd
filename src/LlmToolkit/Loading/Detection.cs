namespace LlmToolkit;

/// <summary>A format that may fit.</summary>
/// <param name="Format">Its name.</param>
/// <param name="Match">How well and why.</param>
public sealed record FormatCandidate(string Format, FormatMatch Match);

/// <summary>What an artifact is: ranked formats with score and reason.</summary>
public sealed record Detection
{
    /// <summary>What was looked at.</summary>
    public required ModelArtifact Artifact { get; init; }

    /// <summary>The best format's name, <c>unknown</c> when none fits.</summary>
    public required string Format { get; init; }

    /// <summary>The best format's score, 0 when none fits.</summary>
    public required double Score { get; init; }

    /// <summary>What was seen.</summary>
    public required string Reason { get; init; }

    /// <summary>Every format that may fit, the best first.</summary>
    public required IReadOnlyList<FormatCandidate> Candidates { get; init; }

    /// <summary>For what is recognised but is no model: its name; else null.</summary>
    public string? Recognised { get; init; }

    /// <summary>For what is recognised but is no model: why it cannot be opened and what to do; else null.</summary>
    public Diagnostic? Explanation { get; init; }

    /// <summary>For a directory: what lies in it, and why one thing was chosen; null for a file.</summary>
    public DirectoryAnalysis? Directory { get; init; }

    /// <summary>For a format whose plug-in is not there: what checks and describes it; else null.</summary>
    internal IModelFormat? Describer { get; init; }
}
