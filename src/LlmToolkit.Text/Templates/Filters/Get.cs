using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>Arguments as the host's types.</summary>
internal static class Get
{
    /// <summary>A text argument.</summary>
    public static StringValue Text(Value value) => value switch
    {
        StringValue text => text,
        UndefinedValue undefined => throw undefined.Error(),
        _ => throw TemplateErrors.Type($"a text is needed, not {value.TypeName}"),
    };

    /// <summary>A text argument that may be absent or none.</summary>
    public static StringValue? TextOrNone(Value? value) => value is null or NoneValue ? null : Text(value);

    /// <summary>An integer, cut to what fits 32 bits.</summary>
    public static int Int(Value? value, int absent)
    {
        if (value is null)
        {
            return absent;
        }

        Operators.ThrowIfUndefined(value);
        return Operators.IsInteger(value, out BigInteger number)
            ? (int)BigInteger.Max(int.MinValue + 1, BigInteger.Min(int.MaxValue, number))
            : throw TemplateErrors.Type($"an integer is needed, not {value.TypeName}");
    }

    /// <summary>A truth.</summary>
    public static bool Truth(Value? value, bool absent = false) => value?.IsTrue ?? absent;

    /// <summary>Looks an attribute up by the path that filters take: a name, <c>a.b</c>, or a number.</summary>
    public static Func<Value, Value> Attribute(Value path, Value? absent = null)
    {
        Value[] parts = path is StringValue text
            ? [.. text.Text.Split('.').Select(p => p.Length > 0 && p.All(char.IsAsciiDigit) ? (Value)new IntValue(BigInteger.Parse(p, System.Globalization.CultureInfo.InvariantCulture)) : StringValue.Of(p))]
            : [path];
        return subject =>
        {
            foreach (Value part in parts)
            {
                subject = Members.Item(subject, part);
                if (subject is UndefinedValue && absent is not null)
                {
                    return absent;
                }
            }

            return subject;
        };
    }
}
