using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>A value of the template language. Nothing else of the host can be reached from a template.</summary>
internal abstract class Value
{
    /// <summary>The type's name in messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>What <c>if</c> makes of it.</summary>
    public virtual bool IsTrue => true;

    /// <summary>How many lists, tuples and dicts lie inside one another; bounded, so that walking a value needs no guard.</summary>
    public virtual int Depth => 0;

    /// <summary>The depth of what holds a value.</summary>
    protected static int DepthAround(int depth, Value item) => item.Depth < Limits.Nesting
        ? Math.Max(depth, item.Depth + 1)
        : throw TemplateErrors.Limit("Lists and dicts lie inside one another", Limits.Nesting);
}

/// <summary>What is not there: empty in print and loops, an error where it is used.</summary>
/// <param name="message">What to say when it is used.</param>
/// <param name="forbidden">It exists but is hidden from templates.</param>
internal sealed class UndefinedValue(string message, bool forbidden = false) : Value
{
    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    /// <summary>The error of using it.</summary>
    public ModelException Error() => forbidden ? TemplateErrors.Security(message) : TemplateErrors.Undefined(message);

    /// <summary>A variable that was not set.</summary>
    public static UndefinedValue Name(string name) => new($"'{name}' is undefined");

    /// <summary>A member that a value lacks.</summary>
    public static UndefinedValue Member(Value subject, string name) => new($"'{subject.TypeName} object' has no attribute '{name}'");

    /// <summary>A member that a value has and templates may not use.</summary>
    public static UndefinedValue Forbidden(Value subject, string name) => new($"access to attribute '{name}' of '{subject.TypeName}' object is unsafe", true);
}

internal sealed class NoneValue : Value
{
    public static NoneValue Instance { get; } = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

internal sealed class BoolValue : Value
{
    private BoolValue(bool value) => IsTrue = value;

    public static BoolValue True { get; } = new(true);

    public static BoolValue False { get; } = new(false);

    public override string TypeName => "bool";

    public override bool IsTrue { get; }

    public static BoolValue Of(bool value) => value ? True : False;
}

/// <summary>An integer without bounds (but the limit of <see cref="Limits.IntegerBits"/>).</summary>
internal sealed class IntValue(BigInteger number) : Value
{
    public BigInteger Number { get; } = number.GetBitLength() <= Limits.IntegerBits ? number : throw TemplateErrors.Limit("An integer grows beyond its bits", Limits.IntegerBits);

    public override string TypeName => "int";

    public override bool IsTrue => !Number.IsZero;
}

internal sealed class FloatValue(double number) : Value
{
    public double Number { get; } = number;

    public override string TypeName => "float";

    public override bool IsTrue => Number != 0;
}

/// <summary>A list or a tuple. Templates cannot change them, so they are shared freely.</summary>
internal abstract class SequenceValue(IReadOnlyList<Value> items) : Value
{
    public IReadOnlyList<Value> Items { get; } = items.Count <= Limits.Items ? items : throw TemplateErrors.Limit($"A list has {items.Count} items", Limits.Items);

    public override bool IsTrue => Items.Count > 0;

    public override int Depth { get; } = items.Aggregate(1, DepthAround);

    /// <summary>Another sequence of this kind.</summary>
    public abstract SequenceValue With(IReadOnlyList<Value> items);
}

internal sealed class ListValue(IReadOnlyList<Value> items) : SequenceValue(items)
{
    public override string TypeName => "list";

    public override SequenceValue With(IReadOnlyList<Value> items) => new ListValue(items);
}

/// <summary>A tuple; groupby's have names for their items.</summary>
internal sealed class TupleValue(IReadOnlyList<Value> items, params string[] names) : SequenceValue(items)
{
    /// <summary>Names of the items, or none.</summary>
    public string[] Names => names;

    public override string TypeName => "tuple";

    public override SequenceValue With(IReadOnlyList<Value> items) => new TupleValue(items);
}

/// <summary>A dict: insertion order, Python's equality of keys.</summary>
internal sealed class DictValue : Value
{
    private int _depth = 1;

