using System.Globalization;
using System.Numerics;
using System.Text;

namespace LlmToolkit.Text.Templates;

/// <summary>How a value is laid out: what <c>%</c> and <c>format</c> read from their specifications.</summary>
internal sealed record NumberFormat
{
    /// <summary>Largest width and precision that a specification may ask for.</summary>
    private const int Largest = 100_000;

    public StringValue Fill { get; init; } = StringValue.Of(" ");

    /// <summary>One of <c>&lt; &gt; ^ =</c>; null: the type's own.</summary>
    public char? Align { get; init; }

    /// <summary>What positive numbers get: <c>+</c>, a space, or nothing.</summary>
    public char? Plus { get; init; }

    /// <summary>Prefixes of bases, and zeros kept.</summary>
    public bool Alternate { get; init; }

    public int Width { get; init; }

    /// <summary>Between groups of digits.</summary>
    public char? Group { get; init; }

    public int? Precision { get; init; }

    /// <summary>The type's letter, or null.</summary>
    public char? Type { get; init; }

    /// <summary>Refuses sizes that only fill memory.</summary>
    public static int Size(BigInteger size) => size <= Largest ? (int)size : throw TemplateErrors.Limit($"A format asks for {size} characters", Largest);

    /// <summary>The character of a code point; null where the value is none.</summary>
    public static StringValue? Character(Value value) =>
        Operators.IsInteger(value, out BigInteger code) && code >= 0 && code <= 0x10FFFF && Rune.TryCreate((int)code, out Rune rune) ? StringValue.Of(rune.ToString()) : null;

    /// <summary>Writes a number.</summary>
    public StringValue Number(Value value)
    {
        bool real = value is FloatValue || Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%';
        string digits;
        if (real)
        {
            digits = Real(Operators.ToDouble(value));
        }
        else
        {
            Operators.IsInteger(value, out BigInteger integer);
            digits = Integer(integer);
        }

        string sign = digits.StartsWith('-') ? "-" : Plus is char plus and not '-' ? plus.ToString() : "";
        digits = digits.TrimStart('-');
        string prefix = Alternate && !real ? Type switch { 'x' => "0x", 'X' => "0X", 'o' => "0o", 'b' => "0b", _ => "" } : "";
        if (Group is char group)
        {
            digits = Grouped(digits, group, Type is 'x' or 'X' or 'o' or 'b' ? 4 : 3);
        }

        char align = Align ?? '>';
        return align == '='
            ? new TextBuilder().Append(sign + prefix).Append(Pad(StringValue.Of(digits), '>', Width - sign.Length - prefix.Length)).Build()
            : Pad(StringValue.Of(sign + prefix + digits), align, Width);
    }

    /// <summary>Writes a text.</summary>
    public StringValue Text(StringValue value)
    {
        StringValue cut = Precision is int most && most < value.Length ? value.Slice(0, value.Offset(most)) : value;
        return Pad(cut, Align is '=' or null ? '<' : Align.Value, Width);
    }

    private StringValue Pad(StringValue text, char align, int width)
    {
        int missing = width - text.Length;
        return missing <= 0 ? text : align switch
        {
            '<' => TextOperations.Pad(text, 0, missing, Fill),
            '^' => TextOperations.Pad(text, missing / 2, missing - (missing / 2), Fill),
            _ => TextOperations.Pad(text, missing, 0, Fill),
        };
    }

    private string Real(double value)
    {
        int places = Precision ?? 6;
        string text = Type switch
        {
            'e' or 'E' => PythonNumbers.Exponent(value, places),
            'f' or 'F' => PythonNumbers.Fixed(value, places),
            'g' or 'G' => PythonNumbers.General(value, places, Alternate),
            '%' => PythonNumbers.Fixed(value * 100, places) + "%",
            _ => Precision is int digits ? WithPoint(PythonNumbers.General(value, digits, false)) : PythonText.Float(value),
        };
        return Type is 'E' or 'F' or 'G' ? text.ToUpperInvariant() : text;
    }

    private static string WithPoint(string text) => text.All(c => char.IsAsciiDigit(c) || c == '-') ? text + ".0" : text;

    private string Integer(BigInteger value) => Type switch
    {
        'x' => PythonNumbers.InBase(value, 16),
        'X' => PythonNumbers.InBase(value, 16).ToUpperInvariant(),
        'o' => PythonNumbers.InBase(value, 8),
        'b' => PythonNumbers.InBase(value, 2),
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private static string Grouped(string digits, char separator, int size)
    {
        int end = digits.AsSpan().IndexOfAny('.', 'e', '%');
        end = end < 0 ? digits.Length : end;
        StringBuilder built = new();
        for (int i = 0; i < end; i++)
        {
            if (i > 0 && (end - i) % size == 0)
            {
                built.Append(separator);
            }

            built.Append(digits[i]);
        }

        return built.Append(digits, end, digits.Length - end).ToString();
    }
}
