namespace LlmToolkit;

/// <summary>A model of the application that is loaded when it is first used, once, and disposed with the application.</summary>
public sealed class HostedModel : IAsyncDisposable, IDisposable
{
    private readonly Func<CancellationToken, Task<ILanguageModel>> _load;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private Task<ILanguageModel>? _loading;
    private bool _disposed;

    internal HostedModel(string name, Func<CancellationToken, Task<ILanguageModel>> load) => (Name, _load) = (name, load);

    /// <summary>The name it was added under.</summary>
    public string Name { get; }

    /// <summary>True when it is loaded.</summary>
    public bool IsLoaded => _loading is { IsCompletedSuccessfully: true };

    /// <summary>The loaded model; loads it if nobody has yet. A load that failed is tried again.</summary>
    /// <param name="cancellationToken">Ends the waiting; the load goes on for others.</param>
    public ValueTask<ILanguageModel> GetAsync(CancellationToken cancellationToken = default)
    {
        Task<ILanguageModel> loading;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_loading is null or { IsFaulted: true } or { IsCanceled: true })
            {
                // Off the lock and off the caller's thread: the first steps of a load read files.
                _loading = Task.Run(() => _load(_closing.Token));
            }

            loading = _loading;
        }

        return new ValueTask<ILanguageModel>(loading.WaitAsync(cancellationToken));
    }

    /// <summary>Ends a load in work and disposes the model.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<ILanguageModel>? loading;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            loading = _loading;
        }

        await _closing.CancelAsync().ConfigureAwait(false);
        if (loading is not null)
        {
            await ((Task)loading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (loading.IsCompletedSuccessfully)
            {
                await (await loading.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            }
        }

        _closing.Dispose();
    }

    /// <summary>As <see cref="DisposeAsync"/>, for containers that dispose synchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}
