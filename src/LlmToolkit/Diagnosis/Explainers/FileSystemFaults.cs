namespace LlmToolkit.Diagnosis.Explainers;

/// <summary>Faults of files, by the system's numbers.</summary>
internal sealed class FileSystemFaults : IErrorExplainer
{
    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context)
    {
        // A path with a NUL in it never reaches the system: .NET refuses it by an ArgumentException.
        return exception is ArgumentException && context.File?.Contains('\0', StringComparison.Ordinal) == true
            ? SystemFaults.Explain(123, context.File, windows: true)
            : SystemFaults.Explain(exception, context.File);
    }
}
