namespace LlmToolkit.Cli;

/// <summary>The streams a command talks to: the console's, or a test's.</summary>
internal sealed class CliHost
{
    /// <summary>Standard input.</summary>
    public required Stream In { get; init; }

    /// <summary>Standard output; flushed by whoever writes.</summary>
    public required Stream Out { get; init; }

    /// <summary>Standard error: logs, progress and notes.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>True when input is a pipe or a file.</summary>
    public bool InRedirected { get; init; }

    /// <summary>True when output is a pipe or a file: no colour, no progress bars.</summary>
    public bool OutRedirected { get; init; }

    /// <summary>True when error output is a pipe or a file.</summary>
    public bool ErrorRedirected { get; init; }

    /// <summary>The process's own streams.</summary>
    public static CliHost Console() => new()
    {
        In = System.Console.OpenStandardInput(),
        Out = System.Console.OpenStandardOutput(),
        Error = new StreamWriter(System.Console.OpenStandardError(), new System.Text.UTF8Encoding(false)) { AutoFlush = true },
        InRedirected = System.Console.IsInputRedirected,
        OutRedirected = System.Console.IsOutputRedirected,
        ErrorRedirected = System.Console.IsErrorRedirected,
    };
}
