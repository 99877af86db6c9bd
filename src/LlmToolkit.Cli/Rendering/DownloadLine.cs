using System.CommandLine;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Rendering;

/// <summary>A download on one line of the terminal: all of it, the file in work, the rate and the time that is left. What happens besides (waiting, beginning again, warnings) stays as a note.</summary>
internal sealed class DownloadLine(CliHost host, ParseResult result) : IProgress<HubProgress>, IDisposable
{
    private readonly ProgressLine _line = new(host, result);
    private readonly Lock _lock = new();
    private readonly bool _isQuiet = result.GetValue(GlobalOptions.Quiet);
    private readonly HashSet<string> _told = [];

    /// <summary>Asked when there is something to show: by then the environment has proved to be sound.</summary>
    private readonly Lazy<bool> _shows = new(() => host.HubSettings().ShowProgress);

    /// <inheritdoc/>
    public void Report(HubProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Note is { } note && !_isQuiet && value.State is not HubProgressState.Downloading)
        {
            string text = $"note: {(value.File is null ? "" : value.File + ": ")}{note}";
            lock (_lock)
            {
                // Every file waits for the same server: once is enough.
                if (value.State is not HubProgressState.Waiting || _told.Add(note))
                {
                    _line.Clear();
                    host.Error.WriteLine(DiagnosticOutput.Safe(text));
                }
            }
        }

        if (!_shows.Value)
        {
            return;
        }

        _line.Report(value.State == HubProgressState.Listing ? "asking the Hub" : Text(value));
    }

    /// <summary>Clears the line for whoever writes next.</summary>
    public void Clear() => _line.Clear();

    /// <inheritdoc/>
    public void Dispose() => _line.Dispose();

    private static string Text(HubProgress value)
    {
        string whole = FormattableString.Invariant($"{Percent(value.TotalBytes, value.TotalOfAll)}  {Output.Size(value.TotalBytes)} of {Output.Size(value.TotalOfAll)}  {value.FilesDone}/{value.Files} files");
        string rate = value.BytesPerSecond > 0 ? $"  {Output.Size((long)value.BytesPerSecond)}/s" : "";
        string left = value.Remaining is { } time ? $"  {Left(time)} left" : "";
        string file = value.File is null ? "" : $"  {DiagnosticOutput.Safe(Path.GetFileName(value.File))} {Percent(value.Bytes, value.Total ?? 0)}";
        return whole + rate + left + file;
    }

    private static string Percent(long part, long whole) => FormattableString.Invariant($"{(whole == 0 ? 100 : part * 100.0 / whole):0} %");

    private static string Left(TimeSpan time) => time.TotalHours >= 1 ? FormattableString.Invariant($"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}") : FormattableString.Invariant($"{time.Minutes}:{time.Seconds:00}");
}
