using System.Collections.Concurrent;

namespace LlmToolkit.Text;

/// <summary>Compiled patterns by their text: the models of a server share few of them.</summary>
internal static class PatternCache
{
    /// <summary>Patterns kept; beyond that a new one is compiled each time, so that hostile files cannot fill the memory.</summary>
    private const int Capacity = 256;

    private static readonly ConcurrentDictionary<string, CodePointRegex> Patterns = new(StringComparer.Ordinal);

    public static CodePointRegex Get(string pattern)
    {
        if (Patterns.TryGetValue(pattern, out CodePointRegex? known))
        {
            return known;
        }

        CodePointRegex regex = new(pattern);
        if (Patterns.Count < Capacity)
        {
            Patterns.TryAdd(pattern, regex);
        }

        return regex;
    }
}
