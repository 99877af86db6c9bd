using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>Python's <c>str.format</c>. Look-ups inside of fields go by the rules of the sandbox.</summary>
internal sealed class FormatMethod(Arguments arguments, DictValue? mapping)
{
    private int _next;

    public static StringValue Format(StringValue format, Arguments arguments) => new FormatMethod(arguments, null).Format(format, 2);

    public static StringValue FormatMap(StringValue format, DictValue mapping) => new FormatMethod(Arguments.None, mapping).Format(format, 2);

    private StringValue Format(StringValue format, int depth)
    {
        if (depth == 0)
        {
            throw TemplateErrors.Type("the fields of a format are nested too deeply");
        }

        TextBuilder built = new();
        string text = format.Text;
        int at = 0;
        while (text.AsSpan(at).IndexOfAny('{', '}') is >= 0 and int ahead)
        {
            int found = at + ahead;
            built.Append(format.Slice(at, found));
            if (found + 1 < text.Length && text[found + 1] == text[found])
            {
                built.Append(format.Slice(found, found + 1));
                at = found + 2;
                continue;
            }

            if (text[found] == '}')
            {
                throw TemplateErrors.Type("a single '}' stands in the format");
            }

            int end = FieldEnd(text, found + 1);
            built.Append(Field(format.Slice(found + 1, end), depth));
            at = end + 1;
        }

        return built.Append(format.Slice(at, text.Length)).Build();
    }

    private static int FieldEnd(string text, int at)
    {
        int open = 1;
        for (; at < text.Length; at++)
        {
            open += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
            if (open == 0)
            {
                return at;
            }
        }

        throw TemplateErrors.Type("the format lacks a '}'");
    }

    private StringValue Field(StringValue field, int depth)
    {
        string text = field.Text;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        int bang = text.IndexOf('!', StringComparison.Ordinal);
        bang = colon >= 0 && bang > colon ? -1 : bang;
        int nameEnd = bang >= 0 ? bang : colon >= 0 ? colon : text.Length;
        Value value = Look(text[..nameEnd]);
        if (bang >= 0)
        {
            string conversion = text[(bang + 1)..(colon >= 0 ? colon : text.Length)];
            value = conversion switch
            {
                "s" => PythonText.ToText(value),
                "r" or "a" => PythonText.Represent(value),
                _ => throw TemplateErrors.Type($"there is no conversion '!{conversion}'"),
            };
        }

        StringValue specification = colon < 0 ? StringValue.Empty : Format(field.Slice(colon + 1, text.Length), depth - 1);
        return Write(value, specification);
    }

    private Value Look(string name)
    {
        int end = name.AsSpan().IndexOfAny('.', '[');
        end = end < 0 ? name.Length : end;
        Value value = First(name[..end]);
        while (end < name.Length)
        {
            if (name[end] == '.')
            {
                int next = name.AsSpan(end + 1).IndexOfAny('.', '[');
                next = next < 0 ? name.Length : end + 1 + next;
                value = Members.Attribute(value, name[(end + 1)..next]);
                end = next;
            }
            else
            {
                int close = name.IndexOf(']', end);
                string key = close > end ? name[(end + 1)..close] : throw TemplateErrors.Type("the format lacks a ']'");
                value = Members.Item(value, key.All(char.IsAsciiDigit) && PythonNumbers.ParseInteger(key, 10) is BigInteger index ? new IntValue(index) : StringValue.Of(key));
                end = close + 1;
            }
        }

        return value;
    }

    private Value First(string name)
    {
        if (name.Length == 0)
        {
            name = _next++.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (mapping is null && int.TryParse(name, System.Globalization.CultureInfo.InvariantCulture, out int at))
        {
            return at >= 0 && at < arguments.Positional.Count ? arguments.Positional[at] : throw TemplateErrors.Type($"the format needs a value number {name}");
        }

        return (mapping is null ? arguments.Find(name) : mapping.Find(name)) ?? throw TemplateErrors.Type($"the format needs a value for '{name}'");
    }

    private static StringValue Write(Value value, StringValue specification)
    {
        if (!specification.IsTrue)
        {
            return PythonText.ToText(value);
        }

        NumberFormat layout = Parse(specification, Operators.IsNumber(value));
        switch (value)
        {
            case StringValue text when layout is { Type: null or 's', Plus: null, Group: null, Alternate: false }:
                return layout.Text(text);
            case IntValue or BoolValue when layout.Type == 'c' && NumberFormat.Character(value) is { } character:
                return (layout with { Align = layout.Align ?? '<' }).Text(character);
            case IntValue or BoolValue when layout is { Type: null or 'd' or 'n' or 'x' or 'X' or 'o' or 'b', Precision: not null }:
                throw TemplateErrors.Type("an integer takes no precision");
            case FloatValue when layout.Type == 'n':
                return (layout with { Type = 'g' }).Number(value);
            case IntValue or BoolValue when layout.Type is null or 'd' or 'n' or 'x' or 'X' or 'o' or 'b' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%':
            case FloatValue when layout.Type is null or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%':
                return layout.Number(value);
            default:
                Operators.ThrowIfUndefined(value);
                throw TemplateErrors.Type($"the format '{specification.Text}' does not fit a {value.TypeName}");
        }
    }

    /// <summary><c>[[fill]align][sign][#][0][width][grouping][.precision][type]</c></summary>
    private static NumberFormat Parse(StringValue specification, bool isNumber)
    {
        string text = specification.Text;
        NumberFormat layout = new();
        int at = 0;
        int fill = text.Length > 0 && char.IsHighSurrogate(text[0]) ? 2 : 1;
        if (text.Length > fill && text[fill] is '<' or '>' or '^' or '=')
        {
            layout = layout with { Fill = specification.Slice(0, fill), Align = text[fill] };
            at = fill + 1;
        }
        else if (text[0] is '<' or '>' or '^' or '=')
        {
            layout = layout with { Align = text[at++] };
        }

        char Peek() => at < text.Length ? text[at] : '\0';
        if (Peek() is '+' or '-' or ' ')
        {
            layout = layout with { Plus = text[at++] };
        }

        if (Peek() == '#')
        {
            layout = layout with { Alternate = true };
            at++;
        }

        if (Peek() == '0')
        {
            bool filled = layout.Align is not null && fill < text.Length && text[fill] == layout.Align;
            layout = layout with { Fill = filled ? layout.Fill : StringValue.Of("0"), Align = layout.Align ?? (isNumber ? '=' : '<') };
            at++;
        }

        int Number()
        {
            int start = at;
            while (char.IsAsciiDigit(Peek()))
            {
                at++;
            }

            return start == at ? 0 : at - start > 9 ? NumberFormat.Size(int.MaxValue) : NumberFormat.Size(int.Parse(text.AsSpan(start, at - start), System.Globalization.CultureInfo.InvariantCulture));
        }

        layout = layout with { Width = Number() };
        if (Peek() is ',' or '_')
        {
            layout = layout with { Group = text[at++] };
        }

        if (Peek() == '.')
        {
            at++;
            layout = layout with { Precision = Number() };
        }

        if (at < text.Length)
        {
            layout = layout with { Type = text[at++] };
        }

        return at == text.Length ? layout : throw TemplateErrors.Type($"the format '{text}' cannot be read");
    }
}
