using System.Globalization;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>The four Unicode normalization forms, from the toolkit's own tables: with InvariantGlobalization the runtime normalizes nothing.</summary>
internal static class UnicodeNormalization
{
    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;

    private static readonly Lazy<Tables> Data = new(() => new Tables());

    /// <summary>Rewrites a text into a form.</summary>
    public static void Apply(AlignedText text, bool compose, bool compatibility)
    {
        if (IsAscii(text.Chars))
        {
            return;
        }

        Tables tables = Data.Value;
        List<Unit> units = new(text.Length);
        foreach (Rune rune in text.Chars.EnumerateRunes())
        {
            int first = units.Count;
            Decompose(rune.Value, compatibility, tables, units);
            for (int i = first + 1; i < units.Count; i++)
            {
                units[i] = units[i] with { Change = 1 };
            }
        }

        Order(units, tables);
        if (compose)
        {
            Compose(units, tables);
        }

        text.Begin();
        foreach (Unit unit in units)
        {
            text.Push(unit.CodePoint, unit.Change);
        }

        text.Commit();
    }

    /// <summary>The first character of a character's canonical decomposition.</summary>
    public static int FirstOfDecomposition(int c)
    {
        if (c < 0xC0)
        {
            return c;
        }

        List<Unit> units = [];
        Decompose(c, false, Data.Value, units);
        return units[0].CodePoint;
    }

    /// <summary>Lines of an embedded table, without its first.</summary>
    public static IEnumerable<string> ReadResource(string name)
    {
        using Stream stream = typeof(UnicodeNormalization).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The resource {name} is missing.");
        using StreamReader reader = new(stream);
        _ = reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static bool IsAscii(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('\0', '\x7F');

    private static void Decompose(int c, bool compatibility, Tables tables, List<Unit> into)
    {
        int hangul = c - HangulBase;
        if ((uint)hangul < LeadCount * VowelCount * TrailCount)
        {
            into.Add(new Unit(LeadBase + (hangul / (VowelCount * TrailCount)), 0));
            into.Add(new Unit(VowelBase + (hangul / TrailCount % VowelCount), 0));
            if (hangul % TrailCount != 0)
            {
                into.Add(new Unit(TrailBase + (hangul % TrailCount), 0));
            }

            return;
        }

        if (c >= 0xA0 && (tables.Canonical.TryGetValue(c, out int[]? parts) || (compatibility && tables.Compatibility.TryGetValue(c, out parts))))
        {
            foreach (int part in parts)
            {
                Decompose(part, compatibility, tables, into);
            }

            return;
        }

        into.Add(new Unit(c, 0));
    }

    /// <summary>Sorts every run of marks by combining class, stably.</summary>
    private static void Order(List<Unit> units, Tables tables)
    {
        for (int i = 0; i < units.Count; i++)
        {
            int from = i;
            while (i < units.Count && tables.CombiningClass(units[i].CodePoint) != 0)
            {
                i++;
            }

            if (i - from > 1)
            {
                Unit[] sorted = [.. units.Skip(from).Take(i - from).OrderBy(u => tables.CombiningClass(u.CodePoint))];
                for (int k = 0; k < sorted.Length; k++)
                {
                    units[from + k] = sorted[k];
                }
            }
        }
    }

    private static void Compose(List<Unit> units, Tables tables)
    {
        int write = 0;
        int starter = -1;
        int lastClass = 0;
        for (int read = 0; read < units.Count; read++)
        {
            Unit unit = units[read];
            int combining = tables.CombiningClass(unit.CodePoint);
            // Between the starter and this one stand only marks of a lower class, or nothing at all.
            bool near = starter >= 0 && (starter == write - 1 || (lastClass != 0 && lastClass < combining));
            if (near && tables.Pair(units[starter].CodePoint, unit.CodePoint) is int composed)
            {
                units[starter] = new Unit(composed, units[starter].Change + unit.Change - 1);
                continue;
            }

            if (combining == 0)
            {
                starter = write;
            }

            lastClass = combining;
            units[write++] = unit;
        }

        units.RemoveRange(write, units.Count - write);
    }

    /// <summary>A character on its way, with its change as <see cref="AlignedText.Push"/> takes it.</summary>
    private readonly record struct Unit(int CodePoint, int Change);

    private sealed class Tables
    {
        private readonly Dictionary<int, byte> _classes = [];
        private readonly Dictionary<long, int> _pairs = [];

        public Tables()
        {
            foreach (string line in ReadResource("decompositions.txt"))
            {
                if (line[0] == '@')
                {
                    string[] run = line[1..].Split(' ');
                    for (int c = Hex(run[0]); c <= Hex(run[1]); c++)
                    {
                        _classes[c] = byte.Parse(run[2], CultureInfo.InvariantCulture);
                    }

                    continue;
                }

                int mark = line.AsSpan().IndexOfAny('=', '!', '~');
                int from = Hex(line[..mark]);
                int[] parts = [.. line[(mark + 1)..].Split(' ').Select(Hex)];
                (line[mark] == '~' ? Compatibility : Canonical)[from] = parts;
                if (line[mark] == '=' && parts.Length == 2)
                {
                    _pairs[Key(parts[0], parts[1])] = from;
                }
            }
        }

        public Dictionary<int, int[]> Canonical { get; } = [];

        public Dictionary<int, int[]> Compatibility { get; } = [];

        public int CombiningClass(int c) => c < 0x300 ? 0 : _classes.GetValueOrDefault(c);

        public int? Pair(int first, int second)
        {
            if ((uint)(first - LeadBase) < LeadCount && (uint)(second - VowelBase) < VowelCount)
            {
                return HangulBase + ((((first - LeadBase) * VowelCount) + second - VowelBase) * TrailCount);
            }

            int hangul = first - HangulBase;
            if ((uint)hangul < LeadCount * VowelCount * TrailCount && hangul % TrailCount == 0 && second > TrailBase && second < TrailBase + TrailCount)
            {
                return first + second - TrailBase;
            }

            return _pairs.TryGetValue(Key(first, second), out int composed) ? composed : null;
        }

        private static long Key(int first, int second) => ((long)first << 32) | (uint)second;

        private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
