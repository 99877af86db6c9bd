using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// A counter that threads wait on. A wait first spins (the next step of a running model is microseconds away) and then blocks, so that an idle model costs
/// nothing and a crowded machine does not collapse.
/// </summary>
/// <remarks>
/// A wait does not yield in between where each thread can have a processor: two workers that the system once put on the same processor would hand it to each
/// other at every barrier and stay there (a quarter of the rate, measured on two cores). A thread that wakes is placed anew, on an idle processor if there is one.
/// </remarks>
internal sealed class WorkerSignal
{
    private static readonly long s_spinTicks = Stopwatch.Frequency / 20_000;
    private static readonly long s_yieldTicks = Stopwatch.Frequency / 1_000;

    private readonly object _gate = new();
    private Padded _value;
    private int _sleepers;

    /// <summary>How often <see cref="Advance"/> was called; wraps around.</summary>
    public int Value => Volatile.Read(ref _value.Number);

    /// <summary>Lets everyone go who waits for the counter to change. A full memory barrier.</summary>
    public void Advance()
    {
        Interlocked.Increment(ref _value.Number);
        if (Volatile.Read(ref _sleepers) > 0)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Waits while the counter is <paramref name="seen"/>.</summary>
    /// <param name="seen">A value read before the waiter announced itself.</param>
    /// <param name="spin">False where there are more workers than processors: spinning would only keep the others away, so the wait yields for a millisecond.</param>
    public void WaitWhile(int seen, bool spin)
    {
        if (Value != seen)
        {
            return;
        }

        long start = Stopwatch.GetTimestamp();
        while (spin && Stopwatch.GetTimestamp() - start < s_spinTicks)
        {
            for (int i = 0; i < 16; i++)
            {
                if (Value != seen)
                {
                    return;
                }

                Pause();
            }
        }

        while (!spin && Stopwatch.GetTimestamp() - start < s_yieldTicks)
        {
            if (Value != seen)
            {
                return;
            }

            Thread.Yield();
        }

        lock (_gate)
        {
            // The count is raised before the value is read again, and Advance raises the value before it reads the count: one of the two sees the other.
            Interlocked.Increment(ref _sleepers);
            while (Value == seen)
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _sleepers);
        }
    }

    private static void Pause()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
        else if (ArmBase.IsSupported)
        {
            ArmBase.Yield();
        }
        else
        {
            Thread.SpinWait(1);
        }
    }

    /// <summary>A number alone on its cache lines: waiters read it while others write their neighbours.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Padded
    {
        [FieldOffset(128)]
        public int Number;
    }
}
