using System.ComponentModel;
using System.Diagnostics;

namespace LlmToolkit.Hub.TokenStores;

/// <summary>Runs a small program of the system.</summary>
internal static class ExternalTool
{
    /// <summary>A keyring that wants a password from its user waits in a window of its own; where nobody sits, that is for ever.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>Runs a program; null: it could not be started or did not end in time.</summary>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">What follows the name; anyone on the machine can see it.</param>
    /// <param name="input">Written to its standard input.</param>
    public delegate Outcome? Runner(string program, IReadOnlyList<string> arguments, string? input);

    /// <summary>True when a program lies on the path of programs.</summary>
    public static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => Path.IsPathFullyQualified(folder) && File.Exists(Path.Combine(folder, program)));

    /// <inheritdoc cref="Runner"/>
    public static Outcome? Run(string program, IReadOnlyList<string> arguments, string? input)
    {
        try
        {
            using Process process = new() { StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false } };
            process.Start();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            if (!process.WaitForExit(s_patience))
            {
                process.Kill(entireProcessTree: true);
                return null;
            }

            return Task.WaitAll([output, error], s_patience) ? new Outcome(process.ExitCode, output.Result) : null;
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException or AggregateException)
        {
            return null;
        }
    }

    /// <summary>How a program ended.</summary>
    /// <param name="ExitCode">0: well.</param>
    /// <param name="Output">What it wrote to standard output.</param>
    public sealed record Outcome(int ExitCode, string Output);
}
