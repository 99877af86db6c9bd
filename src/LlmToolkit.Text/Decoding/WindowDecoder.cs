namespace LlmToolkit.Text;

/// <summary>Streams by decoding a window of ids twice: with the new id and without. What the longer text has more is the news.</summary>
/// <remarks>
/// The window keeps the ids of the last piece that was given, because decoders treat the first token of a text in a special way. Text that ends in U+FFFD is held
/// back: it may be the first bytes of a character. Same pieces as DecodeStream of huggingface/tokenizers (src/tokenizer/mod.rs), and a flush, which that lacks.
/// </remarks>
internal sealed class WindowDecoder(PipelineTokenizer tokenizer, bool skipSpecial) : StreamingDecoder
{
    /// <summary>Ids kept at most for the sake of white space.</summary>
    private const int LongestWindow = 64;

    /// <summary>Ids held back at most for text that ends in U+FFFD; no character has so many bytes.</summary>
    private const int MostHeld = 256;

    /// <summary>Ids that stay in the window then: more than a character's bytes.</summary>
    private const int KeptAtRelease = 8;

    private readonly List<int> _ids = [];
    private string _prefix = "";
    private int _prefixIds;

    public override string? Push(int id)
    {
        _ids.Add(id);
        string text = Decode();
        if (text.Length <= _prefix.Length || text.EndsWith('\uFFFD'))
        {
            return _ids.Count - _prefixIds > MostHeld && text.Length > _prefix.Length + 1 ? Release(text) : null;
        }

        string news = News(text);
        int from = _prefixIds;
        string prefix = tokenizer.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_ids)[from..], skipSpecial);
        if (string.IsNullOrWhiteSpace(prefix) && _ids.Count < LongestWindow)
        {
            // A decoder that drops white space at the start of a text would drop it here: keep the window's beginning.
            _prefix = text;
            return news.Length == 0 ? null : news;
        }

        _ids.RemoveRange(0, from);
        _prefixIds = _ids.Count;
        _prefix = prefix;
        return news.Length == 0 ? null : news;
    }

    public override string? Flush()
    {
        string news = News(Decode());
        _ids.Clear();
        (_prefix, _prefixIds) = ("", 0);
        return news.Length == 0 ? null : news;
    }

    /// <summary>Gives all but the last character of a long invalid run, so that a stream of nothing else costs no more with every id.</summary>
    private string Release(string text)
    {
        string news = text[_prefix.Length..^1];
        _ids.RemoveRange(0, _ids.Count - KeptAtRelease);
        _prefixIds = _ids.Count;
        _prefix = Decode()[..^1];
        return news;
    }

    /// <summary>What the text adds to the prefix. A byte run that turns out invalid after part of it was given changes the prefix itself: then the rest by length.</summary>
    private string News(string text) => text.Length > _prefix.Length ? text[_prefix.Length..] : "";

    private string Decode() => tokenizer.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_ids), skipSpecial);
}
