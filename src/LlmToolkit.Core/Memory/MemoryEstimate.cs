namespace LlmToolkit;

/// <summary>Memory that a model will take, term by term, in bytes, for one context length.</summary>
public sealed record MemoryEstimate
{
    /// <summary>The context length that the figures hold for, in tokens.</summary>
    public required int Context { get; init; }

    /// <summary>Weights used in place from the mapped files.</summary>
    public long WeightsMapped { get; init; }

    /// <summary>Weights that have to be copied.</summary>
    public long WeightsPrivate { get; init; }

    /// <summary>KV cache of the whole context.</summary>
    public long Kv { get; init; }

    /// <summary>Activations and scratch of the forward pass.</summary>
    public long Compute { get; init; }

    /// <summary>Logits.</summary>
    public long Logits { get; init; }

    /// <summary>The tokenizer's tables.</summary>
    public long Tokenizer { get; init; }

    /// <summary>The runtime itself, before any model.</summary>
    public long RuntimeBase { get; init; }

    /// <summary>How much the figures can be trusted, 0 to 1.</summary>
    public double Confidence { get; init; } = 0.8;

    /// <summary>Anonymous memory at the peak: must fit.</summary>
    public long MustBytes => WeightsPrivate + Kv + Compute + Logits + Tokenizer + RuntimeBase;

    /// <summary>Mapped file pages at the peak: should fit, else the disk is read again for every token.</summary>
    public long ShouldBytes => WeightsMapped;

    /// <summary>Predicted peak resident size.</summary>
    public long PeakBytes => MustBytes + ShouldBytes;
}
