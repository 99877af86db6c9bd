namespace LlmToolkit.Text.Templates;

/// <summary>Filters that compare: sort, unique, min, max, dictsort, groupby. They ignore case unless told otherwise.</summary>
internal static class SortFilters
{
    public static Value Sort(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("sort", 0, "reverse", "case_sensitive", "attribute");
        Func<Value, Value> fold = Fold(given[1]);
        Func<Value, Value> key = fold;
        if (given[2] is StringValue names)
        {
            Func<Value, Value>[] parts = [.. names.Text.Split(',').Select(n => Get.Attribute(StringValue.Of(n)))];
            key = item => new ListValue([.. parts.Select(part => fold(part(item)))]);
        }
        else if (given[2] is { } attribute and not NoneValue)
        {
            Func<Value, Value> part = Get.Attribute(attribute);
            key = item => fold(part(item));
        }

        return new ListValue(Sorted(run, Iteration.ToList(subject), key, Get.Truth(given[0])));
    }

    public static Value DictSort(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("dictsort", 0, "case_sensitive", "by", "reverse");
        Operators.ThrowIfUndefined(subject);
        DictValue dict = subject as DictValue ?? throw TemplateErrors.Type($"dictsort needs a mapping, not {subject.TypeName}");
        string by = given[1] is null ? "key" : Get.Text(given[1]!).Text;
        int part = by switch { "key" => 0, "value" => 1, _ => throw TemplateErrors.Type("dictsort goes by \"key\" or \"value\"") };
        Func<Value, Value> fold = Fold(given[0]);
        return new ListValue(Sorted(run, [.. new ViewValue(dict, "items").Items()], item => fold(((TupleValue)item).Items[part]), Get.Truth(given[2])));
    }

    public static Value GroupBy(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("groupby", 1, "attribute", "default", "case_sensitive");
        Func<Value, Value> raw = Get.Attribute(given[0]!, given[1] is NoneValue ? null : given[1]);
        Func<Value, Value> fold = Fold(given[2]);
        List<Value> groups = [];
        List<Value> group = [];
        foreach (Value item in Sorted(run, Iteration.ToList(subject), x => fold(raw(x)), false))
        {
            if (group.Count > 0 && !Operators.AreEqual(fold(raw(group[0])), fold(raw(item))))
            {
                groups.Add(Group(raw, group));
                group = [];
            }

            group.Add(item);
        }

        if (group.Count > 0)
        {
            groups.Add(Group(raw, group));
        }

        return new ListValue(groups);
    }

    public static Value Unique(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("unique", 0, "case_sensitive", "attribute");
        Func<Value, Value> key = Key(given[0], given[1]);
        return new GeneratorValue(Distinct(Iteration.Over(subject), key));
    }

    public static Value Min(Evaluator run, Value subject, Arguments arguments) => Extreme(subject, arguments, "min", -1);

    public static Value Max(Evaluator run, Value subject, Arguments arguments) => Extreme(subject, arguments, "max", 1);

    private static TupleValue Group(Func<Value, Value> raw, List<Value> items) => new([raw(items[0]), new ListValue(items)], "grouper", "list");

    private static IEnumerable<Value> Distinct(IEnumerable<Value> items, Func<Value, Value> key)
    {
        HashSet<Value> seen = new(KeyComparer.Instance);
        foreach (Value item in items)
        {
            Value k = key(item);
            KeyComparer.Check(k);
            if (seen.Add(k))
            {
                yield return item;
            }
        }
    }

    private static Value Extreme(Value subject, Arguments arguments, string name, int sign)
    {
        Value?[] given = arguments.Bind(name, 0, "case_sensitive", "attribute");
        Func<Value, Value> key = Key(given[0], given[1]);
        Value? best = null;
        foreach (Value item in Iteration.Over(subject))
        {
            best = best is null || Operators.Order(key(item), key(best)) * sign > 0 ? item : best;
        }

        return best ?? new UndefinedValue($"there is no {name} of an empty sequence");
    }

    private static Func<Value, Value> Key(Value? caseSensitive, Value? attribute)
    {
        Func<Value, Value> fold = Fold(caseSensitive);
        if (attribute is null or NoneValue)
        {
            return fold;
        }

        Func<Value, Value> get = Get.Attribute(attribute);
        return item => fold(get(item));
    }

    private static Func<Value, Value> Fold(Value? caseSensitive) => Get.Truth(caseSensitive)
        ? value => value
        : value => value is StringValue text ? StringValue.Of(Casing.Lower(text.Text)) : value;

    /// <summary>Stable in both directions, as Python sorts.</summary>
    private static List<Value> Sorted(Evaluator run, List<Value> items, Func<Value, Value> key, bool reverse)
    {
        run.Fuel.Spend(items.Count * 4);
        (Value Key, int At)[] keys = [.. items.Select((item, at) => (key(item), at))];
        ModelException? failed = null;
        Array.Sort(keys, (a, b) =>
        {
            try
            {
                int order = failed is null ? Operators.Order(a.Key, b.Key) : 0;
                order = reverse ? -order : order;
                return order != 0 ? order : a.At.CompareTo(b.At);
            }
            catch (ModelException e)
            {
                // Array.Sort wraps what a comparison throws; the first error is kept and thrown as it was.
                failed ??= e;
                return a.At.CompareTo(b.At);
            }
        });
        return failed is null ? [.. keys.Select(k => items[k.At])] : throw failed;
    }
}
