using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace LlmToolkit.Engine.Kernels;

/// <summary>Work that all workers run at the same time (SPMD); they meet at barriers.</summary>
internal interface IParallelWork
{
    /// <summary>
    /// Runs one worker's part. Every worker must pass the same barriers. When one throws, the others throw at their next barrier, and
    /// <see cref="WorkerPool.Run"/> throws the first exception once all have ended; what the work wrote is then undefined.
    /// </summary>
    void Run(Worker worker);
}

/// <summary>Persistent threads that run the same work together with the caller. While there is no work they sleep.</summary>
internal sealed class WorkerPool : IDisposable
{
    private readonly Worker[] _workers;
    private readonly Thread[] _threads;
    private readonly WorkerSignal _start = new();
    private readonly WorkerSignal _barrier = new();
    private readonly WorkerSignal _end = new();
    private readonly bool _spin;
    private WorkerSignal.Padded _arrived;
    private WorkerSignal.Padded _running;
    private Claims _claims;
    private IParallelWork? _work;
    private ExceptionDispatchInfo? _failure;
    private bool _disposed;

    /// <param name="threads">Number of workers, the caller's thread included; at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _spin = threads <= Environment.ProcessorCount;
        _workers = [.. Enumerable.Range(0, threads).Select(i => new Worker(this, i))];
        _threads = [.. _workers.Skip(1).Select(Start)];
    }

    /// <summary>Number of workers, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Runs the work on all workers and returns when all are done. One caller at a time, and not from within work.</summary>
    public void Run(IParallelWork work)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _work = work;
        _claims.Next = 0;
        _arrived.Number = 0;
        _running.Number = Threads - 1;
        int ended = _end.Value;
        if (Threads > 1)
        {
            _start.Advance();
        }

        RunPart(_workers[0]);
        if (Threads > 1)
        {
            _end.WaitWhile(ended, _spin);
        }

        _work = null;
        if (_failure is { } failure)
        {
            _failure = null;
            failure.Throw();
        }
    }

    /// <summary>Ends the threads. Not while work runs.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _start.Advance();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        foreach (Worker worker in _workers)
        {
            worker.Free();
        }
    }

    internal void WaitAtBarrier()
    {
        if (Threads == 1)
        {
            return;
        }

        int seen = _barrier.Value;
        ThrowIfFailed();
        if (Interlocked.Increment(ref _arrived.Number) == Threads)
        {
            _arrived.Number = 0;
            _barrier.Advance();
        }
        else
        {
            _barrier.WaitWhile(seen, _spin);
        }

        ThrowIfFailed();
    }

    /// <summary>
    /// The next unit of a region. One number serves all regions of a job: its upper half is the newest region that anybody entered. A worker goes on to the
    /// next region only when its own has no unit left, so a worker that comes late finds either its region or the proof that nothing of it is left.
    /// </summary>
    internal int Claim(uint region)
    {
        long seen = Volatile.Read(ref _claims.Next);
        while (true)
        {
            uint newest = (uint)(seen >> 32);
            if (newest > region)
            {
                return int.MaxValue;
            }

            int unit = newest == region ? (int)seen : 0;
            long found = Interlocked.CompareExchange(ref _claims.Next, ((long)region << 32) | (uint)(unit + 1), seen);
            if (found == seen)
            {
                return unit;
            }

            seen = found;
        }
    }

    private Thread Start(Worker worker)
    {
        Thread thread = new(() => Serve(worker))
        {
            IsBackground = true,
            Name = string.Create(CultureInfo.InvariantCulture, $"llmtk worker {worker.Index}"),
        };
        thread.Start();
        return thread;
    }

    private void Serve(Worker worker)
    {
        for (int seen = 0; ; seen++)
        {
            _start.WaitWhile(seen, _spin);
            if (_disposed)
            {
                return;
            }

            RunPart(worker);
            if (Interlocked.Decrement(ref _running.Number) == 0)
            {
                _end.Advance();
            }
        }
    }

    private void RunPart(Worker worker)
    {
        try
        {
            worker.Begin();
            _work!.Run(worker);
        }
        catch (Exception exception)
        {
            // The first one is the cause; what the others throw at the broken barrier is its consequence.
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            _barrier.Advance();
        }
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is not null)
        {
            throw new InvalidOperationException("Another worker failed; the work ends here.");
        }
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Claims
    {
        [FieldOffset(128)]
        public long Next;
    }
}
