using System.Diagnostics;
using System.Threading.Channels;

namespace LlmToolkit.Text;

/// <summary>One answer: prompt → logits → sampler → stops → text. Runs on a thread of its own and writes chunks.</summary>
internal sealed class TokenLoop
{
    private readonly Sequence _sequence;
    private readonly TextAssets _text;
    private readonly GenerateOptions _options;
    private readonly ChannelWriter<TextChunk> _chunks;
    private readonly CancellationToken _cancellation;
    private readonly SamplerChain _sampler;
    private readonly Answer _answer;
    private readonly IReadOnlySet<int> _endTokens;
    private readonly int _context;
    private readonly int _maxTokens;
    private readonly int _promptTokens;
    private int[] _prompt;
    private float[]? _unchanged;
    private int _cached;
    private int _dropped;
    private long _promptTicks;
    private long _firstToken;

    /// <param name="prompt">Its tokens, checked against the vocabulary and, unless the oldest may be dropped, against the context.</param>
    /// <param name="continues">The answer goes on with the prompt's text, as with all but a conversation.</param>
    /// <param name="sequence">What may already hold the prompt's beginning.</param>
    /// <param name="context">Longest sequence, in tokens.</param>
    /// <param name="text">Tokenizer and end tokens.</param>
    /// <param name="options">Every option set.</param>
    /// <param name="chunks">Where the answer goes.</param>
    /// <param name="cancellation">Ends the answer between two tokens or two chunks of the prompt.</param>
    public TokenLoop(int[] prompt, bool continues, Sequence sequence, int context, TextAssets text, GenerateOptions options, ChannelWriter<TextChunk> chunks, CancellationToken cancellation)
    {
        (_prompt, _sequence, _context, _text, _options, _chunks, _cancellation) = (prompt, sequence, context, text, options, chunks, cancellation);
        _sampler = new SamplerChain(options, sequence.Logits.Length);
        _answer = new Answer(text.Tokenizer, options);
        if (continues)
        {
            _answer.Continue(prompt[^1]);
        }

        _endTokens = options.IgnoreEndTokens == true ? new HashSet<int>() : text.AllEndTokens;
        _promptTokens = prompt.Length;
        _maxTokens = options.Overflow == ContextOverflow.DropOldest
            ? options.MaxTokens!.Value
            : Math.Min(options.MaxTokens!.Value, context - prompt.Length);
    }

    /// <summary>Generates to the end. A cancelled answer still gets its last chunk, with the usage, before the exception.</summary>
    public void Run()
    {
        try
        {
            ReadPrompt();
            FinishReason? reason;
            while ((reason = Step()) is null)
            {
            }

            Write(Last(reason.Value));
        }
        catch (OperationCanceledException)
        {
            _chunks.TryWrite(Last(FinishReason.Cancelled));
            throw;
        }
    }

    /// <summary>Forwards what the cache does not hold of the prompt. Its last token always is: it gives the logits.</summary>
    private void ReadPrompt()
    {
        long start = Stopwatch.GetTimestamp();
        _sampler.Begin(_prompt);
        if (_prompt.Length >= _context)
        {
            _prompt = Drop(_prompt);
        }

        _cached = _sequence.Rewind(Math.Min(_sequence.CommonPrefix(_prompt), _prompt.Length - 1));
        _sequence.Forward(_prompt.AsSpan(_cached), _cancellation);
        _promptTicks = Stopwatch.GetTimestamp() - start;
    }

    /// <summary>Chooses a token, gives its text, and forwards it if the answer goes on.</summary>
    private FinishReason? Step()
    {
        _cancellation.ThrowIfCancellationRequested();
        int token = Choose(out TokenLogProb? logProb);
        bool isEnd = _endTokens.Contains(token);
        _answer.Push(token, isEnd, logProb);
        if (_answer.Count == 1)
        {
            _firstToken = Stopwatch.GetTimestamp();
        }

        if (isEnd || _answer.StopText is not null)
        {
            return FinishReason.Stop;
        }

        if (_answer.Count >= _maxTokens)
        {
            return FinishReason.Length;
        }

        if (_answer.TakeChunk() is { } chunk)
        {
            Write(chunk);
        }

        Forward(token);
        return null;
    }

    private int Choose(out TokenLogProb? logProb)
    {
        Span<float> logits = _sequence.Logits;
        if (_options.LogProbs is not { } count)
        {
            logProb = null;
            return Checked(_sampler.Next(logits));
        }

        // Before the sampler changes the logits.
        double total = LogProbs.LogSumExp(logits);
        TokenLogProb[] top = new TokenLogProb[Math.Min(count, logits.Length)];
        int[] ids = LogProbs.Top(logits, count);
        for (int i = 0; i < ids.Length; i++)
        {
            top[i] = new TokenLogProb(ids[i], TextOf(ids[i]), (float)(logits[ids[i]] - total), []);
        }

        // The chosen token is known only after the choice, when bias and penalties have changed its logit.
        logits.CopyTo(_unchanged ??= new float[logits.Length]);
        int token = Checked(_sampler.Next(logits));
        logProb = new TokenLogProb(token, TextOf(token), (float)(_unchanged[token] - total), top);
        return token;
    }

    private int Checked(int token) => token >= 0 ? token : throw GenerationErrors.LogitsNotFinite(_sequence.Tokens.Length - 1);

    private string TextOf(int token) => _text.Tokenizer?.Decode([token]) ?? "";

    private void Forward(int token)
    {
        if (_sequence.Tokens.Length < _context)
        {
            _sequence.Forward([token], _cancellation);
            return;
        }

        // Keys hold their positions, so what moves forward is computed again, behind the tokens that stay.
        int[] left = Drop([.. _sequence.Tokens, token]);
        int kept = _sequence.Rewind(_sequence.CommonPrefix(left));
        _sequence.Forward(left.AsSpan(kept), _cancellation);
    }

    private int[] Drop(ReadOnlySpan<int> tokens)
    {
        (int Keep, int Drop) plan = ContextWindow.Plan(tokens.Length, _context, _options.KeepTokens!.Value, _maxTokens - _answer.Count);
        _dropped += plan.Drop;
        return ContextWindow.Apply(tokens, plan);
    }

    private void Write(TextChunk chunk)
    {
        while (!_chunks.TryWrite(chunk))
        {
            // This thread is the answer's own: it may wait for a slow reader.
            _chunks.WaitToWriteAsync(_cancellation).AsTask().GetAwaiter().GetResult();
        }
    }

    private TextChunk Last(FinishReason reason)
    {
        _answer.Flush();
        return _answer.TakeLast(_answer.StopText is null ? reason : FinishReason.Stop, new TokenUsage(_promptTokens, _answer.Count, _cached)
        {
            PromptTime = Stopwatch.GetElapsedTime(0, _promptTicks),
            GenerationTime = _answer.Count == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_firstToken),
            DroppedTokens = _dropped,
        });
    }
}