    public OrderedDictionary<Value, Value> Entries { get; } = new(KeyComparer.Instance);

    public override string TypeName => "dict";

    public override bool IsTrue => Entries.Count > 0;

    public override int Depth => _depth;

    /// <summary>The value of a text key, or null.</summary>
    public Value? Find(string key) => Entries.TryGetValue(StringValue.Of(key), out Value? value) ? value : null;

    /// <summary>Adds or replaces.</summary>
    /// <exception cref="ModelException">The key cannot be one.</exception>
    public void Set(Value key, Value value)
    {
        KeyComparer.Check(key);
        _depth = DepthAround(_depth, value);
        Entries[key] = value;
        if (Entries.Count > Limits.Items)
        {
            throw TemplateErrors.Limit("A dict grows", Limits.Items);
        }
    }

    /// <summary>Adds or replaces by a text key.</summary>
    public void Set(string key, Value value) => Set(StringValue.Of(key), value);

    public DictValue Copy()
    {
        DictValue copy = new();
        foreach ((Value key, Value value) in Entries)
        {
            copy.Set(key, value);
        }

        return copy;
    }
}

/// <summary><c>range(…)</c>.</summary>
internal sealed class RangeValue(BigInteger start, BigInteger stop, BigInteger step, int count) : Value
{
    public BigInteger Start => start;

    public BigInteger Stop => stop;

    public BigInteger Step => step;

    public int Count => count;

    public override string TypeName => "range";

    public override bool IsTrue => count > 0;

    public Value this[int index] => new IntValue(start + (step * index));
}

/// <summary>What lazy filters give: read once.</summary>
internal sealed class GeneratorValue(IEnumerable<Value> items) : Value
{
    private IEnumerator<Value>? _items;

    public override string TypeName => "generator";

    /// <summary>The items that are left.</summary>
    public IEnumerable<Value> Rest()
    {
        _items ??= items.GetEnumerator();
        while (_items.MoveNext())
        {
            yield return _items.Current;
        }
    }
}

/// <summary>A dict's keys, values or items.</summary>
internal sealed class ViewValue(DictValue dict, string part) : Value
{
    public DictValue Dict => dict;

    public string Part => part;

    public override string TypeName => "dict_" + part;

    public override bool IsTrue => dict.IsTrue;

    public IEnumerable<Value> Items() => part switch
    {
        "keys" => dict.Entries.Keys,
        "values" => dict.Entries.Values,
        _ => dict.Entries.Select(e => (Value)new TupleValue([e.Key, e.Value])),
    };
}

/// <summary>What <c>set ns.x</c> may change.</summary>
internal sealed class NamespaceValue : Value
{
    public DictValue Members { get; } = new();

    public override string TypeName => "Namespace";

    public void Set(string name, Value value)
    {
        if (name.StartsWith('_'))
        {
            throw TemplateErrors.Security($"a namespace takes no names that begin with an underscore, such as '{name}'");
        }

        Members.Set(name, value);
    }
}

/// <summary>Something to call.</summary>
internal sealed class CallableValue(string name, Func<Evaluator, Arguments, Value> call, string typeName = "function") : Value
{
    public string Name => name;

    public override string TypeName => typeName;

    public Value Invoke(Evaluator run, Arguments arguments) => call(run, arguments);
}

/// <summary>An object with named members and nothing else: a loop, a cycler, a joiner.</summary>
/// <param name="typeName">Its type's name.</param>
/// <param name="member">A member, or null where there is none.</param>
/// <param name="call">What calling it does; null: it cannot be called.</param>
internal sealed class ObjectValue(string typeName, Func<string, Value?> member, Func<Evaluator, Arguments, Value>? call = null) : Value
{
    public override string TypeName => typeName;

    public Func<Evaluator, Arguments, Value>? Call => call;

    public Value? Member(string name) => member(name);
}

/// <summary>A macro with the scope that it was defined in.</summary>
internal sealed class MacroValue(Macro macro, Scope scope) : Value
{
    public Macro Macro => macro;

    public Scope Scope => scope;

    public override string TypeName => "Macro";
}
