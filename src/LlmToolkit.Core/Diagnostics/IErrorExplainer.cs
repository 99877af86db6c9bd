namespace LlmToolkit;

/// <summary>Turns an exception or a message from elsewhere (I/O, sockets, a native library, a user's own code) into a diagnostic.</summary>
public interface IErrorExplainer
{
    /// <summary>The explanation, or null when this explainer does not know the exception.</summary>
    /// <param name="exception">What was thrown, without the wrappers around it.</param>
    /// <param name="context">What was known when it was thrown.</param>
    Diagnostic? Explain(Exception exception, LoadContext context);

    /// <summary>The explanation of a message alone: pasted by a user, or the last lines of a process. Default: null, not known.</summary>
    /// <param name="message">The text, possibly of many lines.</param>
    /// <param name="context">What is known beside it.</param>
    Diagnostic? Explain(string message, LoadContext context) => null;
}
