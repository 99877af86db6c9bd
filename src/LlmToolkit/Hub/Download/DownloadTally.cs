using System.Diagnostics;

namespace LlmToolkit.Hub;

/// <summary>Adds up what all files of a download have, and tells it some times a second. What it tells never runs backwards, unless a file begins again and says so.</summary>
internal sealed class DownloadTally(IProgress<HubProgress>? listener)
{
    /// <summary>Time between two reports of a file, and the window of the rate.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Queue<(long Time, long Came)> _recent = new();
    private long _bytes;
    private long _came;
    private long _total;
    private int _files;
    private int _done;

    /// <summary>Bytes that came over the network, those that were lost again too.</summary>
    public long Fetched
    {
        get
        {
            lock (_lock)
            {
                return _came;
            }
        }
    }

    /// <summary>Tells what there is to do.</summary>
    public void Expect(int files, long bytes)
    {
        lock (_lock)
        {
            (_files, _total) = (files, bytes);
        }
    }

    /// <summary>Tells that the Hub is asked.</summary>
    public void Listing() => listener?.Report(new HubProgress { State = HubProgressState.Listing });

    /// <summary>A file to be counted.</summary>
    public FileTally File(HubFile file) => new(this, file);

    /// <summary>Everything is there.</summary>
    public void Done()
    {
        HubProgress last;
        lock (_lock)
        {
            last = Report(HubProgressState.Done, null);
        }

        listener?.Report(last);
    }

    /// <summary>Changes the sums and tells the state of one file.</summary>
    internal void Change(FileTally file, long bytes, long came, HubProgressState state, string? note, bool isDone = false)
    {
        if (listener is null && came == 0)
        {
            return;
        }

        HubProgress report;
        lock (_lock)
        {
            _bytes += bytes;
            _came += came;
            _done += isDone ? 1 : 0;
            long now = Stopwatch.GetTimestamp();
            if (state == HubProgressState.Downloading && came > 0 && Stopwatch.GetElapsedTime(file.Told, now) < s_interval)
            {
                return;
            }

            file.Told = now;
            _recent.Enqueue((now, _came));
            while (_recent.Count > 2 && Stopwatch.GetElapsedTime(_recent.Peek().Time, now) > s_window)
            {
                _recent.Dequeue();
            }

            report = Report(state, file) with { Note = note };
            // Told within the lock: two threads must not overtake each other on the way to the listener.
            listener?.Report(report);
        }
    }

    private HubProgress Report(HubProgressState state, FileTally? file)
    {
        double rate = 0;
        if (_recent.Count > 1)
        {
            (long time, long came) = _recent.Peek();
            double seconds = Stopwatch.GetElapsedTime(time).TotalSeconds;
            rate = seconds > 0 ? (_came - came) / seconds : 0;
        }

        return new HubProgress
        {
            File = file?.Path,
            State = state,
            Bytes = file?.Shown ?? _bytes,
            Total = file?.Size ?? _total,
            Initial = file?.Initial ?? 0,
            TotalBytes = _bytes,
            TotalOfAll = _total,
            FilesDone = _done,
            Files = _files,
            BytesPerSecond = rate,
            Remaining = rate > 0 && _total >= _bytes && (_total - _bytes) / rate is var left && left < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(left) : null,
        };
    }
}

/// <summary>What one file has. Waiting and warnings of its requests are told in its name.</summary>
internal sealed class FileTally(DownloadTally all, HubFile file) : IProgress<HubProgress>
{
    private readonly Lock _lock = new();
    private long _bytes;
    private long _shown;

    public string Path => file.Path;

    public long Size => file.Size;

    /// <summary>Bytes that were there before.</summary>
    public long Initial { get; private set; }

    /// <summary>Bytes as last told.</summary>
    public long Shown => _shown;

    /// <summary>When it was last told.</summary>
    internal long Told { get; set; }

    /// <summary>So much is there from an earlier run.</summary>
    public void Has(long bytes)
    {
        Initial = bytes;
        Change(bytes, 0, HubProgressState.Downloading, bytes > 0 ? "goes on where it stopped" : null);
    }

    /// <summary>Bytes came.</summary>
    public void Came(int bytes) => Change(bytes, bytes, HubProgressState.Downloading, null);

    /// <summary>Bytes that were counted have to be fetched again; what is shown stays until they are.</summary>
    public void Lost(long bytes)
    {
        if (bytes > 0)
        {
            lock (_lock)
            {
                _bytes -= bytes;
            }
        }
    }

    /// <summary>The file begins again.</summary>
    public void Restart(string why)
    {
        long back;
        lock (_lock)
        {
            (back, _bytes, _shown, Initial) = (_shown, 0, 0, 0);
        }

        all.Change(this, -back, 0, HubProgressState.Restarted, why);
    }

    /// <summary>The file is there.</summary>
    public void Done(bool fromCache)
    {
        long more;
        lock (_lock)
        {
            more = file.Size - _shown;
            (_bytes, _shown) = (file.Size, file.Size);
            Initial = fromCache ? file.Size : Initial;
        }

        all.Change(this, more, 0, fromCache ? HubProgressState.FromCache : HubProgressState.Done, null, isDone: true);
    }

    /// <summary>Tells a state without new bytes.</summary>
    public void Say(HubProgressState state, string? note) => all.Change(this, 0, 0, state, note);

    /// <inheritdoc/>
    public void Report(HubProgress value) => Say(value.State, value.Note);

    private void Change(long bytes, long came, HubProgressState state, string? note)
    {
        long more;
        lock (_lock)
        {
            _bytes += bytes;
            more = Math.Max(0, Math.Min(_bytes, file.Size) - _shown);
            _shown += more;
        }

        all.Change(this, more, came, state, note);
    }
}
