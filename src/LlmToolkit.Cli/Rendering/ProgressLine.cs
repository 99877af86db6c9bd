using System.CommandLine;
using System.Diagnostics;

namespace LlmToolkit.Cli.Rendering;

/// <summary>One line on stderr for whatever lasts over a second; only on a terminal, and gone when the work is done.</summary>
internal sealed class ProgressLine : IProgress<LoadProgress>, IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly TextWriter? _terminal;
    private long _last;
    private int _shown;

    public ProgressLine(CliHost host, ParseResult result)
    {
        _terminal = result.GetValue(GlobalOptions.Quiet) || host.ErrorRedirected ? null : host.Error;
        _last = Stopwatch.GetTimestamp() + (long)((s_patience - s_interval).TotalSeconds * Stopwatch.Frequency);
    }

    /// <summary>Shows where the work is.</summary>
    public void Report(string text)
    {
        if (_terminal is null || Stopwatch.GetElapsedTime(_last) < s_interval)
        {
            return;
        }

        _last = Stopwatch.GetTimestamp();
        _terminal.Write($"\r{text.PadRight(_shown)}");
        _shown = text.Length;
    }

    /// <inheritdoc/>
    public void Report(LoadProgress value) => Report(FormattableString.Invariant($"{value.Stage} {value.Fraction * 100:0} %"));

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        if (_shown > 0)
        {
            _terminal!.Write($"\r{new string(' ', _shown)}\r");
            _shown = 0;
        }
    }
}
