using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>Attributes, items and slices of values.</summary>
internal static class Members
{
    /// <summary><c>subject.name</c>: an attribute, else an item, else undefined.</summary>
    public static Value Attribute(Value subject, string name)
    {
        Operators.ThrowIfUndefined(subject);
        return AttributeOnly(subject, name)
            ?? (subject is DictValue dict ? dict.Find(name) : null)
            ?? UndefinedValue.Member(subject, name);
    }

    /// <summary><c>subject[key]</c>: an item, else an attribute, else undefined.</summary>
    public static Value Item(Value subject, Value key)
    {
        Operators.ThrowIfUndefined(subject);
        Value? item = subject switch
        {
            DictValue dict => KeyComparer.CanHash(key) && dict.Entries.TryGetValue(key, out Value? value) ? value : null,
            SequenceValue sequence => Index(key, sequence.Items.Count) is int at ? sequence.Items[at] : null,
            RangeValue range => Index(key, range.Count) is int at ? range[at] : null,
            StringValue text => Index(key, text.Length) is int at ? text.Slice(text.Offset(at), text.Offset(at + 1)) : null,
            _ => null,
        };
        return item
            ?? (key is StringValue name ? AttributeOnly(subject, name.Text) : null)
            ?? UndefinedValue.Member(subject, PythonText.ToText(key).Text);
    }

    /// <summary>An attribute; null where the value has none of the name.</summary>
    public static Value? AttributeOnly(Value subject, string name) =>
        name.StartsWith("__", StringComparison.Ordinal) ? UndefinedValue.Forbidden(subject, name) : subject switch
        {
            StringValue text => StringMethods.Find(text, name),
            DictValue dict => ContainerMethods.Find(dict, name),
            SequenceValue sequence => ContainerMethods.Find(sequence, name),
            NamespaceValue names => names.Members.Find(name),
            ObjectValue named => named.Member(name),
            MacroValue macro => OfMacro(macro.Macro, name),
            _ => null,
        };

    /// <summary><c>subject[from:to:step]</c>.</summary>
    public static Value Slice(Value subject, Value? from, Value? to, Value? step)
    {
        Operators.ThrowIfUndefined(subject);
        int length = subject is SequenceValue or StringValue or RangeValue
            ? Iteration.Count(subject)!.Value
            : throw TemplateErrors.Type($"a {subject.TypeName} cannot be sliced");
        BigInteger by = Bound(step) ?? BigInteger.One;
        if (by.IsZero)
        {
            throw TemplateErrors.Type("the step of a slice cannot be zero");
        }

        int lowest = by.Sign < 0 ? -1 : 0;
        int highest = by.Sign < 0 ? length - 1 : length;
        int start = Clamp(Bound(from), length, lowest, highest, by.Sign < 0 ? highest : lowest);
        int stop = Clamp(Bound(to), length, lowest, highest, by.Sign < 0 ? lowest : highest);
        int stride = (int)BigInteger.Max(-length - 1, BigInteger.Min(length + 1, by));
        if (subject is StringValue text && stride == 1)
        {
            return start >= stop ? StringValue.Empty : text.Slice(text.Offset(start), text.Offset(stop));
        }

        List<int> places = [];
        for (int i = start; stride > 0 ? i < stop : i > stop; i += stride)
        {
            places.Add(i);
        }

        switch (subject)
        {
            case StringValue other:
                StringValue[] characters = [.. other.Characters()];
                TextBuilder built = new();
                places.ForEach(i => built.Append(characters[i]));
                return built.Build();
            case RangeValue range:
                return new RangeValue(range.Start + (range.Step * start), range.Start + (range.Step * stop), range.Step * stride, places.Count);
            default:
                SequenceValue sequence = (SequenceValue)subject;
                return sequence.With([.. places.Select(i => sequence.Items[i])]);
        }
    }

    private static int? Index(Value key, int length)
    {
        if (!Operators.IsInteger(key, out BigInteger at))
        {
            return null;
        }

        at = at.Sign < 0 ? at + length : at;
        return at.Sign >= 0 && at < length ? (int)at : null;
    }

    private static BigInteger? Bound(Value? value) => value is null or NoneValue ? null
        : Operators.IsInteger(value, out BigInteger number) ? number
        : throw TemplateErrors.Type($"a slice needs integers, not {value.TypeName}");

    private static int Clamp(BigInteger? bound, int length, int lowest, int highest, int absent)
    {
        if (bound is not BigInteger number)
        {
            return absent;
        }

        number = number.Sign < 0 ? number + length : number;
        return (int)BigInteger.Max(lowest, BigInteger.Min(highest, number));
    }

    private static Value? OfMacro(Macro macro, string name) => name switch
    {
        "name" => StringValue.Of(macro.Name),
        "arguments" => new TupleValue([.. macro.Parameters.Select(StringValue.Of)]),
        "catch_varargs" => BoolValue.Of(macro.TakesVarargs),
        "catch_kwargs" => BoolValue.Of(macro.TakesKwargs),
        "caller" => BoolValue.Of(macro.TakesCaller),
        _ => null,
    };
}
