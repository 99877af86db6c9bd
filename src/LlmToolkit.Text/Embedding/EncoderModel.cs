namespace LlmToolkit.Text;

/// <summary>A model whose backend gives hidden states: tokenizing, cutting, pooling and normalizing are here, the same for every backend.</summary>
/// <remarks>One text is computed at a time, off the caller's thread; further calls wait in order.</remarks>
public abstract class EncoderModel : IEncoderModel
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _disposed;

    /// <summary>A model with its facts.</summary>
    /// <param name="info">The facts of the model.</param>
    /// <param name="backend">Name of the backend.</param>
    /// <param name="contextLength">Longest sequence, in tokens.</param>
    /// <param name="text">Tokenizer and pooling.</param>
    protected EncoderModel(ModelInfo info, string backend, int contextLength, TextAssets text)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentException.ThrowIfNullOrEmpty(backend);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextLength);
        ArgumentNullException.ThrowIfNull(text);
        (Info, Backend, ContextLength, Text) = (info, backend, contextLength, text);
    }

    /// <inheritdoc/>
    public ModelInfo Info { get; }

    /// <inheritdoc/>
    public string Backend { get; }

    /// <inheritdoc/>
    public int ContextLength { get; }

    /// <summary>Tokenizer and pooling.</summary>
    public TextAssets Text { get; }

    /// <inheritdoc/>
    public abstract int Width { get; }

    /// <inheritdoc/>
    public abstract void Encode(ReadOnlySpan<int> ids, Span<float> hidden, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    /// <remarks>Longer texts are cut, the tokens that the tokenizer puts around a text are kept; <see cref="TextEmbedding.DroppedTokens"/> says how many went.</remarks>
    public async Task<TextEmbedding> EmbedAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return await Task.Run(() => Embed(text, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ModelException">Always: an encoder cannot continue text.</exception>
    public IAsyncEnumerable<TextChunk> GenerateAsync(Prompt prompt, GenerateOptions? options = null, CancellationToken cancellationToken = default) =>
        throw GenerationErrors.CannotGenerate(Info);

    /// <inheritdoc/>
    /// <exception cref="ModelException">Always: an encoder has no conversation.</exception>
    public Prompt ApplyTemplate(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt = true) =>
        throw GenerationErrors.CannotGenerate(Info);

    /// <summary>Waits for what is being computed and frees the weights.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _turn.WaitAsync().ConfigureAwait(false);
        Text.Dispose();
        await FreeAsync().ConfigureAwait(false);
        _turn.Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the backend holds; called once, when nothing is computed any more.</summary>
    protected virtual ValueTask FreeAsync() => ValueTask.CompletedTask;

    private TextEmbedding Embed(string text, CancellationToken cancellationToken)
    {
        Tokenizer tokenizer = Text.Tokenizer ?? throw GenerationErrors.NoTokenizer(Info);
        TokenizerEncoding encoding = tokenizer.Encode(text);
        int[] ids = Cut(encoding, Math.Min(Text.Pooling.MaxTokens ?? ContextLength, ContextLength));
        if (ids.Length == 0)
        {
            throw GenerationErrors.EmptyPrompt();
        }

        float[] hidden = new float[checked(ids.Length * Width)];
        Encode(ids, hidden, cancellationToken);
        return new TextEmbedding(Pooling.Pool(hidden, Width, Text.Pooling), ids.Length, encoding.Ids.Count - ids.Length);
    }

    /// <summary>At most <paramref name="max"/> ids: the text loses its end, the special tokens behind it stay.</summary>
    internal static int[] Cut(TokenizerEncoding encoding, int max)
    {
        int[] ids = [.. encoding.Ids];
        if (ids.Length <= max)
        {
            return ids;
        }

        int trailing = 0;
        while (trailing < max && encoding.SpecialTokensMask[^(trailing + 1)] == 1)
        {
            trailing++;
        }

        return [.. ids.AsSpan(0, max - trailing), .. ids.AsSpan(ids.Length - trailing)];
    }
}
