using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace LlmToolkit;

/// <summary>A value of a container's metadata, with the container's own name for its type.</summary>
/// <remarks>
/// <see cref="Value"/> is one of: <see cref="bool"/>, <see cref="long"/>, <see cref="ulong"/> (only above the range of long), <see cref="double"/>,
/// <see cref="float"/>, <see cref="string"/>, <see cref="byte"/>[] (text that is not UTF-8), <see cref="System.Text.Json.JsonElement"/> (objects of a config.json),
/// null, or a list of them (<see cref="IReadOnlyList{T}"/> of the element's type, nested lists as <c>IReadOnlyList&lt;MetadataValue&gt;</c>). Large arrays are decoded when first asked for.
/// </remarks>
public sealed class MetadataValue
{
    private readonly Lazy<object?> _value;

    /// <summary>A value that is known.</summary>
    public MetadataValue(string type, object? value, string? element = null, long count = 0) =>
        (Type, _value, Element, Count) = (type, new Lazy<object?>(value), element, count);

    /// <summary>A value that is decoded when first asked for.</summary>
    public MetadataValue(string type, Func<object?> value, string? element = null, long count = 0) =>
        (Type, _value, Element, Count) = (type, new Lazy<object?>(value), element, count);

    /// <summary>The container's name of the type: <c>uint32</c>, <c>string</c>, <c>array</c>, <c>number</c> …</summary>
    public string Type { get; }

    /// <summary>For arrays: the container's name of the elements' type.</summary>
    public string? Element { get; }

    /// <summary>For arrays: how many elements.</summary>
    public long Count { get; }

    /// <summary>The value; see the remarks for its types.</summary>
    public object? Value => _value.Value;

    /// <summary>The value as an integer: any integral number, a float without fraction, or a bool.</summary>
    public bool TryGetInt64(out long value)
    {
        switch (Value)
        {
            case long l: value = l; return true;
            case bool b: value = b ? 1 : 0; return true;
            case ulong u when u <= long.MaxValue: value = (long)u; return true;
            case double d when d == Math.Truncate(d) && Math.Abs(d) < 9e15: value = (long)d; return true;
            case float f when f == MathF.Truncate(f) && MathF.Abs(f) < 9e15f: value = (long)f; return true;
            default: value = 0; return false;
        }
    }

    /// <summary>The value as a number.</summary>
    public bool TryGetDouble(out double value)
    {
        switch (Value)
        {
            case double d: value = d; return true;
            case float f: value = f; return true;
            case long l: value = l; return true;
            case ulong u: value = u; return true;
            default: value = 0; return false;
        }
    }

    /// <summary>The value as text.</summary>
    public bool TryGetString([NotNullWhen(true)] out string? value) => (value = Value as string) is not null;

    /// <summary>The value as a truth: a bool, or an integer that is not 0.</summary>
    public bool TryGetBool(out bool value)
    {
        if (Value is bool b)
        {
            value = b;
            return true;
        }

        bool known = TryGetInt64(out long number);
        value = number != 0;
        return known;
    }

    /// <summary>The elements as numbers, when the value is an array of numbers or bools.</summary>
    public bool TryGetDoubles([NotNullWhen(true)] out IReadOnlyList<double>? values)
    {
        values = Value switch
        {
            IReadOnlyList<double> d => d,
            IReadOnlyList<float> f => [.. f.Select(x => (double)x)],
            IReadOnlyList<long> l => [.. l.Select(x => (double)x)],
            IReadOnlyList<bool> b => [.. b.Select(x => x ? 1.0 : 0.0)],
            _ => null,
        };
        return values is not null;
    }

    /// <summary>The elements as integers, when the value is an array of integers or bools.</summary>
    public bool TryGetInt64s([NotNullWhen(true)] out IReadOnlyList<long>? values)
    {
        values = Value switch
        {
            IReadOnlyList<long> l => l,
            IReadOnlyList<bool> b => [.. b.Select(x => x ? 1L : 0L)],
            IReadOnlyList<double> d when d.All(x => x == Math.Truncate(x)) => [.. d.Select(x => (long)x)],
            _ => null,
        };
        return values is not null;
    }

    /// <summary>The elements as texts, when the value is an array of strings.</summary>
    public bool TryGetStrings([NotNullWhen(true)] out IReadOnlyList<string>? values) => (values = Value as IReadOnlyList<string>) is not null;

    /// <inheritdoc/>
    public override string ToString() => Value switch
    {
        null => "null",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        string s => s,
        _ => Count > 0 ? $"{Type}[{Count}]" : Value?.ToString() ?? Type,
    };
}
