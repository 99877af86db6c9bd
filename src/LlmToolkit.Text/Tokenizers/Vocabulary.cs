namespace LlmToolkit.Text;

/// <summary>Tokens by id and ids by token. Immutable once built.</summary>
internal sealed class Vocabulary
{
    private readonly string?[] _tokens;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    private Vocabulary(string?[] tokens, Dictionary<string, int> ids) =>
        (_tokens, _ids, _lookup) = (tokens, ids, ids.GetAlternateLookup<ReadOnlySpan<char>>());

    /// <summary>One more than the largest id.</summary>
    public int Size => _tokens.Length;

    /// <summary>How many tokens have an id.</summary>
    public int Count => _ids.Count;

    /// <summary>Every token with its id.</summary>
    public IEnumerable<KeyValuePair<string, int>> Entries => _ids;

    /// <summary>A vocabulary whose ids are places in a list; of equal tokens the first keeps its id.</summary>
    public static Vocabulary Of(IReadOnlyList<string> tokens)
    {
        Dictionary<string, int> ids = new(tokens.Count, StringComparer.Ordinal);
        string?[] list = new string?[tokens.Count];
        for (int i = 0; i < list.Length; i++)
        {
            list[i] = tokens[i];
            ids.TryAdd(tokens[i], i);
        }

        return new Vocabulary(list, ids);
    }

    /// <summary>A vocabulary of tokens with their ids.</summary>
    /// <exception cref="ModelException">An id is negative or far above the number of tokens.</exception>
    public static Vocabulary Of(Dictionary<string, int> ids)
    {
        int size = 0;
        foreach ((string token, int id) in ids)
        {
            // Real vocabularies have small gaps at most; a huge id would only make us allocate.
            if (id < 0 || id > 4L * ids.Count + 1_000_000)
            {
                throw TokenizerErrors.BadId(token, id, ids.Count);
            }

            size = Math.Max(size, id + 1);
        }

        string?[] list = new string?[size];
        foreach ((string token, int id) in ids)
        {
            list[id] = token;
        }

        return new Vocabulary(list, ids);
    }

    /// <summary>The token of an id, or null.</summary>
    public string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>The id of a token.</summary>
    public bool TryGet(ReadOnlySpan<char> token, out int id) => _lookup.TryGetValue(token, out id);

    /// <summary>The id of a token, or -1.</summary>
    public int Id(ReadOnlySpan<char> token) => _lookup.TryGetValue(token, out int id) ? id : -1;

    /// <summary>The ids of the 256 byte tokens <c>&lt;0x00&gt;</c> …, -1 for those that are missing; null when all are.</summary>
    public int[]? ByteTokens()
    {
        int[] ids = new int[256];
        for (int b = 0; b < ids.Length; b++)
        {
            ids[b] = Id($"<0x{b:X2}>");
        }

        return ids.All(id => id < 0) ? null : ids;
    }

    /// <summary>True when no token has the character after another one: then a text may be cut before each without changing what a merging model gives.</summary>
    public bool OnlyLeads(char mark)
    {
        foreach (string token in _ids.Keys)
        {
            int last = token.LastIndexOf(mark);
            if (last > 0 && token.AsSpan(0, last).ContainsAnyExcept(mark))
            {
                return false;
            }
        }

        return true;
    }
}
