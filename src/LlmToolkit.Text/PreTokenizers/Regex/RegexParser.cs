using System.Globalization;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>Parses the Oniguruma dialect that tokenizer files are written in. Back references and conditionals are refused.</summary>
internal sealed partial class RegexParser
{
    /// <summary>Nesting of groups and classes accepted; real patterns stay below ten.</summary>
    private const int MaxDepth = 100;

    private readonly string _pattern;
    private int _at;
    private int _depth;
    private bool _ignoreCase;
    private bool _dotAll;
    private bool _extended;

    private RegexParser(string pattern) => _pattern = pattern;

    public static RegexNode Parse(string pattern)
    {
        RegexParser parser = new(pattern);
        RegexNode node = parser.Alternatives();
        if (parser._at < pattern.Length)
        {
            throw parser.Bad($"an unmatched \"{pattern[parser._at]}\"");
        }

        return node;
    }

    /// <summary>A pattern that matches a text literally.</summary>
    public static string Escape(string text)
    {
        StringBuilder pattern = new();
        foreach (char c in text)
        {
            if (c < 0x80 && !char.IsAsciiLetterOrDigit(c) && !char.IsControl(c))
            {
                pattern.Append('\\');
            }

            pattern.Append(c);
        }

        return pattern.ToString();
    }

    private ModelException Bad(string what) => TokenizerErrors.BadRegex(_pattern, _at, what);

    private bool More => _at < _pattern.Length;

    private char Peek => _pattern[_at];

    private bool Take(string text)
    {
        if (string.CompareOrdinal(_pattern, _at, text, 0, text.Length) != 0)
        {
            return false;
        }

        _at += text.Length;
        return true;
    }

    private int TakeCodePoint()
    {
        if (!More)
        {
            throw Bad("an unexpected end");
        }

        _ = Rune.DecodeFromUtf16(_pattern.AsSpan(_at), out Rune rune, out int used);
        _at += used;
        return rune.Value;
    }

    private RegexNode Alternatives()
    {
        if (++_depth > MaxDepth)
        {
            throw Bad($"more than {MaxDepth} nested groups");
        }

        (bool ignoreCase, bool dotAll, bool extended) = (_ignoreCase, _dotAll, _extended);
        List<RegexNode> branches = [];
        do
        {
            branches.Add(Sequence());
        }
        while (Take("|"));
        (_ignoreCase, _dotAll, _extended) = (ignoreCase, dotAll, extended);
        _depth--;
        return branches.Count == 1 ? branches[0] : new RegexNode.Alternation(branches);
    }

    private RegexNode Sequence()
    {
        List<RegexNode> parts = [];
        while (More && Peek is not ('|' or ')'))
        {
            if (_extended && (char.IsWhiteSpace(Peek) || Peek == '#'))
            {
                SkipComment();
                continue;
            }

            RegexNode? atom = Atom();
            if (atom is not null)
            {
                parts.Add(Quantified(atom));
            }
        }

        return parts.Count == 1 ? parts[0] : new RegexNode.Sequence(parts);
    }

    private void SkipComment()
    {
        if (Peek == '#')
        {
            while (More && Peek != '\n')
            {
                _at++;
            }

            return;
        }

        _at++;
    }

    private RegexNode Quantified(RegexNode node)
    {
        for (int nested = 0; More && TakeQuantifier(out int min, out int max, out bool interval); nested++)
        {
            if (nested == MaxDepth)
            {
                throw Bad($"more than {MaxDepth} repetitions of repetitions");
            }

            // After an interval "+" is another quantifier in Oniguruma's syntax, not a possessive mark.
            LoopKind kind = Take("?") ? LoopKind.Lazy : !interval && Take("+") ? LoopKind.Possessive : LoopKind.Greedy;
            node = new RegexNode.Loop(node, min, max, kind);
        }

        return node;
    }

