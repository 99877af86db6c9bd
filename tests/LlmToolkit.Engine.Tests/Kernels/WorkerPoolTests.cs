using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Tests.Kernels;

public sealed class WorkerPoolTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Run_ManyJobsWithBarriers_EveryWorkerSeesAllBeforeIt(int threads)
    {
        using WorkerPool pool = new(threads);
        int[] counts = new int[threads];
        int wrong = 0;
        Work work = new(worker =>
        {
            for (int step = 1; step <= 20; step++)
            {
                counts[worker.Index]++;
                worker.Barrier();
                if (counts.Any(c => c % 20 != step % 20))
                {
                    Interlocked.Increment(ref wrong);
                }

                worker.Barrier();
            }
        });

        for (int job = 0; job < 50; job++)
        {
            pool.Run(work);
        }

        Assert.Equal(0, wrong);
        Assert.All(counts, c => Assert.Equal(1000, c));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(4)]
    public void Units_SetsWithoutBarriersBetween_EachUnitIsTakenOnce(int threads)
    {
        using WorkerPool pool = new(threads);
        int[] sizes = [1, 0, 17, 1000, 2, 300];
        int[][] taken = [.. sizes.Select(n => new int[n])];
        Work work = new(worker =>
        {
            for (int set = 0; set < sizes.Length; set++)
            {
                WorkUnits units = worker.Units(sizes[set]);
                while (units.TryTake(out int unit))
                {
                    Interlocked.Increment(ref taken[set][unit]);
                }
            }
        });

        for (int job = 0; job < 30; job++)
        {
            pool.Run(work);
        }

        Assert.All(taken, set => Assert.All(set, n => Assert.Equal(30, n)));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2)]
    public void Run_OneWorkerThrows_CallerGetsItAndPoolGoesOn(int thrower)
    {
        using WorkerPool pool = new(3);
        Work failing = new(worker =>
        {
            worker.Barrier();
            if (worker.Index == thrower)
            {
                throw new FormatException("the cause");
            }

            worker.Barrier();
            worker.Barrier();
        });
        int runs = 0;

        for (int i = 0; i < 20; i++)
        {
            FormatException exception = Assert.Throws<FormatException>(() => pool.Run(failing));
            Assert.Equal("the cause", exception.Message);
            pool.Run(new Work(worker =>
            {
                worker.Barrier();
                Interlocked.Increment(ref runs);
                worker.Barrier();
            }));
        }

        Assert.Equal(60, runs);
    }

    [Fact]
    public void Run_AfterWorkersFellAsleep_WakesThem()
    {
        using WorkerPool pool = new(4);
        int runs = 0;
        Work work = new(worker =>
        {
            if (worker.Index == 0)
            {
                Thread.Sleep(5);
            }

            worker.Barrier();
            Interlocked.Increment(ref runs);
        });

        for (int i = 0; i < 10; i++)
        {
            Thread.Sleep(5);
            pool.Run(work);
        }

        Assert.Equal(40, runs);
    }

    [Fact]
    public void Run_Repeatedly_AllocatesNothing()
    {
        using WorkerPool pool = new(2);
        long[] allocated = new long[2];
        Work work = new(worker =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                worker.Barrier();
                WorkUnits units = worker.Units(3);
                while (units.TryTake(out _))
                {
                }
            }

            allocated[worker.Index] += GC.GetAllocatedBytesForCurrentThread() - before;
        });
        pool.Run(work);
        Array.Clear(allocated);

        long start = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
        {
            pool.Run(work);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - start);
        Assert.Equal([0, 0], allocated);
    }

    [Fact]
    public unsafe void Scratch_MatMulScratchGrows_KeepsItsContent()
    {
        using WorkerPool pool = new(1);
        bool kept = false;
        pool.Run(new Work(worker =>
        {
            byte* mine = worker.Scratch(100);
            new Span<byte>(mine, 100).Fill(7);
            byte* panels = worker.PanelScratch(50);
            new Span<byte>(panels, 50).Fill(1);
            new Span<byte>(worker.PanelScratch(100_000), 100_000).Fill(2);
            kept = worker.Scratch(100) == mine && !new Span<byte>(mine, 100).ContainsAnyExcept((byte)7);
        }));

        Assert.True(kept);
    }

    [Fact]
    public void Run_AfterDispose_Throws()
    {
        WorkerPool pool = new(2);
        pool.Dispose();
        pool.Dispose();

        Assert.Throws<ObjectDisposedException>(() => pool.Run(new Work(_ => { })));
    }

    internal sealed class Work(Action<Worker> run) : IParallelWork
    {
        public void Run(Worker worker) => run(worker);
    }
}
