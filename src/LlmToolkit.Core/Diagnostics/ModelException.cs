namespace LlmToolkit;

/// <summary>The one exception of the toolkit: it carries a <see cref="LlmToolkit.Diagnostic"/>.</summary>
public sealed class ModelException : Exception
{
    /// <summary>Wraps a diagnostic.</summary>
    public ModelException(Diagnostic diagnostic, Exception? inner = null)
        : base(diagnostic?.Message, inner) =>
        Diagnostic = diagnostic ?? throw new ArgumentNullException(nameof(diagnostic));

    /// <summary>What is wrong, where, and what to do.</summary>
    public Diagnostic Diagnostic { get; }
}
