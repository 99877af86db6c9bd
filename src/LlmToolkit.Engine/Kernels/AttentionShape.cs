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

    /// <summary>False: every position sees all of them (encoders).</summary>
    public bool Causal { get; init; } = true;
}
