namespace LlmToolkit.Text.Templates;

/// <summary>Walking over values.</summary>
internal static class Iteration
{
    /// <summary>The items of a value.</summary>
    /// <exception cref="ModelException">It has none.</exception>
    public static IEnumerable<Value> Over(Value value) =>
        TryOver(value) ?? throw (value is UndefinedValue undefined ? undefined.Error() : TemplateErrors.Type($"a {value.TypeName} is not iterable"));

    /// <summary>All items at once.</summary>
    public static List<Value> ToList(Value value)
    {
        List<Value> items = [];
        foreach (Value item in Over(value))
        {
            if (items.Count == Limits.Items)
            {
                throw TemplateErrors.Limit("A list grows", Limits.Items);
            }

            items.Add(item);
        }

        return items;
    }

    public static IEnumerable<Value>? TryOver(Value value) => value switch
    {
        SequenceValue sequence => sequence.Items,
        DictValue dict => dict.Entries.Keys,
        StringValue text => text.Characters(),
        UndefinedValue => [],
        RangeValue range => Enumerable.Range(0, range.Count).Select(i => range[i]),
        GeneratorValue generator => generator.Rest(),
        ViewValue view => view.Items(),
        _ => null,
    };

    /// <summary>Number of items, where it is known without walking.</summary>
    public static int? Count(Value value) => value switch
    {
        SequenceValue sequence => sequence.Items.Count,
        DictValue dict => dict.Entries.Count,
        StringValue text => text.Length,
        UndefinedValue => 0,
        RangeValue range => range.Count,
        ViewValue view => view.Dict.Entries.Count,
        _ => null,
    };
}
