namespace LlmToolkit;

/// <summary>Turns an exception from elsewhere (I/O, sockets, a user's own code) into a diagnostic.</summary>
public interface IErrorExplainer
{
    /// <summary>The explanation, or null when this explainer does not know the exception.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="file">The file in work, if any.</param>
    Diagnostic? Explain(Exception exception, string? file);
}
