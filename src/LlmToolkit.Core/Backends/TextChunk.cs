namespace LlmToolkit;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>An end token or a stop text.</summary>
    Stop,

    /// <summary>The token limit or the context.</summary>
    Length,

    /// <summary>The caller cancelled.</summary>
    Cancelled,
}

/// <summary>What an answer cost.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens generated.</param>
/// <param name="CachedTokens">Tokens of the prompt that were taken from an earlier turn's cache.</param>
public sealed record TokenUsage(int PromptTokens, int CompletionTokens, int CachedTokens)
{
    /// <summary>Time of the prompt's forward passes.</summary>
    public TimeSpan PromptTime { get; init; }

    /// <summary>Time from the first generated token to the last.</summary>
    public TimeSpan GenerationTime { get; init; }

    /// <summary>Tokens dropped by <see cref="ContextOverflow.DropOldest"/>.</summary>
    public int DroppedTokens { get; init; }
}

/// <summary>A token with its log probability.</summary>
/// <param name="Id">The token.</param>
/// <param name="Text">Its text.</param>
/// <param name="LogProb">Natural logarithm of its probability before sampling settings.</param>
/// <param name="Top">The likeliest alternatives, the likeliest first.</param>
public sealed record TokenLogProb(int Id, string Text, float LogProb, IReadOnlyList<TokenLogProb> Top);

/// <summary>Text that can no longer change: whole characters, no part of a stop text. The last chunk carries the finish reason and the usage.</summary>
public sealed record TextChunk
{
    /// <summary>The text; may be empty in the last chunk.</summary>
    public required string Text { get; init; }

    /// <summary>Ids that were generated since the chunk before; their text may still be held back.</summary>
    public IReadOnlyList<int> Ids { get; init; } = [];

    /// <summary>Log probabilities of <see cref="Ids"/>, when asked for.</summary>
    public IReadOnlyList<TokenLogProb> LogProbs { get; init; } = [];

    /// <summary>Why the answer ended; null: it goes on.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>The stop text that ended the answer, if one did.</summary>
    public string? StopText { get; init; }

    /// <summary>What the answer cost; in the last chunk only.</summary>
    public TokenUsage? Usage { get; init; }
}
