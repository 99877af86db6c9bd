using System.CommandLine;
using System.Diagnostics;

namespace LlmToolkit.Cli.Rendering;

/// <summary>One line on stderr for whatever lasts over a second; only on a terminal, and gone when the work is done.</summary>
internal sealed class ProgressLine : IProgress<LoadProgress>, IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TextWriter? _terminal;
    private long _last;
    private int _shown;

    public ProgressLine(CliHost host, ParseResult result)
    {
        _terminal = result.GetValue(GlobalOptions.Quiet) || host.ErrorRedirected ? null : host.Error;
        _last = Stopwatch.GetTimestamp() + (long)((s_patience - s_interval).TotalSeconds * Stopwatch.Frequency);
    }

    /// <summary>Shows where the work is. Any thread may.</summary>
    public void Report(string text)
    {
        if (_terminal is null)
        {
            return;
        }

        lock (_lock)
        {
            if (Stopwatch.GetElapsedTime(_last) < s_interval)
            {
                return;
            }

            _last = Stopwatch.GetTimestamp();
            _terminal.Write($"\r{text.PadRight(_shown)}");
            _shown = text.Length;
        }
    }

    /// <inheritdoc/>
    public void Report(LoadProgress value) => Report(FormattableString.Invariant($"{value.Stage} {value.Fraction * 100:0} %"));

    /// <summary>Waits for work that gives no progress of its own, and shows how long it has lasted; null: it does give some.</summary>
    public async Task<T> WaitAsync<T>(Task<T> work, string? what)
    {
        long start = Stopwatch.GetTimestamp();
        while (_terminal is not null && what is not null && await Task.WhenAny(work, Task.Delay(s_interval)).ConfigureAwait(false) != work)
        {
            Report(FormattableString.Invariant($"{what}, {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s"));
        }

        return await work.ConfigureAwait(false);
    }

    /// <summary>Passes an answer through; until its first chunk comes, the line says that the prompt is read.</summary>
    public async IAsyncEnumerable<TextChunk> UntilFirst(IAsyncEnumerable<TextChunk> answer)
    {
        IAsyncEnumerator<TextChunk> chunks = answer.GetAsyncEnumerator();
        await using (chunks.ConfigureAwait(false))
        {
            bool more = await WaitAsync(chunks.MoveNextAsync().AsTask(), "reading the prompt").ConfigureAwait(false);
            Dispose();
            while (more)
            {
                yield return chunks.Current;
                more = await chunks.MoveNextAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Clears the line for whoever writes next.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            if (_shown > 0)
            {
                _terminal!.Write($"\r{new string(' ', _shown)}\r");
                _shown = 0;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();
}
