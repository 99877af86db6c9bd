using System.Globalization;

namespace LlmToolkit.Text;

/// <summary>A set of code points: categories, ranges and nested sets, possibly negated or intersected. Code points below 0x800 are answered from a bitmap.</summary>
internal sealed class CharSet
{
    private const int BitmapSize = 0x800;

    // First of the statics, which need it; in the order of UnicodeCategory's values.
    private static readonly string[] CategoryNames =
        ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];

    private readonly uint _categories;
    private readonly (int From, int To)[] _ranges;
    private readonly CharSet[] _sets;
    private readonly CharSet? _intersection;
    private readonly bool _negated;
    private readonly ulong[] _bitmap = new ulong[BitmapSize / 64];

    public CharSet(uint categories, IEnumerable<(int From, int To)> ranges, IEnumerable<CharSet>? sets = null, bool negated = false, CharSet? intersection = null)
    {
        (_categories, _ranges, _sets, _negated, _intersection) = (categories, Sorted(ranges), [.. sets ?? []], negated, intersection);
        for (int c = 0; c < BitmapSize; c++)
        {
            if (Evaluate(c))
            {
                _bitmap[c >> 6] |= 1UL << c;
            }
        }
    }

    /// <summary>Unicode's White_Space property.</summary>
    public static CharSet WhiteSpace { get; } = new(0,
        [(9, 13), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)]);

    /// <summary>Word characters as Rust's regex has them: alphabetic, marks, decimal digits, connectors and the two joiners.</summary>
    public static CharSet PlainWord { get; } = new(
        Mask("L") | Mask("M") | Mask("Nd") | Mask("Nl") | Mask("Pc"), [(0x200C, 0x200D), (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]);

    /// <summary>Word characters as Oniguruma has them, <c>\w</c>: no joiners, but the digits and fractions of Latin-1.</summary>
    public static CharSet Word { get; } = new(
        Mask("L") | Mask("M") | Mask("Nd") | Mask("Nl") | Mask("Pc"),
        [(0xB2, 0xB3), (0xB9, 0xB9), (0xBC, 0xBE), (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]);

    /// <summary>Controls, formats, halves of pairs and private characters, but nothing unassigned.</summary>
    public static CharSet Other { get; } = new(Mask("Cc") | Mask("Cf") | Mask("Cs") | Mask("Co"), []);

    /// <summary>Decimal digits: <c>\d</c>.</summary>
    public static CharSet Digit { get; } = new(Mask("Nd"), []);

    /// <summary>Everything but a line feed: <c>.</c></summary>
    public static CharSet NotLineFeed { get; } = Of('\n').Negate();

    /// <summary>Every code point.</summary>
    public static CharSet Any { get; } = new(uint.MaxValue, []);

    public static CharSet Of(int codePoint) => new(0, [(codePoint, codePoint)]);

    public CharSet Negate() => new(_categories, _ranges, _sets, !_negated, _intersection);

    /// <summary>The two cases of every ASCII letter beside the set itself. The reference engine folds no other pairs of the patterns in use.</summary>
    public CharSet IgnoreCase()
    {
        List<(int, int)> more = [];
        for (int c = 'a'; c <= 'z'; c++)
        {
            if (Contains(c) || Contains(c - 32))
            {
                more.Add((c, c));
                more.Add((c - 32, c - 32));
            }
        }

        return new CharSet(0, more, [this]);
    }

    public bool Contains(int codePoint) =>
        (uint)codePoint < BitmapSize ? (_bitmap[codePoint >> 6] >> codePoint & 1) != 0 : Evaluate(codePoint);

    /// <summary>Bit mask of a category's name: <c>L</c>, <c>Lu</c> … 0 when there is no such category.</summary>
    public static uint Mask(ReadOnlySpan<char> name)
    {
        uint mask = 0;
        for (int i = 0; i < CategoryNames.Length; i++)
        {
            if (CategoryNames[i].AsSpan().StartsWith(name, StringComparison.Ordinal) && name.Length is 1 or 2 && CategoryNames[i].Length >= name.Length)
            {
                mask |= 1U << i;
            }
        }

        return mask;
    }

    private bool Evaluate(int codePoint)
    {
        bool member = (_categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint) & 1) != 0 || InRanges(codePoint);
        for (int i = 0; i < _sets.Length && !member; i++)
        {
            member = _sets[i].Contains(codePoint);
        }

        if (member && _intersection is not null)
        {
            member = _intersection.Contains(codePoint);
        }

        return member != _negated;
    }

    private bool InRanges(int codePoint)
    {
        int low = 0;
        int high = _ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            if (codePoint < _ranges[middle].From)
            {
                high = middle - 1;
            }
            else if (codePoint > _ranges[middle].To)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private static (int From, int To)[] Sorted(IEnumerable<(int From, int To)> ranges)
    {
        List<(int From, int To)> merged = [];
        foreach ((int from, int to) in ranges.OrderBy(r => r.From))
        {
            if (merged.Count > 0 && from <= merged[^1].To + 1)
            {
                merged[^1] = (merged[^1].From, Math.Max(to, merged[^1].To));
            }
            else
            {
                merged.Add((from, to));
            }
        }

        return [.. merged];
    }
}
