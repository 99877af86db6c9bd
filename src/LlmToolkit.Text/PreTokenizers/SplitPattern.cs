namespace LlmToolkit.Text;

/// <summary>What becomes of the matches of a splitting pattern.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Cutting a text by the matches of a pattern, as NormalizedString::split of huggingface/tokenizers does.</summary>
internal static class SplitPattern
{
    /// <summary>All matches that do not overlap; an empty one right after another match is passed over.</summary>
    public static List<(int Start, int End)> Matches(CodePointRegex pattern, ReadOnlySpan<char> text)
    {
        List<(int, int)> matches = [];
        int at = 0;
        int last = -1;
        while (at <= text.Length && pattern.Find(text, at, out int start, out int end))
        {
            if (start == end && end == last)
            {
                at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
                continue;
            }

            matches.Add((start, end));
            (at, last) = (end, end);
        }

        return matches;
    }

    /// <summary>Matches and the gaps between them, in order.</summary>
    public static List<(int Start, int End, bool IsMatch)> Spans(CodePointRegex pattern, ReadOnlySpan<char> text, bool invert)
    {
        List<(int, int, bool)> spans = [];
        int previous = 0;
        foreach ((int start, int end) in Matches(pattern, text))
        {
            if (previous < start)
            {
                spans.Add((previous, start, invert));
            }

            spans.Add((start, end, !invert));
            previous = end;
        }

        if (previous < text.Length)
        {
            spans.Add((previous, text.Length, invert));
        }

        return spans;
    }

    /// <summary>Every match and every gap becomes a piece: the common case, without lists.</summary>
    public static void Isolate(CodePointRegex pattern, ReadOnlySpan<char> text, int offset, PieceList pieces)
    {
        int previous = 0;
        int at = 0;
        int last = -1;
        while (at <= text.Length && pattern.Find(text, at, out int start, out int end))
        {
            if (start == end && end == last)
            {
                at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
                continue;
            }

            pieces.Emit(offset + previous, start - previous);
            pieces.Emit(offset + start, end - start);
            (at, last, previous) = (end, end, end);
        }

        pieces.Emit(offset + previous, text.Length - previous);
    }

    /// <summary>Emits spans by a behavior.</summary>
    public static void Cut(List<(int Start, int End, bool IsMatch)> spans, SplitBehavior behavior, int offset, PieceList pieces)
    {
        if (behavior is SplitBehavior.Removed or SplitBehavior.Isolated)
        {
            foreach ((int start, int end, bool isMatch) in spans)
            {
                if (!isMatch || behavior == SplitBehavior.Isolated)
                {
                    pieces.Emit(offset + start, end - start);
                }
            }

            return;
        }

        int from = -1;
        for (int i = 0; i < spans.Count; i++)
        {
            from = from < 0 ? spans[i].Start : from;
            if (i + 1 == spans.Count || !Joins(spans[i].IsMatch, spans[i + 1].IsMatch, behavior))
            {
                pieces.Emit(offset + from, spans[i].End - from);
                from = -1;
            }
        }
    }

    private static bool Joins(bool match, bool nextMatch, SplitBehavior behavior) => behavior switch
    {
        SplitBehavior.Contiguous => match == nextMatch,
        SplitBehavior.MergedWithPrevious => !match && nextMatch,
        _ => match && !nextMatch,
    };
}
