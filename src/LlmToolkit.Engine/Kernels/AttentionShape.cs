namespace LlmToolkit.Engine.Kernels;

/// <summary>What attention needs to know of a layer.</summary>
internal sealed record AttentionShape
{
    /// <summary>Query heads; a multiple of the cache's heads: head i reads cache head i / (QueryHeads / Heads).</summary>
    public required int QueryHeads { get; init; }

    /// <summary>Multiplies the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>c in c * tanh(score / c), before the mask; 0: none.</summary>
    public float SoftCap { get; init; }

    /// <summary>Position i sees the keys j with i − Window &lt; j; 0: all.</summary>
    public int Window { get; init; }

    /// <summary>Without <see cref="Causal"/>: position i sees the keys j with j &lt; i + WindowAhead; 0: all. Half windows of n to both sides are n + 1 here and there.</summary>
    public int WindowAhead { get; init; }

    /// <summary>Position i sees no key of an earlier chunk of this many positions; 0: all.</summary>
    public int ChunkLength { get; init; }

    /// <summary>Of each query head: a score that joins the softmax and mixes nothing in; null: none.</summary>
    public float[]? Sinks { get; init; }

    /// <summary>Of each query head (ALiBi): slope × (j − i) is added to the scaled score of position i and key j; null: nothing.</summary>
    public float[]? Slopes { get; init; }

    /// <summary>False: every position sees all of them (encoders).</summary>
    public bool Causal { get; init; } = true;
}
