using System.Collections.ObjectModel;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace LlmToolkit.Text;

/// <summary>A model whose backend gives logits: sampling, stops, text and the reuse of earlier turns are here, the same for every backend.</summary>
/// <remarks>One answer is computed at a time, on a thread of its own; further calls wait in order. An abandoned enumeration stops it and frees its session.</remarks>
public abstract class LogitsModel : ILogitsModel
{
    // A slow reader should not keep the model from others; an answer longer than this waits for it.
    private const int ChunksAhead = 1024;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private SequencePool? _pool;
    private long _kvBytes;
    private int _disposed;

    /// <summary>A model with its facts.</summary>
    /// <param name="info">The facts of the model.</param>
    /// <param name="backend">Name of the backend.</param>
    /// <param name="contextLength">Longest sequence, in tokens.</param>
    /// <param name="text">Tokenizer, template and the model's own settings.</param>
    protected LogitsModel(ModelInfo info, string backend, int contextLength, TextAssets text)
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

    /// <summary>Tokenizer, template and the model's own settings.</summary>
    public TextAssets Text { get; }

    /// <inheritdoc/>
    public abstract int Vocabulary { get; }

    /// <summary>Bytes of the KV caches that are kept, as of the end of the last answer.</summary>
    public long KvBytes => Volatile.Read(ref _kvBytes);

    /// <summary>Sessions kept between calls for the reuse of common prompt beginnings, each with a KV cache; at least 1. Default: 1.</summary>
    protected int KeptSessions { get; init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(KeptSessions), value, "KeptSessions must be at least 1."); } = 1;

    /// <inheritdoc/>
    public abstract IGenerationSession CreateSession(SessionOptions? options = null);

    /// <inheritdoc/>
    /// <remarks>A cancelled enumeration gives one last chunk with <see cref="FinishReason.Cancelled"/> and the usage, then throws <see cref="OperationCanceledException"/>.</remarks>
    public virtual IAsyncEnumerable<TextChunk> GenerateAsync(Prompt prompt, GenerateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return StreamAsync(prompt, GenerateDefaults.Resolve(options, Text.Defaults), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Logits are no embeddings: this throws unless a backend overrides it.</remarks>
    public virtual Task<TextEmbedding> EmbedAsync(string text, CancellationToken cancellationToken = default) =>
        Task.FromException<TextEmbedding>(EmbeddingErrors.NoEmbeddings(Info));

    /// <inheritdoc/>
    public Prompt ApplyTemplate(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt = true)
    {
        ArgumentNullException.ThrowIfNull(messages);
        IChatTemplate template = Text.ChatTemplate ?? throw GenerationErrors.NoChatTemplate(Info);
        return Prompt.FromTemplate(template.Render(messages, addGenerationPrompt));
    }

    /// <summary>Stops what is being computed, waits for it, and frees sessions, then weights.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _closing.CancelAsync().ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        _pool?.Dispose();
        Text.Dispose();
        await FreeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the backend holds; called once, when nothing is computed any more.</summary>
    protected virtual ValueTask FreeAsync() => ValueTask.CompletedTask;

    private async IAsyncEnumerable<TextChunk> StreamAsync(Prompt prompt, GenerateOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        Channel<TextChunk> chunks = Channel.CreateBounded<TextChunk>(new BoundedChannelOptions(ChunksAhead) { SingleReader = true, SingleWriter = true });
        await OwnAsync(_turn.WaitAsync(stop.Token), cancellationToken).ConfigureAwait(false);
        Task computing = Task.Factory.StartNew(
            () => Compute(prompt, options, chunks.Writer, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            // Not cancelled itself: it ends with the computation, so the session is free when the caller's exception comes.
            await foreach (TextChunk chunk in chunks.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                // What was computed ahead of a caller who has cancelled is not delivered any more.
                if (chunk.FinishReason == FinishReason.Cancelled || !cancellationToken.IsCancellationRequested)
                {
                    yield return chunk;
                }
            }

            await OwnAsync(computing, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await computing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits; a cancellation comes as the caller's own or, if the model was disposed, as that.</summary>
    private async Task OwnAsync(Task work, CancellationToken cancellationToken)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && _disposed != 0)
        {
            throw new ObjectDisposedException(GetType().Name, "The model was disposed while it generated.");
        }
        catch (OperationCanceledException error) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Message, error, cancellationToken);
        }
    }

    private void Compute(Prompt prompt, GenerateOptions options, ChannelWriter<TextChunk> chunks, CancellationToken cancellationToken)
    {
        try
        {
            int[] ids = Encode(prompt);
            Check(options.LogitBias);
            if (ids.Length >= ContextLength && (options.Overflow == ContextOverflow.Error || ContextLength < 2))
            {
                throw GenerationErrors.ContextOverflow(ids.Length, ContextLength, Info.ContextLength);
            }

            _pool ??= new SequencePool(KeptSessions, () => new Sequence(CreateSession(), Vocabulary));
            Sequence sequence = _pool.Take(ids);
            bool usable = false;
            try
            {
                bool continues = prompt.AddSpecial || prompt.Ids is not null;
                new TokenLoop(ids, continues, sequence, ContextLength, Text, options, chunks, cancellationToken).Run();
                usable = true;
            }
            catch (Exception error) when (error is OperationCanceledException or ModelException)
            {
                usable = true;
                throw;
            }
            finally
            {
                // After an exception that nobody foresaw, nobody knows what the session holds.
                if (usable)
                {
                    _pool.Return(sequence);
                }
                else
                {
                    sequence.Dispose();
                }

                Volatile.Write(ref _kvBytes, _pool.KvBytes);
            }
        }
        finally
        {
            _turn.Release();
            chunks.Complete();
        }
    }

    private void Check(IReadOnlyDictionary<int, float>? bias)
    {
        foreach ((int token, float value) in bias ?? ReadOnlyDictionary<int, float>.Empty)
        {
            if ((uint)token >= (uint)Vocabulary || !(value < float.PositiveInfinity))
            {
                throw GenerationErrors.BadBias(token, value, Vocabulary);
            }
        }
    }

    private int[] Encode(Prompt prompt)
    {
        int[] ids = prompt.Ids is { } given ? [.. given] : (Text.Tokenizer ?? throw GenerationErrors.NoTokenizer(Info)).Encode(prompt);
        if (ids.Length == 0)
        {
            throw GenerationErrors.EmptyPrompt();
        }

        int wrong = Array.FindIndex(ids, id => (uint)id >= (uint)Vocabulary);
        return wrong < 0 ? ids : throw GenerationErrors.TokenOutOfRange(ids[wrong], wrong, Vocabulary);
    }
}
