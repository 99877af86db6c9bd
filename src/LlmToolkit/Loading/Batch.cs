using System.Runtime.CompilerServices;

namespace LlmToolkit;

/// <summary>How many items are judged.</summary>
public sealed record BatchOptions
{
    /// <summary>Most items in work at a time. Default: the cores of this process.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int Concurrency
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Concurrency is at least 1.");
    } = Environment.ProcessorCount;

    /// <summary>Judge every item as this format; null: by its content.</summary>
    public string? Format { get; init; }

    /// <summary>Validation only: read every value too. Default: false.</summary>
    public bool Deep { get; init; }

    /// <summary>Deep validation only: told which share of an item's values was read, by several threads. Default: nobody is told.</summary>
    public IProgress<LoadProgress>? Scan { get; init; }
}

/// <summary>How far a batch is.</summary>
/// <param name="Done">Items that are finished.</param>
/// <param name="Source">The one that was finished last.</param>
public readonly record struct BatchProgress(int Done, string Source);

/// <summary>One item of a batch: a value, or why there is none.</summary>
/// <param name="Source">The item, as it was given.</param>
/// <param name="Value">The outcome; null: there is none.</param>
/// <param name="Error">Why there is none; null: there is one.</param>
public sealed record BatchResult<T>(string Source, T? Value, Diagnostic? Error)
    where T : class;

/// <summary>Many items at a time, in their order: a window slides over the input, so that one slow item delays the answers behind it but not the work.</summary>
internal static class Batch
{
    /// <summary>Finished answers that may wait behind a slow one, for each item in work.</summary>
    private const int Lookahead = 4;

    /// <summary>Judges items as they are asked for. The input is read no further than the window.</summary>
    /// <param name="items">The items.</param>
    /// <param name="name">What an item is called in its answer.</param>
    /// <param name="concurrency">Most in work at a time.</param>
    /// <param name="judge">Judges one; what it throws becomes the item's own error.</param>
    /// <param name="progress">Told of each finished item, in the order in which they finish.</param>
    /// <param name="cancellationToken">Ends the enumeration at once; what is in work is left to end by itself.</param>
    public static async IAsyncEnumerable<BatchResult<T>> RunAsync<TItem, T>(
        IEnumerable<TItem> items, Func<TItem, string> name, int concurrency, Func<TItem, CancellationToken, T> judge, IProgress<BatchProgress>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CancellationToken token = stop.Token;
        using SemaphoreSlim places = new(concurrency);
        Queue<Task<BatchResult<T>>> window = new();
        int done = 0;
        async Task<BatchResult<T>> Work(TItem item)
        {
            await places.WaitAsync(token).ConfigureAwait(false);
            BatchResult<T> result = await Task.Run(() => One(name(item), () => judge(item, token)), token).ConfigureAwait(false);
            if (!token.IsCancellationRequested)
            {
                places.Release();
                progress?.Report(new BatchProgress(Interlocked.Increment(ref done), result.Source));
            }

            return result;
        }

        try
        {
            using IEnumerator<TItem> input = items.GetEnumerator();
            bool more = true;
            while (true)
            {
                while (more && window.Count < (long)concurrency * Lookahead && (more = input.MoveNext()))
                {
                    window.Enqueue(Work(input.Current));
                }

                if (window.Count == 0)
                {
                    yield break;
                }

                BatchResult<T> next = await window.Peek().WaitAsync(token).ConfigureAwait(false);
                _ = window.Dequeue();
                yield return next;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (Task<BatchResult<T>> left in window)
            {
                // Nobody waits for these any more; their faults are looked at, so that none comes up later as unobserved.
                _ = left.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    /// <summary>As above, for items that are texts.</summary>
    public static IAsyncEnumerable<BatchResult<T>> RunAsync<T>(IEnumerable<string> sources, int concurrency, Func<string, CancellationToken, T> judge, IProgress<BatchProgress>? progress, CancellationToken cancellationToken)
        where T : class => RunAsync(sources, s => s, concurrency, judge, progress, cancellationToken);

    private static BatchResult<T> One<T>(string source, Func<T> judge)
        where T : class
    {
        try
        {
            return new BatchResult<T>(source, judge(), null);
        }
        catch (ModelException e)
        {
            return new BatchResult<T>(source, null, e.Diagnostic);
        }
#pragma warning disable CA1031 // A bug that one item meets must not take the answers of a thousand others with it; it is told as what it is.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return new BatchResult<T>(source, null, new ErrorReporter().Explain(e, new LoadContext { File = source }));
        }
    }
}
