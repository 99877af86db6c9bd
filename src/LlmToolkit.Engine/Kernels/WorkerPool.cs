using System.Runtime.InteropServices;

namespace LlmToolkit.Engine.Kernels;

/// <summary>Work that all workers run at the same time (SPMD); they meet at barriers.</summary>
internal interface IParallelWork
{
    /// <summary>Runs one worker's part. Must not throw: the others would wait at the next barrier for ever.</summary>
    void Run(Worker worker);
}

/// <summary>One of the workers of a pool, as the work sees it.</summary>
internal sealed unsafe class Worker(WorkerPool pool, int index)
{
    private byte* _scratch;
    private nuint _scratchBytes;

    /// <summary>0 is the caller's own thread.</summary>
    public int Index { get; } = index;

    /// <summary>Number of workers.</summary>
    public int Count => pool.Threads;

    /// <summary>Waits until every worker is here.</summary>
    public void Barrier() => pool.WaitAtBarrier();

    /// <summary>This worker's share of <paramref name="count"/> things, cut at multiples of <paramref name="multiple"/>.</summary>
    public (int From, int To) Slice(int count, int multiple = 1)
    {
        int units = (count + multiple - 1) / multiple;
        return (Math.Min(count, units * Index / Count * multiple), Math.Min(count, units * (Index + 1) / Count * multiple));
    }

    /// <summary>Private memory of this worker, 64-byte aligned, at least <paramref name="bytes"/> long; content undefined. Allocates only when it grows.</summary>
    public byte* Scratch(nuint bytes)
    {
        if (bytes > _scratchBytes)
        {
            NativeMemory.AlignedFree(_scratch);
            _scratch = (byte*)NativeMemory.AlignedAlloc(bytes, 64);
            _scratchBytes = bytes;
        }

        return _scratch;
    }

    internal void Free()
    {
        NativeMemory.AlignedFree(_scratch);
        _scratch = null;
        _scratchBytes = 0;
    }
}

/// <summary>Persistent threads that run the same work together with the caller.</summary>
internal sealed class WorkerPool : IDisposable
{
    private readonly Worker[] _workers;
    private readonly Barrier _barrier;

    public WorkerPool(int threads)
    {
        Threads = threads;
        _workers = [.. Enumerable.Range(0, threads).Select(i => new Worker(this, i))];
        _barrier = new Barrier(threads);
    }

    /// <summary>Number of workers, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Runs the work on all workers and returns when all are done. One caller at a time.</summary>
    public void Run(IParallelWork work)
    {
        if (Threads == 1)
        {
            work.Run(_workers[0]);
            return;
        }

        Thread[] threads = [.. _workers.Skip(1).Select(w => new Thread(() => work.Run(w)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        work.Run(_workers[0]);
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }

    public void Dispose()
    {
        foreach (Worker worker in _workers)
        {
            worker.Free();
        }

        _barrier.Dispose();
    }

    internal void WaitAtBarrier() => _barrier.SignalAndWait();
}
