using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>Equality of dict keys: 1, 1.0 and true are one key, text compares by its characters alone.</summary>
internal sealed class KeyComparer : IEqualityComparer<Value>
{
    public static KeyComparer Instance { get; } = new();

    /// <summary>Refuses what Python cannot hash.</summary>
    public static void Check(Value key)
    {
        if (!CanHash(key))
        {
            throw TemplateErrors.Type($"a {key.TypeName} cannot be a key");
        }
    }

    public static bool CanHash(Value key) => key switch
    {
        ListValue or DictValue or NamespaceValue => false,
        TupleValue tuple => tuple.Items.All(CanHash),
        _ => true,
    };

    public bool Equals(Value? x, Value? y) => x is not null && y is not null && Operators.AreEqual(x, y);

    public int GetHashCode(Value obj) => obj switch
    {
        StringValue text => text.Text.GetHashCode(StringComparison.Ordinal),
        BoolValue truth => new BigInteger(truth.IsTrue ? 1 : 0).GetHashCode(),
        IntValue integer => integer.Number.GetHashCode(),
        FloatValue real => double.IsFinite(real.Number) && Math.Floor(real.Number) == real.Number ? new BigInteger(real.Number).GetHashCode() : real.Number.GetHashCode(),
        TupleValue tuple => tuple.Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
        UndefinedValue => 1,
        _ => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(obj),
    };
}
