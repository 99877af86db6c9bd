using System.Globalization;

namespace LlmToolkit.Diagnosis.Explainers;

/// <summary>How a worker process ended: 128 + signal on Unix, an NTSTATUS on Windows. A known line that it wrote tells more than the number.</summary>
internal sealed class ProcessEnds : IErrorExplainer
{
    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context) => null;

    /// <inheritdoc/>
    public Diagnostic? Explain(string message, LoadContext context)
    {
        if (context.ExitCode is not (int code and not 0))
        {
            return null;
        }

        string last = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
        string said = string.Create(CultureInfo.InvariantCulture, $"exit code {code}{(last.Length == 0 ? "" : ", last line: " + last)}");
        return code switch
        {
            132 or unchecked((int)0xC000001D) => NativeErrors.IllegalInstruction(said),
            135 or 138 or unchecked((int)0xC0000006) => NativeErrors.BusError(said),
            137 => DeviceMemoryErrors.Killed(said),
            // These two are the end of many stories: a line that names the cause goes before the number.
            134 or unchecked((int)0xC0000409) => Told(message, context) ?? NativeErrors.Aborted(said),
            139 or unchecked((int)0xC0000005) => Told(message, context) ?? NativeErrors.Segfault(said),
            unchecked((int)0xC0000135) => NativeErrors.LibraryMissing(said),
            unchecked((int)0xC0000139) => NativeErrors.EntryPointMissing(said),
            unchecked((int)0xC000007B) => NativeErrors.WrongProcessor(said),
            _ => Told(message, context) ?? NativeErrors.Exited(code, said),
        };
    }

    private static Diagnostic? Told(string message, LoadContext context) => new ErrorReporter().Explain(message, context with { ExitCode = null });
}
