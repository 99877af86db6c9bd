using System.Globalization;
using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>How Python writes values and sees characters.</summary>
internal static class PythonText
{
    /// <summary>White space as <c>str.isspace</c> has it: .NET's, and the four separators U+001C to U+001F.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <summary>True where there is nothing but white space.</summary>
    public static bool IsSpace(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!IsSpace(c))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Without white space at the end.</summary>
    public static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    public static bool HasSurrogates(string text) => text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    /// <summary>Number of code points.</summary>
    public static int Length(string text)
    {
        if (!HasSurrogates(text))
        {
            return text.Length;
        }

        int length = text.Length;
        for (int i = 1; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i - 1], text[i]))
            {
                length--;
                i++;
            }
        }

        return length;
    }

    /// <summary><c>str(value)</c>.</summary>
    public static StringValue ToText(Value value) => value switch
    {
        StringValue text => text,
        UndefinedValue => StringValue.Empty,
        _ => Represent(value),
    };

    /// <summary><c>repr(value)</c>.</summary>
    public static StringValue Represent(Value value)
    {
        TextBuilder built = new();
        Represent(built, value, 0);
        return built.Build();
    }

    /// <summary>Digits of an integer.</summary>
    public static string Integer(BigInteger value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A float as Python writes it: the shortest digits that read back, an exponent below 1e-4 and from 1e16.</summary>
    public static string Float(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        (string digits, int exponent, bool negative) = Digits(value);
        string sign = negative ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
        }

        if (exponent < 0)
        {
            return sign + "0." + new string('0', -exponent - 1) + digits;
        }

        return digits.Length <= exponent + 1
            ? sign + digits + new string('0', exponent + 1 - digits.Length) + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary>A text in quotes: single ones unless it holds such and no double one; what does not print is escaped.</summary>
    public static void Quote(TextBuilder built, StringValue value)
    {
        string text = value.Text;
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        built.Append(quote);
        int next = 0;
        for (int i = 0; i < text.Length;)
        {
            int length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            if (Escape(text, i, length, quote) is string escape)
            {
                built.Append(value.Slice(next, i));
                built.Append(escape, value.Input.Count > 0);
                next = i + length;
            }

            i += length;
        }

        built.Append(value.Slice(next, text.Length));
        built.Append(quote);
    }

    /// <summary>True where Python prints the character itself.</summary>
    public static bool IsPrintable(string text, int at) => text[at] == ' ' || CharUnicodeInfo.GetUnicodeCategory(text, at) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary>The shortest digits that read back, and the power of ten of the first.</summary>
    internal static (string Digits, int Exponent, bool Negative) Digits(double value)
    {
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        bool negative = shortest[0] == '-';
        ReadOnlySpan<char> mantissa = shortest.AsSpan(negative ? 1 : 0);
        int power = 0;
        int e = mantissa.IndexOf('E');
        if (e >= 0)
        {
            power = int.Parse(mantissa[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            mantissa = mantissa[..e];
        }

        int point = mantissa.IndexOf('.');
        string all = mantissa.ToString().Replace(".", "", StringComparison.Ordinal);
        int exponent = power + (point < 0 ? mantissa.Length : point) - 1;
        string digits = all.TrimStart('0');
        exponent -= all.Length - digits.Length;
        digits = digits.TrimEnd('0');
        return digits.Length == 0 ? ("0", 0, negative) : (digits, exponent, negative);
    }

    private static string? Escape(string text, int at, int length, char quote)
    {
        char c = text[at];
        switch (c)
        {
            case '\\':
                return @"\\";
            case '\n':
                return @"\n";
            case '\r':
                return @"\r";
            case '\t':
                return @"\t";
            default:
                if (c == quote)
                {
                    return "\\" + quote;
                }

                if (IsPrintable(text, at))
                {
                    return null;
                }

                int code = length == 2 ? char.ConvertToUtf32(c, text[at + 1]) : c;
                return code <= 0xFF ? $@"\x{code:x2}" : code <= 0xFFFF ? $@"\u{code:x4}" : $@"\U{code:x8}";
        }
    }

    private static void Represent(TextBuilder built, Value value, int depth)
    {
        if (depth > 2 * Limits.Nesting)
        {
            throw TemplateErrors.Limit("Values lie inside one another", 2 * Limits.Nesting);
        }

        switch (value)
        {
            case StringValue text:
                Quote(built, text);
                break;
            case SequenceValue sequence:
                bool isList = sequence is ListValue;
                Items(built, isList ? "[" : "(", sequence.Items, isList ? "]" : sequence.Items.Count == 1 ? ",)" : ")", depth);
                break;
            case DictValue dict:
                Entries(built, dict, depth);
                break;
            case ViewValue view:
                Items(built, view.TypeName + "([", view.Items(), "])", depth);
                break;
            case NamespaceValue names:
                built.Append("<Namespace ");
                Entries(built, names.Members, depth + 1);
                built.Append(">");
                break;
            default:
                built.Append(Plain(value));
                break;
        }
    }

    private static void Items(TextBuilder built, string open, IEnumerable<Value> items, string close, int depth)
    {
        built.Append(open);
        bool first = true;
        foreach (Value item in items)
        {
            built.Append(first ? "" : ", ");
            first = false;
            Represent(built, item, depth + 1);
        }

        built.Append(close);
    }

    private static void Entries(TextBuilder built, DictValue dict, int depth)
    {
        built.Append("{");
        bool first = true;
        foreach ((Value key, Value value) in dict.Entries)
        {
            built.Append(first ? "" : ", ");
            first = false;
            Represent(built, key, depth + 1);
            built.Append(": ");
            Represent(built, value, depth + 1);
        }

        built.Append("}");
    }

    private static string Plain(Value value) => value switch
    {
        UndefinedValue => "Undefined",
        NoneValue => "None",
        BoolValue truth => truth.IsTrue ? "True" : "False",
        IntValue integer => Integer(integer.Number),
        FloatValue real => Float(real.Number),
        RangeValue range => range.Step.IsOne ? $"range({range.Start}, {range.Stop})" : $"range({range.Start}, {range.Stop}, {range.Step})",
        MacroValue macro => $"<Macro '{macro.Macro.Name}'>",
        CallableValue callable => $"<{callable.TypeName} {callable.Name}>",
        _ => $"<{value.TypeName} object>",
    };
}
