using System.Globalization;

namespace LlmToolkit.Text;

/// <summary>The half that reads character classes and escapes.</summary>
internal sealed partial class RegexParser
{
    /// <summary>A class escape such as <c>\s</c> or <c>\p{L}</c>; null, and nothing taken, where the escape is a single character.</summary>
    private CharSet? EscapedSet()
    {
        CharSet? set = Peek switch
        {
            's' => CharSet.WhiteSpace,
            'S' => CharSet.WhiteSpace.Negate(),
            'd' => CharSet.Digit,
            'D' => CharSet.Digit.Negate(),
            'w' => CharSet.Word,
            'W' => CharSet.Word.Negate(),
            'h' => HexDigit,
            'H' => HexDigit.Negate(),
            'N' => CharSet.NotLineFeed,
            _ => null,
        };
        if (set is not null)
        {
            _at++;
            return set;
        }

        return Peek is 'p' or 'P' ? Property() : null;
    }

    private static CharSet HexDigit { get; } = new(0, [('0', '9'), ('a', 'f'), ('A', 'F')]);

    private CharSet Property()
    {
        bool negated = Peek == 'P';
        _at++;
        string name;
        if (Take("{"))
        {
            int end = _pattern.IndexOf('}', _at);
            name = end < 0 ? throw Bad("a property without end") : _pattern[_at..end];
            _at = end + 1;
            if (name.StartsWith('^'))
            {
                (negated, name) = (!negated, name[1..]);
            }
        }
        else
        {
            name = ((char)TakeCodePoint()).ToString();
        }

        CharSet set = UnicodeProperties.Find(name) ?? throw Bad($"the property \"{name}\"");
        return negated ? set.Negate() : set;
    }

    private int EscapedChar()
    {
        int c = TakeCodePoint();
        switch (c)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return 7;
            case 'e': return 27;
            case '0': return 0;
            case 'u': return Hex(4);
            case 'x' when Take("{"):
                int end = _pattern.IndexOf('}', _at);
                int value = end < 0 ? throw Bad("a code point without end") : Hex(end - _at);
                _at++;
                return value;
            case 'x': return Hex(2);
            default: return c;
        }
    }

    private int Hex(int digits)
    {
        if (_at + digits > _pattern.Length || !int.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || value is < 0 or > 0x10FFFF)
        {
            throw Bad("a bad hexadecimal code point");
        }

        _at += digits;
        return value;
    }

    /// <summary>A bracketed class, after its opening bracket.</summary>
    private CharSet Class()
    {
        if (++_depth > MaxDepth)
        {
            throw Bad($"more than {MaxDepth} nested classes");
        }

        bool negated = Take("^");
        List<(int, int)> ranges = [];
        List<CharSet> sets = [];
        CharSet? left = null;
        bool first = true;
        while (true)
        {
            if (!More)
            {
                throw Bad("a class without end");
            }

            if (!first && Take("]"))
            {
                break;
            }

            first = false;
            if (Take("&&"))
            {
                left = new CharSet(0, ranges, sets, intersection: left);
                (ranges, sets) = ([], []);
            }
            else if (Take("[:"))
            {
                sets.Add(PosixClass());
            }
            else if (Take("["))
            {
                sets.Add(Class());
            }
            else
            {
                ClassItem(ranges, sets);
            }
        }

        _depth--;
        return new CharSet(0, ranges, sets, negated, left);
    }

    private void ClassItem(List<(int, int)> ranges, List<CharSet> sets)
    {
        if (TryClassChar(sets, out int from))
        {
            int before = _at;
            if (Take("-") && More && Peek != ']' && !(Peek == '[') && TryClassChar(sets, out int to))
            {
                ranges.Add(from <= to ? (from, to) : throw Bad("a range that runs backwards"));
                return;
            }

            _at = before;
            ranges.Add((from, from));
            if (Take("-"))
            {
                ranges.Add(('-', '-'));
            }
        }
    }

    private bool TryClassChar(List<CharSet> sets, out int codePoint)
    {
        codePoint = 0;
        if (!Take("\\"))
        {
            codePoint = TakeCodePoint();
            return true;
        }

        if (More && EscapedSet() is { } set)
        {
            sets.Add(set);
            return false;
        }

        codePoint = Take("b") ? '\b' : EscapedChar();
        return true;
    }

    private CharSet PosixClass()
    {
        int end = _pattern.IndexOf(":]", _at, StringComparison.Ordinal);
        string name = end < 0 ? throw Bad("a POSIX class without end") : _pattern[_at..end];
        _at = end + 2;
        bool negated = name.StartsWith('^');
        CharSet set = UnicodeProperties.Posix(negated ? name[1..] : name) ?? throw Bad($"the POSIX class \"{name}\"");
        return negated ? set.Negate() : set;
    }
}
