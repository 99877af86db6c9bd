namespace LlmToolkit.Hub;

/// <summary>Notices when a stream stands still: less than 1 KiB/s over the time limit. Only time spent waiting for data counts, not what the reader does with it.</summary>
internal sealed class StallWatch : IDisposable
{
    private const double LeastRate = 1024;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private TimeSpan _waited;
    private long _since;
    private bool _isWaiting;

    public StallWatch(TimeSpan limit, TimeProvider time)
    {
        (Limit, _time) = (limit, time);
        _timer = time.CreateTimer(static watch => ((StallWatch)watch!).LimitReached(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The time over which the rate is taken.</summary>
    public TimeSpan Limit { get; }

    /// <summary>Bytes that came in the window that is running.</summary>
    public long WindowBytes { get; private set; }

    /// <summary>True once too little came: the read then ends as cancelled, and the stream cannot be used again.</summary>
    public bool HasStalled { get; private set; }

    private bool IsTooSlow => WindowBytes < LeastRate * Limit.TotalSeconds;

    public ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // What lies in a buffer already comes at once; nothing is timed then.
        ValueTask<int> pending = stream.ReadAsync(buffer, _stop.Token);
        if (pending.IsCompletedSuccessfully)
        {
            int read = pending.Result;
            lock (_lock)
            {
                WindowBytes += read;
            }

            return new ValueTask<int>(read);
        }

        return WaitAsync(pending, cancellationToken);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isWaiting = false;
        }

        _timer.Dispose();
        _stop.Dispose();
    }

    private async ValueTask<int> WaitAsync(ValueTask<int> pending, CancellationToken cancellationToken)
    {
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static watch => ((StallWatch)watch!)._stop.Cancel(), this);
        await using (registration.ConfigureAwait(false))
        {
            Begin();
            int read = 0;
            try
            {
                read = await pending.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }
            finally
            {
                End(read);
            }

            return HasStalled && read > 0 ? throw new OperationCanceledException() : read;
        }
    }

    private void Begin()
    {
        lock (_lock)
        {
            _since = _time.GetTimestamp();
            _isWaiting = true;
            _timer.Change(Limit - _waited, Timeout.InfiniteTimeSpan);
        }
    }

    private void End(int read)
    {
        lock (_lock)
        {
            _isWaiting = false;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _waited += _time.GetElapsedTime(_since);
            WindowBytes += read;
            if (_waited < Limit)
            {
                return;
            }

            if (IsTooSlow)
            {
                HasStalled = true;
                return;
            }

            (_waited, WindowBytes) = (TimeSpan.Zero, 0);
        }
    }

    private void LimitReached()
    {
        lock (_lock)
        {
            if (!_isWaiting || HasStalled)
            {
                return;
            }

            if (IsTooSlow)
            {
                HasStalled = true;
                // Ends the read that waits; whoever reads tells the stall.
                _stop.CancelAsync();
                return;
            }

            // Enough came before: a new window begins within this wait.
            (_waited, WindowBytes) = (TimeSpan.Zero, 0);
            _since = _time.GetTimestamp();
            _timer.Change(Limit, Timeout.InfiniteTimeSpan);
        }
    }
}
