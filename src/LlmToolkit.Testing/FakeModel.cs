using System.Text;
using LlmToolkit.Text;

namespace LlmToolkit.Testing;

/// <summary>A language model for tests: it answers what you tell it to, needs no file, and remembers what it was asked.</summary>
/// <remarks>
/// Everything but the computation is real: tokens (one for each byte of UTF-8, and one that ends the prompt), sampling, stop texts, limits, usage and cancellation are the toolkit's own.
/// <code>
/// await using FakeModel model = new("Hello!", "Goodbye.");
/// IChatClient client = model.AsChatClient();
///
/// ChatResponse answer = await client.GetResponseAsync("Hi");
///
/// Assert.Equal("Hello!", answer.Text);
/// Assert.Equal("user: Hi\nassistant: ", model.Prompts[0]);
/// </code>
/// </remarks>
public sealed class FakeModel : LogitsModel
{
    // Each call ends its prompt with a control token that names its answer, so a session needs no memory of calls. More calls at once than this do not happen in a test.
    private const int Markers = 256;
    private const int FirstMarker = ByteTokenizer.Eos + 1;

    private static readonly ByteTokenizer SharedTokenizer = new(Enumerable.Range(0, Markers).Select(i => $"<answer {i}>"));

    private readonly Func<string, int, string>? _reply;
    private readonly long _seed;
    private readonly byte[][] _answers = new byte[Markers][];
    private readonly List<string> _prompts = [];
    private readonly Lock _lock = new();
    private int _tokensForwarded;

    /// <summary>A model that gives the replies in order; the last one again and again.</summary>
    public FakeModel(params IReadOnlyList<string> replies)
        : this((_, call) => replies[Math.Min(call, replies.Count - 1)], 0, 4096)
    {
        ArgumentNullException.ThrowIfNull(replies);
        ArgumentOutOfRangeException.ThrowIfZero(replies.Count);
    }

    /// <summary>A model whose reply depends on the prompt's text.</summary>
    /// <param name="reply">Prompt in, reply out.</param>
    /// <param name="contextLength">Longest sequence, in tokens (bytes).</param>
    public FakeModel(Func<string, string> reply, int contextLength = 4096)
        : this((prompt, _) => reply(prompt), 0, contextLength) =>
        ArgumentNullException.ThrowIfNull(reply);

    private FakeModel(Func<string, int, string>? reply, long seed, int contextLength)
        : base(Facts(contextLength), "fake", contextLength, new TextAssets(() => SharedTokenizer, _ => new FakeTemplate())) =>
        (_reply, _seed) = (reply, seed);

    /// <summary>A model that writes noise: logits that depend on every token before and on the seed, and on nothing else.</summary>
    public static FakeModel Babbling(long seed = 0, int contextLength = 4096) => new(null, seed, contextLength);

    /// <summary>Number of calls of <see cref="GenerateAsync"/> and <see cref="EmbedAsync"/>.</summary>
    public int Calls { get; private set; }

    /// <summary>The texts of the prompts, the oldest first; for ids their numbers.</summary>
    public IReadOnlyList<string> Prompts
    {
        get
        {
            lock (_lock)
            {
                return [.. _prompts];
            }
        }
    }

    /// <summary>Tokens that went through the model: those that an earlier turn's cache held are not among them.</summary>
    public int TokensForwarded => Volatile.Read(ref _tokensForwarded);

    /// <summary>What every call throws; null: none does. Default: null.</summary>
    public ModelException? Failure { get; set; }

    /// <summary>Time that each forward pass takes, so one for the prompt and one for each token. Default: none.</summary>
    public TimeSpan Delay { get; set; }

    /// <inheritdoc/>
    public override int Vocabulary => SharedTokenizer.VocabularySize;

    /// <inheritdoc/>
    public override IGenerationSession CreateSession(SessionOptions? options = null) => new FakeSession(this, options?.ContextLength ?? ContextLength);

