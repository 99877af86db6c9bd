using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>Python's <c>%</c> on text.</summary>
internal static class PercentFormat
{
    public static StringValue Apply(StringValue format, Value values)
    {
        return new Run(format, values).Format().AsMarkup(format.IsMarkup);
    }

    private sealed class Run(StringValue format, Value values)
    {
        private readonly IReadOnlyList<Value> _positional = values is TupleValue tuple ? tuple.Items : [values];
        private readonly TextBuilder _built = new();
        private int _used;
        private int _at;
        private bool _named;

        private string Text => format.Text;

        public StringValue Format()
        {
            while (Text.IndexOf('%', _at) is >= 0 and int found)
            {
                _built.Append(format.Slice(_at, found));
                _at = found + 1;
                Directive();
            }

            if (_used < _positional.Count && !_named && values is not (DictValue or ListValue or UndefinedValue))
            {
                throw TemplateErrors.Type($"{_positional.Count} values are given and the format takes {_used}");
            }

            return _built.Append(format.Slice(_at, Text.Length)).Build();
        }

        private void Directive()
        {
            Value? named = Key();
            bool left = false;
            bool zero = false;
            NumberFormat layout = new();
            for (; Peek() is '-' or '+' or ' ' or '#' or '0'; _at++)
            {
                left |= Text[_at] == '-';
                zero |= Text[_at] == '0';
                layout = Text[_at] switch
                {
                    '#' => layout with { Alternate = true },
                    '+' => layout with { Plus = '+' },
                    ' ' when layout.Plus is null => layout with { Plus = ' ' },
                    _ => layout,
                };
            }

            int width = Size();
            left |= width < 0;
            int? precision = null;
            if (Peek() == '.')
            {
                _at++;
                precision = Math.Max(0, Size());
            }

            while (Peek() is 'h' or 'l' or 'L')
            {
                _at++;
            }

            char type = _at < Text.Length ? Text[_at++] : throw TemplateErrors.Type("the format ends inside of a directive");
            if (type == '%')
            {
                _built.Append('%');
                return;
            }

            layout = layout with { Width = Math.Abs(width), Precision = precision, Align = left ? '<' : '>' };
            _built.Append(Write(type, named ?? Next(), layout, zero && !left));
        }

        private static StringValue Write(char type, Value value, NumberFormat layout, bool zero)
        {
            NumberFormat number = layout with { Align = zero ? '=' : layout.Align, Fill = StringValue.Of(zero ? "0" : " ") };
            switch (type)
            {
                case 's':
                    return layout.Text(PythonText.ToText(value));
                case 'r' or 'a':
                    return layout.Text(PythonText.Represent(value));
                case 'c':
                    return layout.Text(value is StringValue { Length: 1 } one ? one
                        : NumberFormat.Character(value) ?? throw TemplateErrors.Type("%c needs one character"));
                case 'd' or 'i' or 'u' when Whole(value) is IntValue whole:
                    return layout.Precision is int least ? (layout with { Precision = null }).Text(Padded(whole, least, layout.Plus)) : number.Number(whole);
                case 'x' or 'X' or 'o' when Operators.IsInteger(value, out _):
                    return (number with { Type = type }).Number(value);
                case 'e' or 'E' or 'f' or 'F' or 'g' or 'G' when Operators.IsNumber(value):
                    return (number with { Type = type }).Number(value);
                case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                    Operators.ThrowIfUndefined(value);
                    throw TemplateErrors.Type($"%{type} needs a number, not {value.TypeName}");
                default:
                    throw TemplateErrors.Type($"there is no format %{type}");
            }
        }

        /// <summary>An integer with at least so many digits.</summary>
        private static StringValue Padded(IntValue whole, int digits, char? plus) => new NumberFormat
        {
            Fill = StringValue.Of("0"),
            Align = '=',
            Plus = plus,
            Width = digits + (whole.Number.Sign < 0 || plus is not null ? 1 : 0),
        }.Number(whole);

        private static IntValue? Whole(Value value) => value switch
        {
            FloatValue { Number: var real } when double.IsFinite(real) => new IntValue(new BigInteger(real)),
            _ => Operators.IsInteger(value, out BigInteger integer) ? new IntValue(integer) : null,
        };

        private char Peek() => _at < Text.Length ? Text[_at] : '\0';

        private Value? Key()
        {
            if (Peek() != '(')
            {
                return null;
            }

            int end = Text.IndexOf(')', _at);
            if (end < 0 || values is not DictValue dict)
            {
                throw TemplateErrors.Type(end < 0 ? "the format lacks a ')'" : "the format needs a mapping");
            }

            string key = Text[(_at + 1)..end];
            _at = end + 1;
            _named = true;
            return dict.Find(key) ?? throw TemplateErrors.Type($"the format needs a value for '{key}'");
        }

        private int Size()
        {
            if (Peek() == '*')
            {
                _at++;
                return Operators.IsInteger(Next(), out BigInteger given)
                    ? NumberFormat.Size(BigInteger.Abs(given)) * (given.Sign < 0 ? -1 : 1)
                    : throw TemplateErrors.Type("* needs an integer");
            }

            int size = 0;
            for (; char.IsAsciiDigit(Peek()); _at++)
            {
                size = NumberFormat.Size(((BigInteger)size * 10) + Text[_at] - '0');
            }

            return size;
        }

        private Value Next() => _used < _positional.Count ? _positional[_used++] : throw TemplateErrors.Type("there are not enough values for the format");
    }
}
