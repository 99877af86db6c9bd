using System.Collections.Concurrent;

namespace LlmToolkit.Text;

/// <summary>Ids of words that were encoded before: text repeats its words, and merging is the dear part. Bounded; safe for concurrent use.</summary>
internal sealed class WordCache
{
    /// <summary>Words kept: about a megabyte. Later words are encoded each time.</summary>
    private const int Capacity = 16_384;

    /// <summary>Longer words hardly repeat.</summary>
    private const int LongestWord = 24;

    private readonly ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private int _count;

    public WordCache() => _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Adds a known word's ids to the sink.</summary>
    public bool TryGive(ReadOnlySpan<char> word, TokenSink sink)
    {
        if (sink.Detailed || word.Length > LongestWord || !_lookup.TryGetValue(word, out int[]? ids))
        {
            return false;
        }

        sink.Ids.AddRange(ids);
        return true;
    }

    /// <summary>Keeps the ids that a word added to the sink.</summary>
    /// <param name="word">The word.</param>
    /// <param name="sink">Holds its ids at the end.</param>
    /// <param name="before">How many ids the sink held before.</param>
    public void Keep(ReadOnlySpan<char> word, TokenSink sink, int before)
    {
        if (!sink.Detailed && word.Length <= LongestWord && Volatile.Read(ref _count) < Capacity
            && _words.TryAdd(word.ToString(), [.. System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sink.Ids)[before..]]))
        {
            Interlocked.Increment(ref _count);
        }
    }
}
