using System.Globalization;
using System.Text;

namespace LlmToolkit.Text.Templates;

/// <summary>Upper, lower and title case by Unicode's full mappings, as Python has them; .NET's own map one character to one.</summary>
internal static class Casing
{
    /// <summary>Characters whose upper case is several (Unicode, SpecialCasing.txt), but the Greek ones with an iota below, which follow a rule.</summary>
    private static readonly Dictionary<char, string> s_upper = (
        "\u00df=SS \u0149=\u02bcN \u01f0=J\u030c \u0390=\u0399\u0308\u0301 \u03b0=\u03a5\u0308\u0301 \u0587=\u0535\u0552 \u1e96=H\u0331 \u1e97=T\u0308 \u1e98=W\u030a \u1e99=Y\u030a "
        + "\u1e9a=A\u02be \u1f50=\u03a5\u0313 \u1f52=\u03a5\u0313\u0300 \u1f54=\u03a5\u0313\u0301 \u1f56=\u03a5\u0313\u0342 \u1fb2=\u1fba\u0399 \u1fb3=\u0391\u0399 \u1fb4=\u0386\u0399 "
        + "\u1fb6=\u0391\u0342 \u1fb7=\u0391\u0342\u0399 \u1fbc=\u0391\u0399 \u1fc2=\u1fca\u0399 \u1fc3=\u0397\u0399 \u1fc4=\u0389\u0399 \u1fc6=\u0397\u0342 \u1fc7=\u0397\u0342\u0399 "
        + "\u1fcc=\u0397\u0399 \u1fd2=\u0399\u0308\u0300 \u1fd3=\u0399\u0308\u0301 \u1fd6=\u0399\u0342 \u1fd7=\u0399\u0308\u0342 \u1fe2=\u03a5\u0308\u0300 \u1fe3=\u03a5\u0308\u0301 "
        + "\u1fe4=\u03a1\u0313 \u1fe6=\u03a5\u0342 \u1fe7=\u03a5\u0308\u0342 \u1ff2=\u1ffa\u0399 \u1ff3=\u03a9\u0399 \u1ff4=\u038f\u0399 \u1ff6=\u03a9\u0342 \u1ff7=\u03a9\u0342\u0399 "
        + "\u1ffc=\u03a9\u0399 \ufb00=FF \ufb01=FI \ufb02=FL \ufb03=FFI \ufb04=FFL \ufb05=ST \ufb06=ST \ufb13=\u0544\u0546 \ufb14=\u0544\u0535 \ufb15=\u0544\u053b \ufb16=\u054e\u0546 \ufb17=\u0544\u053d")
        .Split(' ').ToDictionary(entry => entry[0], entry => entry[2..]);

    public static string Upper(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', '\u007f') < 0)
        {
            return text.ToUpperInvariant();
        }

        StringBuilder built = new(text.Length + 8);
        foreach (char c in text)
        {
            built.Append(FullUpper(c) ?? c.ToString());
        }

        return built.ToString().ToUpperInvariant();
    }

    /// <summary>A sigma that ends a word has a form of its own, and a capital I with a dot becomes two characters.</summary>
    public static string Lower(string text)
    {
        string lower = text.ToLowerInvariant();
        if (text.AsSpan().IndexOfAny('\u03a3', '\u0130') < 0)
        {
            return lower;
        }

        StringBuilder built = new(text.Length + 8);
        for (int i = 0; i < text.Length; i++)
        {
            built.Append(text[i] switch
            {
                '\u0130' => "i\u0307",
                '\u03a3' when EndsWord(text, i) => "\u03c2",
                _ => lower[i].ToString(),
            });
        }

        return built.ToString();
    }

    /// <summary>The first character in title case, the rest lower.</summary>
    public static string Capitalize(string text)
    {
        int first = FirstLength(text, 0);
        return first == 0 ? text : Title(text, 0, first) + LowerFrom(text, first);
    }

