namespace LlmToolkit.Text.Templates;

/// <summary>Filters on lists, dicts and whatever can be walked.</summary>
internal static class ListFilters
{
    public static Value Length(Evaluator run, Value subject, Arguments arguments) =>
        new IntValue(Iteration.Count(subject) ?? throw TemplateErrors.Type($"a {subject.TypeName} has no length"));

    public static Value Default(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("default", 0, "default_value", "boolean");
        return subject is UndefinedValue || (Get.Truth(given[1]) && !subject.IsTrue) ? given[0] ?? StringValue.Empty : subject;
    }

    public static Value First(Evaluator run, Value subject, Arguments arguments)
    {
        foreach (Value item in Iteration.Over(subject))
        {
            return item;
        }

        return new UndefinedValue("there is no first item: the sequence is empty");
    }

    public static Value Last(Evaluator run, Value subject, Arguments arguments)
    {
        if (subject is GeneratorValue)
        {
            throw TemplateErrors.Type("a generator has no last item; make it a list first");
        }

        List<Value> items = Iteration.ToList(subject);
        return items.Count > 0 ? items[^1] : new UndefinedValue("there is no last item: the sequence is empty");
    }

    public static Value List(Evaluator run, Value subject, Arguments arguments) => new ListValue(Iteration.ToList(subject));

    public static Value Reverse(Evaluator run, Value subject, Arguments arguments)
    {
        if (subject is StringValue text)
        {
            return Members.Slice(text, null, null, new IntValue(-1));
        }

        List<Value> items = Iteration.ToList(subject);
        items.Reverse();
        return new GeneratorValue(items);
    }

    public static Value Join(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("join", 0, "d", "attribute");
        IEnumerable<Value> items = Iteration.Over(subject);
        if (given[1] is not null and not NoneValue)
        {
            items = items.Select(Get.Attribute(given[1]!));
        }

        return TextOperations.Join(given[0] is null ? StringValue.Empty : PythonText.ToText(given[0]!), items.Select(PythonText.ToText));
    }

    public static Value Items(Evaluator run, Value subject, Arguments arguments) => subject switch
    {
        UndefinedValue => new GeneratorValue([]),
        DictValue dict => new GeneratorValue(new ViewValue(dict, "items").Items()),
        _ => throw TemplateErrors.Type($"items can only be taken of a mapping, not of {subject.TypeName}"),
    };

    public static Value Batch(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("batch", 1, "linecount", "fill_with");
        int size = Get.Int(given[0], 1);
        Value? fill = given[1] is NoneValue ? null : given[1];
        return new GeneratorValue(Batches(Iteration.Over(subject), size, fill));
    }

    public static Value Slice(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("slice", 1, "slices", "fill_with");
        int slices = Get.Int(given[0], 1);
        if (slices is <= 0 or > Limits.Items)
        {
            throw TemplateErrors.Type($"slice makes 1 to {Limits.Items} parts, not {slices}");
        }

        List<Value> items = Iteration.ToList(subject);
        int size = items.Count / slices;
        int longer = items.Count % slices;
        List<Value> parts = [];
        for (int i = 0, start = 0; i < slices; i++)
        {
            int count = size + (i < longer ? 1 : 0);
            List<Value> part = items.GetRange(start, count);
            if (given[1] is { } fill and not NoneValue && i >= longer)
            {
                part.Add(fill);
            }

            parts.Add(new ListValue(part));
            start += count;
        }

        return new GeneratorValue(parts);
    }

    /// <summary>An attribute and never an item.</summary>
    public static Value Attr(Evaluator run, Value subject, Arguments arguments)
    {
        Operators.ThrowIfUndefined(subject);
        string name = Get.Text(arguments.Bind("attr", 1, "name")[0]!).Text;
        return Members.AttributeOnly(subject, name) ?? UndefinedValue.Member(subject, name);
    }

    private static IEnumerable<Value> Batches(IEnumerable<Value> items, int size, Value? fill)
    {
        List<Value> batch = [];
        foreach (Value item in items)
        {
            if (batch.Count == size)
            {
                yield return new ListValue(batch);
                batch = [];
            }

            batch.Add(item);
        }

        if (batch.Count == 0)
        {
            yield break;
        }

        if (size > Limits.Items)
        {
            throw TemplateErrors.Limit("A batch is filled", Limits.Items);
        }

        while (fill is not null && batch.Count < size)
        {
            batch.Add(fill);
        }

        yield return new ListValue(batch);
    }
}
