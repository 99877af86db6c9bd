namespace LlmToolkit.Text.Templates;

/// <summary>The methods of dicts, lists and tuples. Those that change their subject exist and are forbidden.</summary>
internal static class ContainerMethods
{
    public static Value? Find(DictValue dict, string name) => name switch
    {
        "items" or "keys" or "values" => Method(name, arguments =>
        {
            arguments.Bind(name, 0);
            return new ViewValue(dict, name);
        }),
        "get" => Method(name, arguments =>
        {
            Value?[] given = arguments.Bind(name, 1, "key", "default");
            KeyComparer.Check(given[0]!);
            return dict.Entries.TryGetValue(given[0]!, out Value? value) ? value : given[1] ?? NoneValue.Instance;
        }),
        "copy" => Method(name, arguments =>
        {
            arguments.Bind(name, 0);
            return dict.Copy();
        }),
        "fromkeys" => Method(name, FromKeys),
        "clear" or "pop" or "popitem" or "setdefault" or "update" => UndefinedValue.Forbidden(dict, name),
        _ => null,
    };

    public static Value? Find(SequenceValue sequence, string name) => name switch
    {
        "index" => Method(name, arguments => new IntValue(IndexOf(sequence, arguments))),
        "count" => Method(name, arguments =>
        {
            Value wanted = arguments.Bind(name, 1, "value")[0]!;
            return new IntValue(sequence.Items.Count(item => Operators.AreEqual(item, wanted)));
        }),
        "copy" when sequence is ListValue => Method(name, arguments =>
        {
            arguments.Bind(name, 0);
            return sequence.With([.. sequence.Items]);
        }),
        "append" or "clear" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" when sequence is ListValue => UndefinedValue.Forbidden(sequence, name),
        _ => sequence is TupleValue tuple && Array.IndexOf(tuple.Names, name) is >= 0 and int at ? tuple.Items[at] : null,
    };

    private static CallableValue Method(string name, Func<Arguments, Value> call) => new(name, (_, arguments) => call(arguments), "builtin_function_or_method");

    private static int IndexOf(SequenceValue sequence, Arguments arguments)
    {
        Value?[] given = arguments.Bind("index", 1, "value", "start", "stop");
        int count = sequence.Items.Count;
        int start = Get.Int(given[1], 0) is var from && from < 0 ? Math.Max(0, from + count) : from;
        int stop = Get.Int(given[2], count) is var to && to < 0 ? to + count : Math.Min(to, count);
        for (int i = start; i < stop; i++)
        {
            if (Operators.AreEqual(sequence.Items[i], given[0]!))
            {
                return i;
            }
        }

        throw TemplateErrors.Type("the value is not in the list");
    }

    private static DictValue FromKeys(Arguments arguments)
    {
        Value?[] given = arguments.Bind("fromkeys", 1, "iterable", "value");
        DictValue dict = new();
        foreach (Value key in Iteration.Over(given[0]!))
        {
            dict.Set(key, given[1] ?? NoneValue.Instance);
        }

        return dict;
    }
}
