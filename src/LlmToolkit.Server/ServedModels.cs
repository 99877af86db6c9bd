namespace LlmToolkit.Server;

/// <summary>The models of a server, each with one slot: requests wait for it in order.</summary>
internal sealed class ServedModels : IDisposable
{
    private readonly Dictionary<string, Slot> _slots;

    public ServedModels(LlmServerOptions options) => _slots = options.Models.ToDictionary(m => m.Key, m => new Slot(m.Key, m.Value, options.QueueLimit));

    /// <summary>When the server began, in Unix seconds.</summary>
    public long Created { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    public IEnumerable<Slot> All => _slots.Values;

    /// <summary>The model of that id; an absent id means the only model.</summary>
    public Slot Find(string? id)
    {
        if (id is null && _slots.Count == 1)
        {
            return _slots.Values.First();
        }

        return id is not null && _slots.TryGetValue(id, out Slot? slot)
            ? slot
            : throw new ApiException(id is null
                ? new ApiError(400, "invalid_request_error", "\"model\" must name one of the models.", "model", "invalid_value")
                : ApiError.NotFound($"The model \"{id}\" does not exist; there are {string.Join(", ", _slots.Keys)}.", "model_not_found"));
    }

    public void Dispose()
    {
        foreach (Slot slot in _slots.Values)
        {
            slot.Dispose();
        }
    }

    internal sealed class Slot(string id, ILanguageModel model, int queueLimit) : IDisposable
    {
        private readonly SemaphoreSlim _free = new(1, 1);
        private int _waiting;

        public string Id { get; } = id;

        public ILanguageModel Model { get; } = model;

        /// <summary>Waits for the slot; dispose what is returned to free it.</summary>
        public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
        {
            if (_free.Wait(0, cancellationToken))
            {
                return new Turn(_free);
            }

            if (Interlocked.Increment(ref _waiting) > queueLimit)
            {
                Interlocked.Decrement(ref _waiting);
                throw new ApiException(new ApiError(429, "rate_limit_error", $"{queueLimit} requests wait already.", null, "rate_limit_exceeded"));
            }

            try
            {
                await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }

            return new Turn(_free);
        }

        public void Dispose() => _free.Dispose();

        private sealed class Turn(SemaphoreSlim free) : IDisposable
        {
            private int _left;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _left, 1) == 0)
                {
                    free.Release();
                }
            }
        }
    }
}
