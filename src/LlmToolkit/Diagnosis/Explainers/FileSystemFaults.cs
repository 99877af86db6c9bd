using LlmToolkit.Loading;

namespace LlmToolkit.Diagnosis.Explainers;

/// <summary>Faults of files, by the system's numbers.</summary>
internal sealed class FileSystemFaults : IErrorExplainer
{
    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context)
    {
        // A path with a NUL in it never reaches the system: .NET refuses it by an ArgumentException.
        if (exception is ArgumentException && context.File?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return SystemFaults.Explain(123, context.File, windows: true);
        }

        Diagnostic? known = SystemFaults.Explain(exception, context.File);
        return known is { File: string path } && exception is FileNotFoundException or DirectoryNotFoundException ? Near(known, path) : known;
    }

    /// <summary>What lies near the path that was not found: a slip of spelling, capitals or quotes.</summary>
    private static Diagnostic Near(Diagnostic missing, string path)
    {
        PathAdvice advice = PathAdvice.For(path);
        return missing with
        {
            Evidence = advice.Evidence ?? missing.Evidence,
            Cause = advice.Cause ?? missing.Cause,
            Certainty = advice.Cause is null ? missing.Certainty : Certainty.Likely,
            Fixes = [.. advice.Fixes, .. missing.Fixes],
        };
    }
}
