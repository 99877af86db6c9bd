namespace LlmToolkit.Text.Templates;

/// <summary>Lazy filters: map, select, reject. What they give can be walked once; of what is false (none, an empty list) they give nothing.</summary>
internal static class SelectFilters
{
    public static Value Map(Evaluator run, Value subject, Arguments arguments)
    {
        if (!subject.IsTrue)
        {
            return new GeneratorValue([]);
        }

        Func<Value, Value> map;
        if (arguments.Positional.Count == 0 && arguments.Find("attribute") is { } attribute)
        {
            Value? absent = arguments.Bind("map", 0, "attribute", "default")[1];
            map = Get.Attribute(attribute, absent is NoneValue ? null : absent);
        }
        else
        {
            string name = Name(arguments, "map");
            Arguments rest = arguments.Rest();
            map = item => run.Filter(name, item, rest);
        }

        return new GeneratorValue(Paid(run, subject).Select(map));
    }

    public static Value Select(Evaluator run, Value subject, Arguments arguments) => Choose(run, subject, arguments, null, true);

    public static Value Reject(Evaluator run, Value subject, Arguments arguments) => Choose(run, subject, arguments, null, false);

    public static Value SelectAttr(Evaluator run, Value subject, Arguments arguments) => ChooseByAttribute(run, subject, arguments, true);

    public static Value RejectAttr(Evaluator run, Value subject, Arguments arguments) => ChooseByAttribute(run, subject, arguments, false);

    private static GeneratorValue ChooseByAttribute(Evaluator run, Value subject, Arguments arguments, bool wanted) => !subject.IsTrue ? new GeneratorValue([])
        : arguments.Positional.Count > 0 ? Choose(run, subject, arguments.Rest(), Get.Attribute(arguments.Positional[0]), wanted)
        : throw TemplateErrors.Type("selectattr and rejectattr need the name of an attribute");

    private static GeneratorValue Choose(Evaluator run, Value subject, Arguments arguments, Func<Value, Value>? key, bool wanted)
    {
        if (!subject.IsTrue)
        {
            return new GeneratorValue([]);
        }

        Func<Value, bool> test = item => item.IsTrue;
        if (arguments.Positional.Count > 0)
        {
            string name = Name(arguments, "select");
            Arguments rest = arguments.Rest();
            test = item => run.Test(name, item, rest);
        }

        return new GeneratorValue(Paid(run, subject).Where(item => test(key is null ? item : key(item)) == wanted));
    }

    private static string Name(Arguments arguments, string filter) => arguments.Positional.Count > 0
        ? Get.Text(arguments.Positional[0]).Text
        : throw TemplateErrors.Type($"{filter} needs the name of a filter, or attribute=…");

    private static IEnumerable<Value> Paid(Evaluator run, Value subject) => Iteration.Over(subject).Select(item =>
    {
        run.Fuel.Spend();
        return item;
    });
}
