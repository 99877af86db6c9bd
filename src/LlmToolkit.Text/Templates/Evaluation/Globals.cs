using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>The functions that every template has.</summary>
internal static class Globals
{
    public static void AddTo(Scope scope)
    {
        scope.Set("raise_exception", new CallableValue("raise_exception", (_, arguments) =>
            throw TemplateErrors.Raised(PythonText.ToText(arguments.Bind("raise_exception", 1, "message")[0]!).Text)));
        scope.Set("strftime_now", new CallableValue("strftime_now", (run, arguments) =>
            DateFormat.Format(run.Now, Get.Text(arguments.Bind("strftime_now", 1, "format")[0]!))));
        scope.Set("namespace", new CallableValue("namespace", (_, arguments) => Namespace(arguments), "type"));
        scope.Set("dict", new ObjectValue("type", name => name == "fromkeys" ? ContainerMethods.Find(new DictValue(), name) : null, (_, arguments) => Dict(arguments)));
        scope.Set("range", new CallableValue("range", (_, arguments) => Range(arguments), "type"));
        scope.Set("cycler", new CallableValue("cycler", (_, arguments) => Cycler(arguments), "type"));
        scope.Set("joiner", new CallableValue("joiner", (_, arguments) => Joiner(arguments), "type"));
    }

    private static NamespaceValue Namespace(Arguments arguments)
    {
        NamespaceValue names = new();
        foreach ((Value key, Value value) in Dict(arguments).Entries)
        {
            names.Set(key is StringValue name ? name.Text : throw TemplateErrors.Type("names in a namespace must be text"), value);
        }

        return names;
    }

    /// <summary><c>dict(mapping or pairs, **named)</c>.</summary>
    private static DictValue Dict(Arguments arguments)
    {
        if (arguments.Positional.Count > 1)
        {
            throw TemplateErrors.Type($"dict() takes at most 1 argument, {arguments.Positional.Count} were given");
        }

        DictValue dict = new();
        switch (arguments.Positional.Count == 0 ? null : arguments.Positional[0])
        {
            case null:
                break;
            case DictValue other:
                dict = other.Copy();
                break;
            case Value pairs:
                foreach (Value pair in Iteration.Over(pairs))
                {
                    List<Value> entry = Iteration.ToList(pair);
                    if (entry.Count != 2)
                    {
                        throw TemplateErrors.Type($"a dict is made of pairs, not of {entry.Count} values");
                    }

                    dict.Set(entry[0], entry[1]);
                }

                break;
        }

        foreach ((string name, Value value) in arguments.Named)
        {
            dict.Set(name, value);
        }

        return dict;
    }

    private static RangeValue Range(Arguments arguments)
    {
        BigInteger[] given = [.. arguments.Positional.Select(v => Operators.IsInteger(v, out BigInteger number)
            ? number : throw TemplateErrors.Type($"range() needs integers, not {v.TypeName}"))];
        if (given.Length is 0 or > 3 || arguments.Named.Count > 0)
        {
            throw TemplateErrors.Type("range() takes 1 to 3 integers");
        }

        BigInteger start = given.Length == 1 ? 0 : given[0];
        BigInteger stop = given.Length == 1 ? given[0] : given[1];
        BigInteger step = given.Length == 3 ? given[2] : 1;
        if (step.IsZero)
        {
            throw TemplateErrors.Type("the step of a range cannot be zero");
        }

        BigInteger distance = step.Sign > 0 ? stop - start : start - stop;
        BigInteger count = distance.Sign <= 0 ? 0 : ((distance - 1) / BigInteger.Abs(step)) + 1;
        return count <= Limits.RangeLength ? new RangeValue(start, stop, step, (int)count) : throw TemplateErrors.Limit($"A range has {count} items", Limits.RangeLength);
    }

    private static ObjectValue Cycler(Arguments arguments)
    {
        IReadOnlyList<Value> items = arguments.Positional.Count > 0 ? arguments.Positional : throw TemplateErrors.Type("cycler() needs items");
        int at = 0;
        return new ObjectValue("Cycler", name => name switch
        {
            "current" => items[at],
            "next" => new CallableValue(name, (_, _) =>
            {
                Value item = items[at];
                at = (at + 1) % items.Count;
                return item;
            }),
            "reset" => new CallableValue(name, (_, _) =>
            {
                at = 0;
                return NoneValue.Instance;
            }),
            _ => null,
        });
    }

    /// <summary>Gives nothing the first time, its separator from then on.</summary>
    private static ObjectValue Joiner(Arguments arguments)
    {
        Value separator = arguments.Bind("joiner", 0, "sep")[0] ?? StringValue.Of(", ");
        bool used = false;
        return new ObjectValue("Joiner", _ => null, (_, _) =>
        {
            Value text = used ? separator : StringValue.Empty;
            used = true;
            return text;
        });
    }
}
