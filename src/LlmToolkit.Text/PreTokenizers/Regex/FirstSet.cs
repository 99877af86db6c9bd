namespace LlmToolkit.Text;

/// <summary>What a match of a node can begin with: exact for ASCII, one bit for all the rest.</summary>
internal sealed class FirstSet
{
    private readonly bool[] _ascii = new bool[128];

    /// <summary>A match can begin with a character beyond ASCII.</summary>
    public bool NotAscii { get; private set; }

    /// <summary>A match can be empty, or depends on more than its first character.</summary>
    public bool Nullable { get; private set; }

    public bool HasAscii(int c) => _ascii[c];

    public static FirstSet Of(RegexNode node)
    {
        FirstSet set = new();
        switch (node)
        {
            case RegexNode.Set chars:
                set.Add(chars.Chars);
                break;
            case RegexNode.Sequence sequence:
                set.Nullable = true;
                foreach (RegexNode part in sequence.Parts)
                {
                    FirstSet first = Of(part);
                    set.Union(first);
                    if (!first.Nullable)
                    {
                        set.Nullable = false;
                        break;
                    }
                }

                break;
            case RegexNode.Alternation alternation:
                foreach (RegexNode branch in alternation.Branches)
                {
                    FirstSet first = Of(branch);
                    set.Union(first);
                    set.Nullable |= first.Nullable;
                }

                break;
            case RegexNode.Loop loop:
                FirstSet body = Of(loop.Body);
                set.Union(body);
                set.Nullable = loop.Min == 0 || body.Nullable;
                break;
            case RegexNode.Atomic atomic:
                return Of(atomic.Body);
            default:
                set.Nullable = true;
                break;
        }

        return set;
    }

    private void Add(CharSet chars)
    {
        for (int c = 0; c < 128; c++)
        {
            _ascii[c] |= chars.Contains(c);
        }

        NotAscii = true;
    }

    private void Union(FirstSet other)
    {
        for (int c = 0; c < 128; c++)
        {
            _ascii[c] |= other._ascii[c];
        }

        NotAscii |= other.NotAscii;
    }
}