    /// <summary>Each run of letters capitalized, as <c>str.title</c> does: an apostrophe ends a word too.</summary>
    public static string TitleWords(string text)
    {
        StringBuilder built = new(text.Length);
        bool inside = false;
        for (int i = 0; i < text.Length;)
        {
            int length = FirstLength(text, i);
            built.Append(inside ? Lower(text.Substring(i, length)) : Title(text, i, length));
            inside = IsCased(text, i);
            i += length;
        }

        return built.ToString();
    }

    /// <summary>Lower case for comparisons without case.</summary>
    public static string Fold(string text) => Upper(text).ToLowerInvariant();

    public static string Swap(string text)
    {
        StringBuilder built = new(text.Length);
        for (int i = 0; i < text.Length;)
        {
            int length = FirstLength(text, i);
            string character = text.Substring(i, length);
            built.Append(CharUnicodeInfo.GetUnicodeCategory(text, i) == UnicodeCategory.UppercaseLetter ? Lower(character) : Upper(character));
            i += length;
        }

        return built.ToString();
    }

    /// <summary>True where there is a cased character and none is upper.</summary>
    public static bool IsLower(string text) => HasOnly(text, UnicodeCategory.LowercaseLetter, UnicodeCategory.UppercaseLetter);

    /// <summary>True where there is a cased character and none is lower.</summary>
    public static bool IsUpper(string text) => HasOnly(text, UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter);

    /// <summary>True where each run of letters begins upper and goes on lower.</summary>
    public static bool IsTitle(string text)
    {
        bool inside = false;
        bool any = false;
        for (int i = 0; i < text.Length; i += FirstLength(text, i))
        {
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(text, i);
            bool lower = category == UnicodeCategory.LowercaseLetter;
            bool upper = category is UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter;
            if ((upper && inside) || (lower && !inside))
            {
                return false;
            }

            inside = upper || lower;
            any |= inside;
        }

        return any;
    }

    private static bool HasOnly(string text, UnicodeCategory wanted, UnicodeCategory other)
    {
        bool any = false;
        for (int i = 0; i < text.Length; i += FirstLength(text, i))
        {
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(text, i);
            if (category == other || category == UnicodeCategory.TitlecaseLetter)
            {
                return false;
            }

            any |= category == wanted;
        }

        return any;
    }

    private static bool IsCased(string text, int at) => CharUnicodeInfo.GetUnicodeCategory(text, at)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static int FirstLength(string text, int at) => at >= text.Length ? 0 : at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;

    private static string? FullUpper(char c) => c switch
    {
        >= '\u1f80' and <= '\u1f8f' => $"{(char)('\u1f08' + (c & 7))}\u0399",
        >= '\u1f90' and <= '\u1f9f' => $"{(char)('\u1f28' + (c & 7))}\u0399",
        >= '\u1fa0' and <= '\u1faf' => $"{(char)('\u1f68' + (c & 7))}\u0399",
        _ => s_upper.GetValueOrDefault(c),
    };

    private static string Title(string text, int at, int length)
    {
        char c = text[at];
        switch (c)
        {
            case >= '\u01c4' and <= '\u01cc':
                return ((char)('\u01c5' + ((c - '\u01c4') / 3 * 3))).ToString();
            case >= '\u01f1' and <= '\u01f3':
                return "\u01f2";
            case (>= '\u10d0' and <= '\u10ff') or (>= '\u1f80' and <= '\u1fff'):
                return c >= '\u1f80' ? c.ToString().ToUpperInvariant() : c.ToString();
            default:
                string upper = Upper(text.Substring(at, length));
                return upper.Length > length ? upper[..1] + upper[1..].ToLowerInvariant() : upper;
        }
    }

    private static string LowerFrom(string text, int from) => Lower(text)[Lower(text[..from]).Length..];

    private static bool EndsWord(string text, int at) =>
        at > 0 && char.IsLetter(text[at - 1]) && (at + 1 == text.Length || !char.IsLetter(text[at + 1]));
}
