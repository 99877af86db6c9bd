namespace LlmToolkit.Engine.Model;

/// <summary>How a model is loaded.</summary>
/// <param name="Context">Longest sequence, in tokens.</param>
/// <param name="Kv">Type of the caches.</param>
/// <param name="Threads">Workers.</param>
/// <param name="Exact">Float activations only.</param>
/// <param name="ContextAsked">True when the user named the context: then one that the model cannot have is an error, and not cut.</param>
internal sealed record EngineSettings(int Context, KvType Kv, int Threads, bool Exact, bool ContextAsked = false)
{
    /// <summary>The context that is meant, however much is allocated: what a GGUF chooses its LongRoPE factors by. Null: <see cref="Context"/>.</summary>
    public int? MeantContext { get; init; }

    /// <summary>
    /// Weight bytes times tokens below which the caller's thread computes alone. Default: 8 MiB, a fraction of a millisecond: waking and meeting other workers gains
    /// little there on an idle machine, and on a busy one each meeting can cost a time slice (two busy cores, a model of 3 MB: 500 tokens/s together, 4,900 alone).
    /// </summary>
    public long AloneBelow { get; init; } = 8L << 20;
}
