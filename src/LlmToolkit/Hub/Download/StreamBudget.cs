namespace LlmToolkit.Hub;

/// <summary>Streams at a time, shared by all files of a download.</summary>
internal sealed class StreamBudget : IDisposable
{
    /// <summary>More do not make a line faster, and cost the server and other users of the line.</summary>
    public const int Most = 8;

    private readonly SemaphoreSlim _free = new(Most, Most);

    /// <summary>Waits for a stream; dispose it to give it back.</summary>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Taken(_free);
    }

    public void Dispose() => _free.Dispose();

    private sealed class Taken(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
