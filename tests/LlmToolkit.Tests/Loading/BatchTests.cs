using LlmToolkit.Loading;

namespace LlmToolkit.Tests.Loading;

public sealed class BatchTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_SlowFirstItem_TheWindowSlidesAndTheOrderStays()
    {
        using ManualResetEventSlim gate = new();
        int finished = 0;
        string Judge(string item, CancellationToken token)
        {
            if (item == "0")
            {
                gate.Wait(token);
            }
            else if (Interlocked.Increment(ref finished) == 5)
            {
                // Five others were done behind the first: it held their answers back, not their work.
                gate.Set();
            }

            return "done " + item;
        }

        List<BatchResult<string>> results = await Batch.RunAsync(Numbers(20), 2, Judge, null, Cancellation).ToListAsync(Cancellation);

        Assert.Equal(Numbers(20), results.Select(r => r.Source));
        Assert.All(results, r => Assert.Equal("done " + r.Source, r.Value));
    }

    [Fact]
    public async Task RunAsync_ManyItems_NoMoreThanAskedAreInWorkAndTheInputIsReadLazily()
    {
        int running = 0;
        int most = 0;
        int read = 0;
        IEnumerable<string> Input()
        {
            for (int i = 0; i < 1000; i++)
            {
                read++;
                yield return $"{i}";
            }
        }

        string Judge(string item, CancellationToken token)
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            Thread.Sleep(1);
            Interlocked.Decrement(ref running);
            return item;
        }

        await foreach (BatchResult<string> result in Batch.RunAsync(Input(), 3, Judge, null, Cancellation))
        {
            if (result.Source == "9")
            {
                break;
            }
        }

        Assert.InRange(most, 1, 3);
        Assert.InRange(read, 10, 9 + (3 * 4) + 1);
    }

    [Fact]
    public async Task RunAsync_Faults_AreTheirItemsOwn()
    {
        string Judge(string item, CancellationToken token) => item switch
        {
            "0" => throw LoadingErrors.NoSuchPath("0", PathAdvice.None),
            "1" => throw new UnauthorizedAccessException("no"),
            "2" => throw new InvalidOperationException("a bug"),
            _ => item,
        };

        List<BatchResult<string>> results = await Batch.RunAsync(Numbers(4), 2, Judge, null, Cancellation).ToListAsync(Cancellation);

        Assert.Equal([FaultKind.Usage, FaultKind.Refused, FaultKind.Unexpected, null], results.Select(r => r.Error?.Kind));
        Assert.Equal([true, true, true, false], results.Select(r => r.Value is null));
    }

    [Fact]
    public async Task RunAsync_Cancelled_EndsAtOnce()
    {
        using CancellationTokenSource stop = new();
        using ManualResetEventSlim never = new();
        string Judge(string item, CancellationToken token)
        {
            // Does not look at its token: the enumeration must not wait for it.
            never.Wait(TimeSpan.FromSeconds(20), CancellationToken.None);
            return item;
        }

        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        stop.CancelAfter(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Batch.RunAsync(Numbers(9), 2, Judge, null, stop.Token).ToListAsync(Cancellation));

        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
        never.Set();
    }

    [Fact]
    public async Task RunAsync_Progress_TellsEachItemOnce()
    {
        Heard progress = new();

        await Batch.RunAsync(Numbers(50), 4, (item, _) => item, progress, Cancellation).ToListAsync(Cancellation);

        Assert.Equal(Enumerable.Range(1, 50), progress.All.Select(p => p.Done).Order());
        Assert.Equal(Numbers(50).Order(StringComparer.Ordinal), progress.All.Select(p => p.Source).Order(StringComparer.Ordinal));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchOptions { Concurrency = 0 });
    }

    private static string[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => $"{i}")];

    private sealed class Heard : IProgress<BatchProgress>
    {
        public System.Collections.Concurrent.ConcurrentBag<BatchProgress> All { get; } = [];

        public void Report(BatchProgress value) => All.Add(value);
    }
}
