using System.Collections.Frozen;

namespace LlmToolkit.Text.Templates;

/// <summary>Every test by its name.</summary>
internal static class TestTable
{
    private static readonly FrozenDictionary<string, Func<Value, Arguments, bool>> s_tests = new Dictionary<string, Func<Value, Arguments, bool>>(StringComparer.Ordinal)
    {
        ["boolean"] = (v, _) => v is BoolValue,
        ["callable"] = (v, _) => v is CallableValue or MacroValue or UndefinedValue or ObjectValue { Call: not null },
        ["defined"] = (v, _) => v is not UndefinedValue,
        ["divisibleby"] = (v, a) => Operators.AreEqual(Operators.Apply("%", v, Other(a, "divisibleby")), new IntValue(0)),
        ["escaped"] = (v, _) => v is StringValue { IsMarkup: true },
        ["even"] = (v, _) => Operators.AreEqual(Operators.Apply("%", v, new IntValue(2)), new IntValue(0)),
        ["false"] = (v, _) => v is BoolValue { IsTrue: false },
        ["filter"] = (v, _) => v is StringValue name && FilterTable.Has(name.Text),
        ["float"] = (v, _) => v is FloatValue,
        ["in"] = (v, a) => Operators.Contains(Other(a, "in"), v),
        ["integer"] = (v, _) => v is IntValue,
        ["iterable"] = (v, _) => Iteration.TryOver(v) is not null,
        ["lower"] = (v, _) => Casing.IsLower(PythonText.ToText(v).Text),
        ["mapping"] = (v, _) => v is DictValue,
        ["none"] = (v, _) => v is NoneValue,
        ["number"] = (v, _) => Operators.IsNumber(v),
        ["odd"] = (v, _) => Operators.AreEqual(Operators.Apply("%", v, new IntValue(2)), new IntValue(1)),
        ["sameas"] = (v, a) => AreSame(v, Other(a, "sameas")),
        ["sequence"] = (v, _) => v is SequenceValue or StringValue or DictValue or RangeValue or UndefinedValue,
        ["string"] = (v, _) => v is StringValue,
        ["test"] = (v, _) => v is StringValue name && Has(name.Text),
        ["true"] = (v, _) => v is BoolValue { IsTrue: true },
        ["undefined"] = (v, _) => v is UndefinedValue,
        ["upper"] = (v, _) => Casing.IsUpper(PythonText.ToText(v).Text),
        ["=="] = (v, a) => Operators.Compare("==", v, Other(a, "==")),
        ["eq"] = (v, a) => Operators.Compare("==", v, Other(a, "eq")),
        ["equalto"] = (v, a) => Operators.Compare("==", v, Other(a, "equalto")),
        ["!="] = (v, a) => Operators.Compare("!=", v, Other(a, "!=")),
        ["ne"] = (v, a) => Operators.Compare("!=", v, Other(a, "ne")),
        [">"] = (v, a) => Operators.Compare(">", v, Other(a, ">")),
        ["gt"] = (v, a) => Operators.Compare(">", v, Other(a, "gt")),
        ["greaterthan"] = (v, a) => Operators.Compare(">", v, Other(a, "greaterthan")),
        [">="] = (v, a) => Operators.Compare(">=", v, Other(a, ">=")),
        ["ge"] = (v, a) => Operators.Compare(">=", v, Other(a, "ge")),
        ["<"] = (v, a) => Operators.Compare("<", v, Other(a, "<")),
        ["lt"] = (v, a) => Operators.Compare("<", v, Other(a, "lt")),
        ["lessthan"] = (v, a) => Operators.Compare("<", v, Other(a, "lessthan")),
        ["<="] = (v, a) => Operators.Compare("<=", v, Other(a, "<=")),
        ["le"] = (v, a) => Operators.Compare("<=", v, Other(a, "le")),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool Has(string name) => s_tests.ContainsKey(name);

    public static Func<Value, Arguments, bool>? Find(string name) => s_tests.GetValueOrDefault(name);

    private static Value Other(Arguments arguments, string name) => arguments.Bind(name, 1, "other")[0]!;

    /// <summary>One object in Python; small values are shared there, so equal ones of a type count as one.</summary>
    private static bool AreSame(Value left, Value right) => ReferenceEquals(left, right)
        || (left.GetType() == right.GetType() && left is NoneValue or IntValue or StringValue && right is NoneValue or IntValue or StringValue && Operators.AreEqual(left, right))
        || (left is TupleValue { Items.Count: 0 } && right is TupleValue { Items.Count: 0 });
}