    private bool TakeQuantifier(out int min, out int max, out bool interval)
    {
        (min, max, interval) = (0, int.MaxValue, false);
        switch (Peek)
        {
            case '*': _at++; return true;
            case '+': _at++; min = 1; return true;
            case '?': _at++; max = 1; return true;
            case '{': break;
            default: return false;
        }

        int close = _pattern.IndexOf('}', _at);
        if (close < 0)
        {
            return false;
        }

        ReadOnlySpan<char> body = _pattern.AsSpan(_at + 1, close - _at - 1);
        int comma = body.IndexOf(',');
        ReadOnlySpan<char> low = comma < 0 ? body : body[..comma];
        ReadOnlySpan<char> high = comma < 0 ? body : body[(comma + 1)..];
        if (body.IsEmpty || (low.IsEmpty && high.IsEmpty) || low.ContainsAnyExceptInRange('0', '9') || high.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        if (!TryCount(low, 0, out min) || !TryCount(high, int.MaxValue, out max) || min > max)
        {
            throw Bad($"the repetition {{{body}}}");
        }

        _at = close + 1;
        interval = true;
        return true;
    }

    private static bool TryCount(ReadOnlySpan<char> digits, int absent, out int count)
    {
        count = absent;
        return digits.IsEmpty || (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count <= 100_000);
    }

    private RegexNode? Atom()
    {
        switch (Peek)
        {
            case '(':
                return Group();
            case '[':
                _at++;
                return Set(Class());
            case '.':
                _at++;
                return new RegexNode.Set(_dotAll ? CharSet.Any : CharSet.NotLineFeed);
            case '^':
                _at++;
                return new RegexNode.Anchor(AnchorKind.LineStart);
            case '$':
                _at++;
                return new RegexNode.Anchor(AnchorKind.LineEnd);
            case '*' or '+' or '?':
                throw Bad("a repetition of nothing");
            case '\\':
                return Escape();
            default:
                return Set(CharSet.Of(TakeCodePoint()));
        }
    }

    private RegexNode.Set Set(CharSet chars) => new(_ignoreCase ? chars.IgnoreCase() : chars);

    private RegexNode? Group()
    {
        _at++;
        RegexNode node;
        if (Take("?:"))
        {
            node = Alternatives();
        }
        else if (Take("?=") || Take("?!"))
        {
            bool negative = _pattern[_at - 1] == '!';
            node = new RegexNode.Look(Alternatives(), Ahead: true, negative);
        }
        else if (Take("?<=") || Take("?<!"))
        {
            bool negative = _pattern[_at - 1] == '!';
            node = new RegexNode.Look(Alternatives(), Ahead: false, negative);
        }
        else if (Take("?>"))
        {
            node = new RegexNode.Atomic(Alternatives());
        }
        else if (Take("?#"))
        {
            _at = _pattern.IndexOf(')', _at) is int end and >= 0 ? end + 1 : throw Bad("a comment without end");
            return null;
        }
        else if (Take("?<") || Take("?P<"))
        {
            _at = _pattern.IndexOf('>', _at) is int end and >= 0 ? end + 1 : throw Bad("a group name without end");
            node = Alternatives();
        }
        else if (Take("?"))
        {
            return Options();
        }
        else
        {
            node = Alternatives();
        }

        return Take(")") ? node : throw Bad("a group without end");
    }

    /// <summary><c>(?imx-imx:…)</c>, or <c>(?i)</c> for the rest of the enclosing group.</summary>
    private RegexNode? Options()
    {
        (bool ignoreCase, bool dotAll, bool extended) = (_ignoreCase, _dotAll, _extended);
        bool on = true;
        for (; More && Peek is not (':' or ')'); _at++)
        {
            switch (Peek)
            {
                case '-': on = false; break;
                case 'i': _ignoreCase = on; break;
                case 'm' or 's': _dotAll = on; break;
                case 'x': _extended = on; break;
                default: throw Bad($"the group option \"{Peek}\"");
            }
        }

        if (Take(")"))
        {
            return null;
        }

        if (!Take(":"))
        {
            throw Bad("group options without end");
        }

        RegexNode node = Alternatives();
        (_ignoreCase, _dotAll, _extended) = (ignoreCase, dotAll, extended);
        return Take(")") ? node : throw Bad("a group without end");
    }

    private RegexNode Escape()
    {
        _at++;
        char c = More ? Peek : throw Bad("a lone backslash");
        switch (c)
        {
            case 'b': _at++; return new RegexNode.Anchor(AnchorKind.WordBoundary);
            case 'B': _at++; return new RegexNode.Anchor(AnchorKind.NoWordBoundary);
            case 'A': _at++; return new RegexNode.Anchor(AnchorKind.TextStart);
            case 'z': _at++; return new RegexNode.Anchor(AnchorKind.TextEnd);
            case 'Z': _at++; return new RegexNode.Anchor(AnchorKind.TextEndOrLastLineFeed);
            case 'X': _at++; return new RegexNode.Grapheme();
            case 'R':
                _at++;
                RegexNode pair = new RegexNode.Sequence([new RegexNode.Set(CharSet.Of('\r')), new RegexNode.Set(CharSet.Of('\n'))]);
                return new RegexNode.Atomic(new RegexNode.Alternation([pair, new RegexNode.Set(new CharSet(0, [(10, 13), (0x85, 0x85), (0x2028, 0x2029)]))]));
            case >= '1' and <= '9' or 'k' or 'g':
                throw Bad("a back reference, which is not supported");
            default:
                return EscapedSet() is { } set ? new RegexNode.Set(set) : Set(CharSet.Of(EscapedChar()));
        }
    }
}
