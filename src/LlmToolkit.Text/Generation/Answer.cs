using System.Diagnostics;

namespace LlmToolkit.Text;

/// <summary>Turns chosen tokens into chunks: decodes them, looks for stop texts, keeps ids and log probabilities until their chunk goes out.</summary>
/// <param name="tokenizer">Null: the chunks carry ids and no text.</param>
/// <param name="options">Stop texts and whether control tokens are shown.</param>
internal sealed class Answer(Tokenizer? tokenizer, GenerateOptions options)
{
    private readonly StreamingDecoder? _decoder = tokenizer?.CreateDecoder(skipSpecial: options.ShowSpecialTokens != true);
    private readonly StopMatcher _stops = new(options.Stop);
    private readonly bool _showSpecial = options.ShowSpecialTokens == true;
    private List<int> _ids = [];
    private List<TokenLogProb> _logProbs = [];
    private string _text = "";
    private bool _flushed;

    /// <summary>Tokens taken so far.</summary>
    public int Count { get; private set; }

    /// <summary>The stop text that ended the answer.</summary>
    public string? StopText => _stops.Found;

    /// <summary>Tells that the answer goes on with a text whose last token this is. Decoders treat the first token of a text in a special way (a leading space falls away):
    /// the answer's first is none.</summary>
    public void Continue(int token)
    {
        // A token that shows nothing, or ends inside a character, would leave the decoder holding text of the prompt.
        if (tokenizer?.Decode([token], !_showSpecial) is { Length: > 0 } text && text[^1] != '\uFFFD')
        {
            _decoder!.Push(token);
        }
    }

    /// <summary>Takes a token. The token that ends the answer belongs to its ids, and to its text only where control tokens are shown.</summary>
    public void Push(int token, bool isEnd, TokenLogProb? logProb)
    {
        Count++;
        _ids.Add(token);
        if (logProb is not null)
        {
            _logProbs.Add(logProb);
        }

        if ((!isEnd || _showSpecial) && _decoder?.Push(token) is { } piece)
        {
            _text += _stops.Push(piece);
        }
    }

    /// <summary>The end is reached: what was held back is text, unless it completes a stop text.</summary>
    public void Flush()
    {
        Debug.Assert(!_flushed, "An answer ends once.");
        _flushed = true;
        if (StopText is null && _decoder?.Flush() is { } rest)
        {
            _text += _stops.Push(rest);
        }

        if (StopText is null)
        {
            _text += _stops.Flush();
        }
    }

    /// <summary>A chunk if there is text to give (without a tokenizer: a token), else null.</summary>
    public TextChunk? TakeChunk() => _text.Length > 0 || tokenizer is null ? Take(null, null) : null;

    /// <summary>The last chunk.</summary>
    public TextChunk TakeLast(FinishReason reason, TokenUsage usage) => Take(reason, usage);

    private TextChunk Take(FinishReason? reason, TokenUsage? usage)
    {
        TextChunk chunk = new() { Text = _text, Ids = _ids, LogProbs = _logProbs, FinishReason = reason, StopText = StopText, Usage = usage };
        (_text, _ids) = ("", []);
        if (_logProbs.Count > 0)
        {
            _logProbs = [];
        }

        return chunk;
    }
}