    /// <inheritdoc/>
    public override IAsyncEnumerable<TextChunk> GenerateAsync(Prompt prompt, GenerateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        int call = Record(prompt.ToString());
        if (_reply is null)
        {
            return base.GenerateAsync(prompt, options, cancellationToken);
        }

        _answers[call % Markers] = Encoding.UTF8.GetBytes(_reply(prompt.ToString(), call));
        return base.GenerateAsync(Prompt.FromIds([.. SharedTokenizer.Encode(prompt), FirstMarker + (call % Markers)]), options, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>A vector of length 1 with 16 numbers: how often each kind of byte occurs.</remarks>
    public override Task<TextEmbedding> EmbedAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        Record(text);
        if (Failure is { } failure)
        {
            return Task.FromException<TextEmbedding>(failure);
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        float[] vector = new float[16];
        vector[0] = 1;
        foreach (byte b in bytes)
        {
            vector[b % 16]++;
        }

        float length = MathF.Sqrt(vector.Sum(v => v * v));
        return Task.FromResult(new TextEmbedding(Array.ConvertAll(vector, v => v / length), bytes.Length, 0));
    }

    private static ModelInfo Facts(int contextLength) => new()
    {
        Format = "fake",
        Architecture = "fake",
        Name = "fake",
        FileBytes = 0,
        ContextLength = contextLength,
        EmbeddingLength = 16,
        Vocabulary = SharedTokenizer.VocabularySize,
        HasChatTemplate = true,
    };

    private int Record(string prompt)
    {
        lock (_lock)
        {
            _prompts.Add(prompt);
            return Calls++;
        }
    }

    private void Compute(ReadOnlySpan<int> sequence, Span<float> logits)
    {
        // Noise far below the answer's own logit: no sampling setting of sense draws anything else.
        ulong hash = (ulong)_seed;
        foreach (int token in sequence)
        {
            hash = (hash ^ (uint)token) * 0x100000001B3;
        }

        for (int i = 0; i < logits.Length; i++)
        {
            hash = (hash * 6364136223846793005) + 1442695040888963407;
            logits[i] = i >= FirstMarker ? -30 : (hash >> 40) * (4f / (1 << 24));
        }

        int marker = sequence.LastIndexOfAnyInRange(FirstMarker, FirstMarker + Markers - 1);
        if (marker >= 0)
        {
            byte[] answer = _answers[sequence[marker] - FirstMarker];
            int next = sequence.Length - marker - 1;
            logits[next < answer.Length ? answer[next] : ByteTokenizer.Eos] = 60;
        }
    }

    private sealed class FakeSession(FakeModel model, int contextLength) : IGenerationSession
    {
        private readonly List<int> _tokens = [];

        public int Length => _tokens.Count;

        public int ContextLength => contextLength;

        public long KvBytes => 0;

        public void Forward(ReadOnlySpan<int> tokens, Span<float> logits, CancellationToken cancellationToken = default)
        {
            if (model.Failure is { } failure)
            {
                throw failure;
            }

            if (model.Delay > TimeSpan.Zero)
            {
                cancellationToken.WaitHandle.WaitOne(model.Delay);
            }

            cancellationToken.ThrowIfCancellationRequested();
            ArgumentOutOfRangeException.ThrowIfGreaterThan(Length + tokens.Length, ContextLength, nameof(tokens));
            _tokens.AddRange(tokens);
            Interlocked.Add(ref model._tokensForwarded, tokens.Length);
            int positions = logits.Length / model.Vocabulary;
            for (int i = 0; i < positions; i++)
            {
                ReadOnlySpan<int> seen = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_tokens)[..(Length - positions + i + 1)];
                model.Compute(seen, logits.Slice(i * model.Vocabulary, model.Vocabulary));
            }
        }

        public void Truncate(int length) => _tokens.RemoveRange(length, Length - length);

        public void Dispose()
        {
        }
    }

    /// <summary><c>role: text</c>, a line a message.</summary>
    private sealed class FakeTemplate : IChatTemplate
    {
        public IReadOnlyList<PromptSegment> Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt)
        {
            List<PromptSegment> segments = [];
            foreach (ChatTurn message in messages)
            {
                segments.Add(new PromptSegment(message.Role + ": ", true));
                segments.Add(new PromptSegment(message.Content, false));
                segments.Add(new PromptSegment("\n", true));
            }

            if (addGenerationPrompt)
            {
                segments.Add(new PromptSegment("assistant: ", true));
            }

            return segments;
        }
    }
}
