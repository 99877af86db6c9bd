using System.Text;

namespace LlmToolkit.Text;

/// <summary>Finds stop texts in a stream of text and holds back what may still become one.</summary>
/// <remarks>
/// The answer ends at the first character with which a stop text is complete, wherever tokens begin or end; of several that are complete
/// there the longest counts. Each stop text is followed by its own Knuth-Morris-Pratt automaton, so the work for a character does not depend on
/// the stop texts' lengths, and the longest partial match is exactly what must be held back.
/// </remarks>
internal sealed class StopMatcher
{
    private readonly string[] _stops;
    private readonly int[][] _fallbacks;
    private readonly int[] _matched;
    private readonly StringBuilder _held = new();

    public StopMatcher(IReadOnlyList<string>? stops)
    {
        _stops = [.. (stops ?? []).Where(s => !string.IsNullOrEmpty(s)).Distinct(StringComparer.Ordinal)];
        _fallbacks = [.. _stops.Select(Fallbacks)];
        _matched = new int[_stops.Length];
    }

    /// <summary>The stop text that was found; nothing is taken after it.</summary>
    public string? Found { get; private set; }

    /// <summary>Takes text and gives what is now certain, perhaps nothing.</summary>
    public string Push(string text)
    {
        if (_stops.Length == 0)
        {
            return text;
        }

        if (Found is not null)
        {
            return "";
        }

        int partial = 0;
        foreach (char c in text)
        {
            _held.Append(c);
            partial = Advance(c);
            if (Found is not null)
            {
                return Release(_held.Length - Found.Length, discardRest: true);
            }
        }

        int certain = _held.Length - partial;
        // A stop text may begin with the second half of a surrogate pair: the first half waits with it.
        if (certain > 0 && char.IsHighSurrogate(_held[certain - 1]))
        {
            certain--;
        }

        return Release(certain, discardRest: false);
    }

    /// <summary>Gives what is still held: at the end of the answer a part of a stop text is text.</summary>
    public string Flush() => Release(_held.Length, discardRest: false);

    /// <summary>Moves every automaton on by a character; gives the length of the longest partial match.</summary>
    private int Advance(char c)
    {
        int longest = 0;
        for (int i = 0; i < _stops.Length; i++)
        {
            string stop = _stops[i];
            int matched = _matched[i];
            while (matched > 0 && stop[matched] != c)
            {
                matched = _fallbacks[i][matched - 1];
            }

            if (stop[matched] == c)
            {
                matched++;
            }

            if (matched == stop.Length)
            {
                Found = Found is null || stop.Length > Found.Length ? stop : Found;
                matched = 0;
            }

            _matched[i] = matched;
            longest = Math.Max(longest, matched);
        }

        return longest;
    }

    private string Release(int count, bool discardRest)
    {
        string text = count == 0 ? "" : _held.ToString(0, count);
        _held.Remove(0, discardRest ? _held.Length : count);
        return text;
    }

    /// <summary>For each length − 1: the longest proper prefix of the text that is also a suffix of its first <c>length</c> characters.</summary>
    private static int[] Fallbacks(string text)
    {
        int[] table = new int[text.Length];
        for (int i = 1, matched = 0; i < text.Length; i++)
        {
            while (matched > 0 && text[matched] != text[i])
            {
                matched = table[matched - 1];
            }

            table[i] = text[matched] == text[i] ? ++matched : 0;
        }

        return table;
    }
}
