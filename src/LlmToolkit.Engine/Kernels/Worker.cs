using System.Runtime.InteropServices;

namespace LlmToolkit.Engine.Kernels;

/// <summary>One of the workers of a pool, as the work sees it.</summary>
internal sealed unsafe class Worker(WorkerPool pool, int index)
{
    private Region _scratch;
    private Region _panels;
    private uint _unitRegion;

    /// <summary>0 is the caller's own thread.</summary>
    public int Index { get; } = index;

    /// <summary>Number of workers.</summary>
    public int Count => pool.Threads;

    /// <summary>Waits until every worker is here.</summary>
    public void Barrier() => pool.WaitAtBarrier();

    /// <summary>This worker's share of <paramref name="count"/> things, cut at multiples of <paramref name="multiple"/>.</summary>
    public (int From, int To) Slice(int count, int multiple = 1)
    {
        long units = (count + (long)multiple - 1) / multiple;
        return ((int)Math.Min(count, units * Index / Count * multiple), (int)Math.Min(count, units * (Index + 1) / Count * multiple));
    }

    /// <summary>
    /// Units of work 0 .. <paramref name="count"/> − 1, handed out one by one to whichever worker is free. Every worker must ask for the same units in the
    /// same order of calls, and take until none is left; no barrier is needed between one set of units and the next.
    /// </summary>
    public WorkUnits Units(int count) => new(pool, ++_unitRegion, count);

    /// <summary>
    /// Private memory of this worker, 64-byte aligned, at least <paramref name="bytes"/> long; content undefined, and lost at the next call.
    /// Allocates only when it grows. <see cref="MatMul"/> does not touch it.
    /// </summary>
    public byte* Scratch(nuint bytes) => _scratch.Get(bytes);

    /// <summary>As <see cref="Scratch"/>, the memory of <see cref="MatMul"/>.</summary>
    internal byte* PanelScratch(nuint bytes) => _panels.Get(bytes);

    internal void Begin() => _unitRegion = 0;

    internal void Free()
    {
        _scratch.Free();
        _panels.Free();
    }

    private struct Region
    {
        private byte* _start;
        private nuint _bytes;

        public byte* Get(nuint bytes)
        {
            if (bytes > _bytes)
            {
                Free();
                _start = (byte*)NativeMemory.AlignedAlloc(bytes, 64);
                _bytes = bytes;
            }

            return _start;
        }

        public void Free()
        {
            NativeMemory.AlignedFree(_start);
            _start = null;
            _bytes = 0;
        }
    }
}

/// <summary>See <see cref="Worker.Units"/>.</summary>
internal readonly struct WorkUnits(WorkerPool pool, uint region, int count)
{
    /// <summary>Takes the next unit; false when none is left.</summary>
    public bool TryTake(out int unit)
    {
        unit = pool.Claim(region);
        return unit < count;
    }
}
