using LlmToolkit.Engine.KvCache;

namespace LlmToolkit.Engine.Model;

/// <summary>What of a sequence changes: its cache and its length.</summary>
internal sealed class DecoderState : IDisposable
{
    private readonly int[]? _ids;

    private DecoderState(DecoderRecipe recipe, KvLayer[] cache, int capacity)
    {
        (Cache, Capacity) = (cache, capacity);

        // Only a rope that changes with the length makes keys stale, so that their tokens are needed again.
        _ids = recipe.Ropes.Any(r => r.Frequencies.Epoch(int.MaxValue) != 0) ? new int[capacity] : null;
    }

    /// <summary>Most tokens.</summary>
    public int Capacity { get; }

    /// <summary>Tokens in the cache.</summary>
    public int Length { get; private set; }

    /// <summary>Keys and values by layer.</summary>
    public KvLayer[] Cache { get; }

    /// <summary>The rope's epoch of the cached keys.</summary>
    public int Epoch { get; set; }

    /// <summary>Bytes of the cache.</summary>
    public long Bytes => Cache.Sum(l => l.Bytes);

    /// <summary>The tokens in the cache, where the model needs them kept; else empty.</summary>
    public ReadOnlySpan<int> Ids => _ids is null ? [] : _ids.AsSpan(0, Length);

    /// <summary>An empty sequence.</summary>
    /// <param name="recipe">The model.</param>
    /// <param name="type">Type of the cache.</param>
    /// <param name="capacity">Most tokens.</param>
    /// <exception cref="ModelException">The system has no memory for the cache.</exception>
    public static DecoderState Create(DecoderRecipe recipe, KvType type, int capacity)
    {
        List<KvLayer> cache = [];
        try
        {
            foreach (KvShape shape in recipe.Cache)
            {
                cache.Add(new KvLayer(type, shape.Heads, shape.KeyDim, shape.ValueDim, capacity));
            }

            return new DecoderState(recipe, [.. cache], capacity);
        }
        catch (Exception e) when (e is OutOfMemoryException or OverflowException)
        {
            cache.ForEach(l => l.Dispose());
            throw EngineErrors.NoMemoryForCache(capacity, cache.Count, recipe.Cache.Length, e);
        }
    }

    /// <summary>Counts tokens whose keys and values are now in the cache.</summary>
    public void Append(ReadOnlySpan<int> tokens)
    {
        if (_ids is not null)
        {
            tokens.CopyTo(_ids.AsSpan(Length));
        }

        Length += tokens.Length;
    }

    /// <summary>Forgets all tokens from a position on.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    public void Dispose()
    {
        foreach (KvLayer layer in Cache)
        {
            layer.Dispose();
        }
    }
}
