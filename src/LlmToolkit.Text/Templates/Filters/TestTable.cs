using System.Collections.Frozen;

namespace LlmToolkit.Text.Templates;

/// <summary>Every test by its name.</summary>
internal static class TestTable
{
    private static readonly FrozenDictionary<string, Func<Value, Arguments, bool>> s_tests = new Dictionary<string, Func<Value, Arguments, bool>>(StringComparer.Ordinal)
    {
        ["boolean"] = Alone(v => v is BoolValue),
        ["callable"] = Alone(v => v is CallableValue or MacroValue or UndefinedValue or ObjectValue { Call: not null }),
        ["defined"] = Alone(v => v is not UndefinedValue),
        ["divisibleby"] = (v, a) => Operators.AreEqual(Operators.Apply("%", v, Other(a, "divisibleby")), new IntValue(0)),
        ["escaped"] = Alone(v => v is StringValue { IsMarkup: true }),
        ["even"] = Alone(v => Operators.AreEqual(Operators.Apply("%", v, new IntValue(2)), new IntValue(0))),
        ["false"] = Alone(v => v is BoolValue { IsTrue: false }),
        ["filter"] = Alone(v => v is StringValue name && FilterTable.Has(name.Text)),
        ["float"] = Alone(v => v is FloatValue),
        ["in"] = (v, a) => Operators.Contains(Other(a, "in"), v),
        ["integer"] = Alone(v => v is IntValue),
        ["iterable"] = Alone(v => Iteration.TryOver(v) is not null),
        ["lower"] = Alone(v => Casing.IsLower(PythonText.ToText(v).Text)),
        ["mapping"] = Alone(v => v is DictValue),
        ["none"] = Alone(v => v is NoneValue),
        ["number"] = Alone(v => Operators.IsNumber(v)),
        ["odd"] = Alone(v => Operators.AreEqual(Operators.Apply("%", v, new IntValue(2)), new IntValue(1))),
        ["sameas"] = (v, a) => AreSame(v, Other(a, "sameas")),
        ["sequence"] = Alone(v => v is SequenceValue or StringValue or DictValue or RangeValue or UndefinedValue),
        ["string"] = Alone(v => v is StringValue),
        ["test"] = Alone(v => v is StringValue name && Has(name.Text)),
        ["true"] = Alone(v => v is BoolValue { IsTrue: true }),
        ["undefined"] = Alone(v => v is UndefinedValue),
        ["upper"] = Alone(v => Casing.IsUpper(PythonText.ToText(v).Text)),
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

    /// <summary>A test that takes no arguments.</summary>
    private static Func<Value, Arguments, bool> Alone(Func<Value, bool> test) => (value, arguments) => arguments.Bind("the test", 0).Length == 0 && test(value);

    private static Value Other(Arguments arguments, string name) => arguments.Bind(name, 1, "other")[0]!;

    /// <summary>One object in Python; small values are shared there, so equal ones of a type count as one.</summary>
    private static bool AreSame(Value left, Value right) => ReferenceEquals(left, right)
        || (left.GetType() == right.GetType() && left is NoneValue or IntValue or StringValue && right is NoneValue or IntValue or StringValue && Operators.AreEqual(left, right))
        || (left is TupleValue { Items.Count: 0 } && right is TupleValue { Items.Count: 0 });
}
