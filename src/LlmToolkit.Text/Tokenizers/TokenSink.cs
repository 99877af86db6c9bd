namespace LlmToolkit.Text;

/// <summary>Takes the tokens of a text: ids always, places and spellings only when they are asked for.</summary>
internal sealed class TokenSink(bool detailed)
{
    private readonly List<TokenDetail> _details = [];
    private int _pieceStart;
    private AlignedText? _text;

    /// <summary>Whether places and spellings are kept.</summary>
    public bool Detailed => detailed;

    /// <summary>The ids so far.</summary>
    public List<int> Ids { get; } = [];

    /// <summary>As many as <see cref="Ids"/> when <see cref="Detailed"/>.</summary>
    public List<TokenDetail> Details => _details;

    /// <summary>Says which piece the next tokens come from.</summary>
    public void Enter(AlignedText text, int pieceStart) => (_text, _pieceStart) = (text, pieceStart);

    /// <summary>Adds a token of the current piece.</summary>
    /// <param name="id">The token.</param>
    /// <param name="start">Where it begins in the piece, in UTF-16 units.</param>
    /// <param name="length">How many units it covers.</param>
    /// <param name="spelling">The token's text where it is not the vocabulary's: of unknown pieces.</param>
    public void Add(int id, int start, int length, string? spelling = null)
    {
        Ids.Add(id);
        if (detailed)
        {
            (int from, int to) = _text!.Origin(_pieceStart + start, length);
            _details.Add(new TokenDetail(from, to, spelling));
        }
    }

    /// <summary>Adds an added token, whose place is known.</summary>
    public void AddFound(int id, int from, int to, ReadOnlySpan<char> spelling)
    {
        Ids.Add(id);
        if (detailed)
        {
            _details.Add(new TokenDetail(from, to, spelling.ToString()));
        }
    }
}

/// <summary>Where a token comes from.</summary>
/// <param name="From">First code point of the original text.</param>
/// <param name="To">Code point after the last.</param>
/// <param name="Spelling">The token's text where it is not the vocabulary's.</param>
internal readonly record struct TokenDetail(int From, int To, string? Spelling);
