using System.Globalization;

namespace LlmToolkit.Text;

/// <summary>Properties by the names that patterns use: categories, scripts, and a few binary ones.</summary>
internal static class UnicodeProperties
{
    private static readonly Lazy<(int[] Starts, string[] Scripts)> Runs = new(ReadScripts);

    /// <summary>The set of a property, or null when there is none of that name.</summary>
    public static CharSet? Find(string name)
    {
        string key = name.Replace("_", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
        foreach (string prefix in (ReadOnlySpan<string>)["SCRIPT=", "SC=", "GENERALCATEGORY=", "GC=", "IS"])
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal))
            {
                key = key[prefix.Length..];
                break;
            }
        }

        uint mask = key switch
        {
            "LETTER" => CharSet.Mask("L"),
            "UPPERCASELETTER" => CharSet.Mask("Lu"),
            "LOWERCASELETTER" => CharSet.Mask("Ll"),
            "TITLECASELETTER" => CharSet.Mask("Lt"),
            "MODIFIERLETTER" => CharSet.Mask("Lm"),
            "OTHERLETTER" => CharSet.Mask("Lo"),
            "MARK" => CharSet.Mask("M"),
            "NUMBER" => CharSet.Mask("N"),
            "DECIMALNUMBER" => CharSet.Mask("Nd"),
            "PUNCTUATION" => CharSet.Mask("P"),
            "SYMBOL" => CharSet.Mask("S"),
            "SEPARATOR" => CharSet.Mask("Z"),
            "OTHER" => CharSet.Mask("C"),
            { Length: 1 } => CharSet.Mask(key),
            { Length: 2 } => CharSet.Mask($"{key[0]}{char.ToLowerInvariant(key[1])}"),
            _ => 0,
        };
        return mask != 0 ? new CharSet(mask, []) : Posix(key.ToLowerInvariant()) ?? Script(key);
    }

    /// <summary>A POSIX class, in its Unicode meaning.</summary>
    public static CharSet? Posix(string name) => name switch
    {
        "alpha" or "alphabetic" => new CharSet(CharSet.Mask("L") | CharSet.Mask("Mc") | CharSet.Mask("Nl"), []),
        "digit" => CharSet.Digit,
        "alnum" => new CharSet(CharSet.Mask("L") | CharSet.Mask("Mc") | CharSet.Mask("Nl") | CharSet.Mask("Nd"), []),
        "upper" or "uppercase" => new CharSet(CharSet.Mask("Lu"), []),
        "lower" or "lowercase" => new CharSet(CharSet.Mask("Ll"), []),
        "space" or "whitespace" => CharSet.WhiteSpace,
        "punct" => new CharSet(CharSet.Mask("P"), [('$', '$'), ('+', '+'), ('<', '>'), ('^', '^'), ('`', '`'), ('|', '|'), ('~', '~')]),
        "cntrl" => new CharSet(CharSet.Mask("Cc"), []),
        "blank" => new CharSet(CharSet.Mask("Zs"), [('\t', '\t')]),
        "word" => CharSet.Word,
        "xdigit" => new CharSet(0, [('0', '9'), ('a', 'f'), ('A', 'F')]),
        "ascii" => new CharSet(0, [(0, 0x7F)]),
        "any" => CharSet.Any,
        _ => null,
    };

    /// <summary>Name of a code point's script, as Scripts.txt writes it.</summary>
    public static string ScriptOf(int codePoint)
    {
        (int[] starts, string[] scripts) = Runs.Value;
        int index = Array.BinarySearch(starts, codePoint);
        return scripts[index >= 0 ? index : ~index - 1];
    }

    private static CharSet? Script(string key)
    {
        (int[] starts, string[] scripts) = Runs.Value;
        List<(int, int)> ranges = [];
        for (int i = 0; i < starts.Length; i++)
        {
            if (string.Equals(scripts[i].Replace("_", "", StringComparison.Ordinal), key, StringComparison.OrdinalIgnoreCase))
            {
                ranges.Add((starts[i], i + 1 < starts.Length ? starts[i + 1] - 1 : 0x10FFFF));
            }
        }

        return ranges.Count == 0 ? null : new CharSet(0, ranges);
    }

    private static (int[] Starts, string[] Scripts) ReadScripts()
    {
        List<int> starts = [];
        List<string> scripts = [];
        foreach (string line in UnicodeNormalization.ReadResource("scripts.txt"))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            starts.Add(int.Parse(line.AsSpan(0, space), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            scripts.Add(string.Intern(line[(space + 1)..]));
        }

        return ([.. starts], [.. scripts]);
    }
}
