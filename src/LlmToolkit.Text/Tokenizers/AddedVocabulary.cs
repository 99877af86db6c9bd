using System.Buffers;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>A token that is found in the text itself, before the model sees it.</summary>
internal sealed record AddedToken(string Content, int Id)
{
    /// <summary>Only where no word character touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Takes the white space before it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Takes the white space after it.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Looked for in the normalized text, not in the original.</summary>
    public bool Normalized { get; init; }

    /// <summary>A control token.</summary>
    public bool Special { get; init; }

    /// <summary>Not looked for: the model itself finds it.</summary>
    public bool Passive { get; init; }

    /// <summary>Decoded even where control tokens are left out.</summary>
    public bool AlwaysDecoded { get; init; }

    /// <summary>The text that is looked for: the content, or its normalized form.</summary>
    public string Pattern { get; init; } = Content;

    /// <summary>The text that the decoder gets.</summary>
    public string DecodeText { get; init; } = Content;

    /// <summary>Only white space: such a token is a spelling of text, not a mark of structure, and is found in a user's text too.</summary>
    public bool IsBlank { get; } = Content.AsSpan().Trim().Trim('▁').IsEmpty;
}

/// <summary>Which added tokens count in a text.</summary>
/// <param name="SpecialAsText">Control tokens are only text.</param>
/// <param name="Regions">Where marks of structure may stand, in UTF-16 units and code points; null: everywhere.</param>
internal sealed record MatchRule(bool SpecialAsText, IReadOnlyList<ControlRegion>? Regions)
{
    public static MatchRule All { get; } = new(false, null);

    public static MatchRule NoSpecial { get; } = new(true, null);
}

/// <summary>A range of a prompt that may hold control tokens.</summary>
internal readonly record struct ControlRegion(int Start, int End, int CodePointStart, int CodePointEnd);

/// <summary>An added token in a text.</summary>
internal readonly record struct AddedMatch(int Start, int Length, AddedToken Token);

/// <summary>Finds added tokens.</summary>
/// <remarks>Two orders: leftmost, then longest (huggingface/tokenizers src/tokenizer/added_vocabulary.rs); longest anywhere first (llama.cpp src/llama-vocab.cpp, tokenizer_st_partition).</remarks>
internal sealed class AddedMatcher
{
    /// <summary>Longest token looked for, in characters. Real ones have under 100; each place of a text is compared with as much.</summary>
    private const int LongestPattern = 1024;

    /// <summary>How many times the text matches may cover it, with the white space that they take, where they overlap.</summary>
    private const int MaxCover = 16;

    private const int FreeCover = 1 << 20;

    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly SearchValues<char> _first;
    private readonly bool _longestFirst;

    public AddedMatcher(IEnumerable<AddedToken> tokens, bool longestFirst)
    {
        _longestFirst = longestFirst;
        HashSet<char> first = [];
        foreach (AddedToken token in tokens.Where(t => t.Pattern.Length is > 0 and <= LongestPattern))
        {
            first.Add(token.Pattern[0]);
            int node = 0;
            foreach (char c in token.Pattern)
            {
                if (!_edges.TryGetValue((node, c), out int next))
                {
                    next = _ends.Count;
                    _edges[(node, c)] = next;
                    _ends.Add(null);
                }

                node = next;
            }

            _ends[node] ??= token;
        }

        _first = SearchValues.Create([.. first]);
    }

