namespace LlmToolkit.Text;

/// <summary>Collects the merges of a file, in the order of their ranks.</summary>
/// <param name="vocabulary">The tokens.</param>
/// <param name="prefixLength">Length of the continuing prefix that the right token loses when it is merged.</param>
/// <param name="file">For messages.</param>
internal sealed class MergeTableBuilder(Vocabulary vocabulary, int prefixLength, string? file)
{
    private List<(int Left, int Right, int Result)> _merges = [];
    private char[] _joined = new char[64];

    public void Reserve(int count) => _merges = new List<(int, int, int)>(count);

    /// <summary>Adds a line of a merges file; a line that names a version counts as none.</summary>
    public void AddLine(ReadOnlySpan<char> line)
    {
        if (line.StartsWith("#version"))
        {
            return;
        }

        int space = line.IndexOf(' ');
        if (space < 0 || line[(space + 1)..].Contains(' '))
        {
            throw TokenizerErrors.BadMerge(file, _merges.Count, line.ToString(), "it has not two tokens with one space between them");
        }

        Add(line[..space], line[(space + 1)..]);
    }

    /// <summary>Adds a merge.</summary>
    public void Add(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        if (!TryAdd(left, right, out string? why))
        {
            throw TokenizerErrors.BadMerge(file, _merges.Count, $"{left} {right}", why!);
        }
    }

    /// <summary>Adds a merge if the vocabulary has its three tokens; its rank is used up either way.</summary>
    public bool TryAdd(ReadOnlySpan<char> left, ReadOnlySpan<char> right, out string? why)
    {
        why = null;
        int length = left.Length + Math.Max(0, right.Length - prefixLength);
        if (_joined.Length < length)
        {
            _joined = new char[length * 2];
        }

        left.CopyTo(_joined);
        right[Math.Min(prefixLength, right.Length)..].CopyTo(_joined.AsSpan(left.Length));
        ReadOnlySpan<char> joined = _joined.AsSpan(0, length);
        if (vocabulary.TryGet(left, out int a) && vocabulary.TryGet(right, out int b) && vocabulary.TryGet(joined, out int result))
        {
            _merges.Add((a, b, result));
            return true;
        }

        why = $"\"{left}\", \"{right}\" or \"{joined}\" is not in the vocabulary";
        _merges.Add((-1, -1, -1));
        return false;
    }

    public MergeTable Build()
    {
        MergeTable table = new(_merges.Count);
        for (int rank = 0; rank < _merges.Count; rank++)
        {
            (int left, int right, int result) = _merges[rank];
            if (left >= 0)
            {
                table.Add(left, right, rank, result);
            }
        }

        return table;
    }
}
