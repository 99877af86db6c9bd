namespace LlmToolkit.Text.Templates;

/// <summary>The state of a loop, which its body sees as <c>loop</c>.</summary>
internal sealed class LoopState
{
    private readonly IReadOnlyList<Value> _items;
    private readonly int _depth;
    private IReadOnlyList<Value>? _changed;

    /// <param name="items">All items.</param>
    /// <param name="depth">Number of recursive loops around this one.</param>
    /// <param name="recurse">Runs the loop over other items; null: the loop is not recursive.</param>
    public LoopState(IReadOnlyList<Value> items, int depth, Func<Value, StringValue>? recurse)
    {
        _items = items;
        _depth = depth;
        Value = new ObjectValue("LoopContext", Member, recurse is null
            ? (_, _) => throw TemplateErrors.Type("the loop is not marked as recursive")
            : (_, arguments) => recurse(arguments.Bind("loop", 1, "iterable")[0]!));
    }

    /// <summary>The turn, from 0.</summary>
    public int Index { get; set; }

    /// <summary>What templates see.</summary>
    public ObjectValue Value { get; }

    private Value? Member(string name) => name switch
    {
        "index" => Number(Index + 1),
        "index0" => Number(Index),
        "revindex" => Number(_items.Count - Index),
        "revindex0" => Number(_items.Count - Index - 1),
        "first" => BoolValue.Of(Index == 0),
        "last" => BoolValue.Of(Index == _items.Count - 1),
        "length" => Number(_items.Count),
        "depth" => Number(_depth + 1),
        "depth0" => Number(_depth),
        "previtem" => Index > 0 ? _items[Index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Index + 1 < _items.Count ? _items[Index + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new CallableValue("cycle", (_, arguments) => arguments.Positional.Count > 0
            ? arguments.Positional[Index % arguments.Positional.Count]
            : throw TemplateErrors.Type("loop.cycle() needs items")),
        "changed" => new CallableValue("changed", (_, arguments) => Changed(arguments.Positional)),
        _ => null,
    };

    private static IntValue Number(int number) => new(number);

    private BoolValue Changed(IReadOnlyList<Value> values)
    {
        bool same = _changed is not null && _changed.Count == values.Count && _changed.Zip(values).All(p => Operators.AreEqual(p.First, p.Second));
        _changed = values;
        return BoolValue.Of(!same);
    }
}