    /// <summary>Adds the matches to a list, in order, without overlaps.</summary>
    /// <param name="text">The text.</param>
    /// <param name="rule">Which tokens count.</param>
    /// <param name="accept">A further condition on a match's range; null: none.</param>
    /// <param name="matches">Takes the matches, with the white space that they take.</param>
    public void Find(ReadOnlySpan<char> text, MatchRule rule, Func<int, int, bool>? accept, List<AddedMatch> matches)
    {
        if (_longestFirst)
        {
            FindLongestFirst(text, rule, accept, matches);
            return;
        }

        int covered = 0;
        Cover cover = new(text.Length);
        for (int at = 0; at < text.Length;)
        {
            int skip = text[at..].IndexOfAny(_first);
            if (skip < 0)
            {
                return;
            }

            at += skip;
            AddedToken? token = Longest(text, at, accept);
            if (token is null)
            {
                at++;
                continue;
            }

            int start = at;
            int end = at + token.Pattern.Length;
            at = end;
            if ((rule.SpecialAsText && token.Special) || (token.SingleWord && TouchesWord(text, start, end)))
            {
                continue;
            }

            matches.Add(Strip(text, token, start, end, covered, ref cover));
            // As in the reference the search goes on right after the token, inside white space that it took: matches may overlap there.
            covered = matches[^1].Start + matches[^1].Length;
        }
    }

    private AddedToken? Longest(ReadOnlySpan<char> text, int at, Func<int, int, bool>? accept)
    {
        AddedToken? best = null;
        int node = 0;
        for (int i = at; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
        {
            if (_ends[node] is { } token && (accept is null || token.IsBlank || accept(at, i + 1)))
            {
                best = token;
            }
        }

        return best;
    }

    private void FindLongestFirst(ReadOnlySpan<char> text, MatchRule rule, Func<int, int, bool>? accept, List<AddedMatch> matches)
    {
        List<AddedMatch> all = [];
        for (int at = 0; at < text.Length; at++)
        {
            int skip = text[at..].IndexOfAny(_first);
            if (skip < 0)
            {
                break;
            }

            at += skip;
            int node = 0;
            for (int i = at; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
            {
                if (_ends[node] is { } token && !(rule.SpecialAsText && token.Special) && (accept is null || token.IsBlank || accept(at, i + 1)))
                {
                    all.Add(new AddedMatch(at, i + 1 - at, token));
                    if (all.Count > FreeCover + ((long)MaxCover * text.Length))
                    {
                        throw TokenizerErrors.TooMuchWork("added_tokens");
                    }
                }
            }
        }

        if (all.Count == 0)
        {
            return;
        }

        bool[] taken = new bool[text.Length];
        List<AddedMatch> chosen = [];
        foreach (AddedMatch match in all.OrderByDescending(m => Encoding.UTF8.GetByteCount(m.Token.Pattern)).ThenBy(m => m.Token.Id).ThenBy(m => m.Start))
        {
            Span<bool> range = taken.AsSpan(match.Start, match.Length);
            if (!range.Contains(true))
            {
                range.Fill(true);
                chosen.Add(match);
            }
        }

        int covered = 0;
        Cover cover = new(text.Length);
        foreach (AddedMatch match in chosen.OrderBy(m => m.Start))
        {
            matches.Add(Strip(text, match.Token, match.Start, match.Start + match.Length, covered, ref cover));
            covered = matches[^1].Start + matches[^1].Length;
        }
    }

    private static AddedMatch Strip(ReadOnlySpan<char> text, AddedToken token, int start, int end, int covered, ref Cover cover)
    {
        while (token.LeftStrip && start > covered && CharSet.WhiteSpace.Contains(text[start - 1]))
        {
            start--;
        }

        while (token.RightStrip && end < text.Length && CharSet.WhiteSpace.Contains(text[end]))
        {
            end++;
        }

        cover.Add(end - start);
        return new AddedMatch(start, end - start, token);
    }

    /// <summary>Counts what the matches of a text cover together.</summary>
    private struct Cover(int length)
    {
        private long _left = FreeCover + ((long)MaxCover * length);

        public void Add(int covered)
        {
            _left -= covered;
            if (_left < 0)
            {
                throw TokenizerErrors.TooMuchWork("added_tokens");
            }
        }
    }

    private static bool TouchesWord(ReadOnlySpan<char> text, int start, int end)
    {
        _ = Rune.DecodeLastFromUtf16(text[..start], out Rune before, out _);
        _ = Rune.DecodeFromUtf16(text[end..], out Rune after, out _);
        return (start > 0 && CharSet.PlainWord.Contains(before.Value)) || (end < text.Length && CharSet.PlainWord.Contains(after.Value));
    }
}
