namespace LlmToolkit;

/// <summary>A loaded model: text in, text out. Safe for concurrent calls; they take turns.</summary>
public interface ILanguageModel : IAsyncDisposable
{
    /// <summary>The facts of the model.</summary>
    ModelInfo Info { get; }

    /// <summary>Name of the backend that runs it.</summary>
    string Backend { get; }

    /// <summary>Longest sequence that this load accepts, in tokens.</summary>
    int ContextLength { get; }

    /// <summary>Continues the prompt chunk by chunk until the end of text or a limit.</summary>
    /// <remarks>Stops cleanly between two tokens when <paramref name="cancellationToken"/> is cancelled.</remarks>
    /// <exception cref="ModelException">The prompt does not fit the context, or the model cannot generate.</exception>
    IAsyncEnumerable<TextChunk> GenerateAsync(Prompt prompt, GenerateOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>One vector of the text, pooled and normalized as the model's files say.</summary>
    /// <exception cref="ModelException">The model gives no embeddings.</exception>
    Task<TextEmbedding> EmbedAsync(string text, CancellationToken cancellationToken = default);

    /// <summary>Renders messages with the model's chat template.</summary>
    /// <exception cref="ModelException">The model carries no template, or the template refuses the messages.</exception>
    Prompt ApplyTemplate(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt = true);
}

/// <summary>A vector with what it cost.</summary>
/// <param name="Vector">The embedding.</param>
/// <param name="Tokens">Tokens that were read.</param>
/// <param name="DroppedTokens">Tokens cut off because the text is longer than the model reads.</param>
public sealed record TextEmbedding(ReadOnlyMemory<float> Vector, int Tokens, int DroppedTokens);

/// <summary>A message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record ChatTurn(string Role, string Content);

/// <summary>A model that gives logits; sampling, stops and detokenizing are the Text package's, the same for all.</summary>
public interface ILogitsModel : ILanguageModel
{
    /// <summary>Number of logits of a position.</summary>
    int Vocabulary { get; }

    /// <summary>Begins an empty sequence. Sessions share weights and scratch; each adds its KV cache only.</summary>
    IGenerationSession CreateSession(SessionOptions? options = null);
}

/// <summary>How a session is made.</summary>
public sealed record SessionOptions
{
    /// <summary>Longest sequence, in tokens; null: the model's.</summary>
    public int? ContextLength { get; init; }
}

/// <summary>One sequence with its own positions and cache. Not thread-safe; different sessions of a model may be used from different threads.</summary>
public interface IGenerationSession : IDisposable
{
    /// <summary>Tokens in the cache: the position of the next one.</summary>
    int Length { get; }

    /// <summary>Longest sequence, in tokens.</summary>
    int ContextLength { get; }

    /// <summary>Bytes of the cache.</summary>
    long KvBytes { get; }

    /// <summary>Appends tokens and gives the logits of the last ones: <c>logits.Length / Vocabulary</c> of them, none for an empty span.</summary>
    /// <remarks>Cancelling stops between two chunks; the tokens of finished chunks stay in the cache and <see cref="Length"/> counts them.</remarks>
    /// <exception cref="ModelException">The tokens do not fit the context, or an id is outside the vocabulary.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    void Forward(ReadOnlySpan<int> tokens, Span<float> logits, CancellationToken cancellationToken = default);

    /// <summary>Forgets all tokens from position <paramref name="length"/> on.</summary>
    void Truncate(int length);
}

/// <summary>A model that reads a text as a whole and gives hidden states.</summary>
public interface IEncoderModel : ILanguageModel
{
    /// <summary>Width of a hidden state.</summary>
    int Width { get; }

    /// <summary>The last hidden states [ids.Length, <see cref="Width"/>], before pooling.</summary>
    void Encode(ReadOnlySpan<int> ids, Span<float> hidden, CancellationToken cancellationToken = default);
}
