using LlmToolkit.Testing;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Generation;

/// <summary>A model whose logits are a hash of every token before: a cache that holds the wrong tokens gives another text.</summary>
internal sealed class HashModel : LogitsModel
{
    public static readonly ByteTokenizer Bytes = new("<|user|>", "<|stop|>");

    private readonly int _vocabulary;

    public HashModel(int context = 512, TextAssets? text = null, int kept = 1, bool endless = true, int? vocabulary = null)
        : base(new ModelInfo { Format = "test", FileBytes = 0, Name = "hash", ContextLength = 2 * context }, "test", context, text ?? Assets())
    {
        KeptSessions = kept;
        Endless = endless;
        _vocabulary = vocabulary ?? Bytes.VocabularySize;
    }

    public override int Vocabulary => _vocabulary;

    /// <summary>Never gives a control token the largest logit.</summary>
    public bool Endless { get; }

    /// <summary>Writes this after the prompt, byte by byte, then the end token; null: what the hash says.</summary>
    public byte[]? Script { get; init; }

    /// <summary>Position at which the script begins.</summary>
    public int ScriptAt { get; init; }

    public List<HashSession> Sessions { get; } = [];

    /// <summary>Called before each chunk of a forward pass; tokens of chunks before stay in the cache.</summary>
    public Action<HashSession>? BeforeChunk { get; set; }

    public int ChunkSize { get; init; } = 8;

    /// <summary>As recurrent models: can forget everything or nothing.</summary>
    public bool ForgetsAll { get; init; }

    public bool Freed { get; private set; }

    public static TextAssets Assets(GenerateOptions? defaults = null, params int[] endTokens) =>
        new(() => Bytes) { Defaults = defaults ?? new GenerateOptions(), EndTokens = endTokens };

    public override IGenerationSession CreateSession(SessionOptions? options = null)
    {
        HashSession session = new(this, options?.ContextLength ?? ContextLength);
        Sessions.Add(session);
        return session;
    }

    /// <summary>The likeliest tokens after a prompt, computed without sessions.</summary>
    public int[] Greedy(IEnumerable<int> prompt, int count)
    {
        List<int> tokens = [.. prompt];
        int start = tokens.Count;
        float[] logits = new float[Vocabulary];
        for (int i = 0; i < count; i++)
        {
            Compute([.. tokens], logits);
            tokens.Add(Array.IndexOf(logits, logits.Max()));
        }

        return [.. tokens.Skip(start)];
    }

    public void Compute(ReadOnlySpan<int> tokens, Span<float> logits)
    {
        ulong hash = 14695981039346656037;
        foreach (int token in tokens)
        {
            hash = (hash ^ (uint)(token + 1)) * 0x100000001B3;
        }

        for (int id = 0; id < logits.Length; id++)
        {
            hash = (hash * 6364136223846793005) + 1442695040888963407;
            logits[id] = (hash >> 40) * (8f / (1 << 24)) - (id >= 128 && Endless ? 100 : 0);
        }

        int next = tokens.Length - ScriptAt;
        if (Script is not null && next >= 0)
        {
            logits[next < Script.Length ? Script[next] : ByteTokenizer.Eos] = 1000;
        }
    }

    protected override ValueTask FreeAsync()
    {
        Freed = true;
        return ValueTask.CompletedTask;
    }

    internal sealed class HashSession(HashModel model, int context) : IGenerationSession
    {
        private readonly List<int> _tokens = [];

        public int Length => _tokens.Count;

        public int ContextLength => context;

        public long KvBytes => 0;

        public int Forwarded { get; private set; }

        public int Calls { get; private set; }

        public bool Disposed { get; private set; }

        public void Forward(ReadOnlySpan<int> tokens, Span<float> logits, CancellationToken cancellationToken = default)
        {
            Assert.False(Disposed);
            Assert.True(Length + tokens.Length <= context, "The loop forwarded past the context.");
            Calls++;
            for (int at = 0; at < tokens.Length; at += model.ChunkSize)
            {
                model.BeforeChunk?.Invoke(this);
                cancellationToken.ThrowIfCancellationRequested();
                ReadOnlySpan<int> chunk = tokens.Slice(at, Math.Min(model.ChunkSize, tokens.Length - at));
                _tokens.AddRange(chunk);
                Forwarded += chunk.Length;
            }

            model.Compute([.. _tokens], logits);
        }

        public void Truncate(int length)
        {
            int left = model.ForgetsAll ? 0 : length;
            _tokens.RemoveRange(left, Length - left);
        }

        public void Dispose() => Disposed = true;
    }
}
