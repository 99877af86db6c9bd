using System.Globalization;
using System.Numerics;
using System.Text;

namespace LlmToolkit.Formats.PyTorch.Pickle;

// The values that a pickle can hold here. Python's None, bool, int, float and str are null, bool, long (or BigInteger), double and string.

/// <summary>Bytes: only their number is kept.</summary>
internal sealed class PickleBytes(int length)
{
    public int Length { get; } = length;
}

/// <summary>A tuple, a torch.Size.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public static readonly PickleTuple Empty = new([]);

    public object?[] Items { get; } = items;
}

/// <summary>A list.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A set or a frozenset; its members are not compared, nothing asks for them.</summary>
internal sealed class PickleSet
{
    public List<object?> Items { get; } = [];
}

/// <summary>A dict, an OrderedDict or a Counter: entries in insertion order, the last value of a key wins.</summary>
internal sealed class PickleDict
{
    // Made with the first entry: a hostile pickle can hold millions of empty dicts.
    private Dictionary<object, int>? _index;
    private List<KeyValuePair<object?, object?>>? _items;

    public IReadOnlyList<KeyValuePair<object?, object?>> Items => (IReadOnlyList<KeyValuePair<object?, object?>>?)_items ?? [];

    /// <summary>Sets a value; false when the key is a list, dict or set, which Python cannot hash.</summary>
    public bool TrySet(object? key, object? value)
    {
        if (Identity(key) is not { } identity)
        {
            return false;
        }

        _index ??= new Dictionary<object, int>(KeyComparer.Instance);
        _items ??= [];
        if (_index.TryGetValue(identity, out int at))
        {
            _items[at] = new(_items[at].Key, value);
        }
        else
        {
            _index.Add(identity, _items.Count);
            _items.Add(new(key, value));
        }

        return true;
    }

    public bool TryGet(string key, out object? value)
    {
        int at = 0;
        bool found = _index?.TryGetValue(key, out at) == true;
        value = found ? _items![at].Value : null;
        return found;
    }

    /// <summary>What two keys that Python holds for equal have in common: 1, 1.0 and True are one key.</summary>
    private static object? Identity(object? key) => key switch
    {
        null => DBNull.Value,
        bool b => b ? 1L : 0L,
        double d when d == Math.Truncate(d) && Math.Abs(d) < 9e15 => (long)d,
        PickleTuple tuple => TupleIdentity(tuple),
        PickleList or PickleDict or PickleSet => null,
        _ => key,
    };

    private static TupleKey? TupleIdentity(PickleTuple tuple)
    {
        StringBuilder text = new("(");
        return Describe(tuple, text, 0) ? new TupleKey(text.ToString()) : null;
    }

    /// <summary>Writes a tuple key out. Depth and length are bounded: a tuple of tuples can be endless as text.</summary>
    private static bool Describe(PickleTuple tuple, StringBuilder text, int depth)
    {
        foreach (object? item in tuple.Items)
        {
            if (depth > 16 || text.Length > 4096)
            {
                return false;
            }

            switch (item)
            {
                case PickleTuple inner:
                    text.Append('(');
                    if (!Describe(inner, text, depth + 1))
                    {
                        return false;
                    }

                    text.Append(')');
                    break;
                case PickleList or PickleDict or PickleSet:
                    return false;
                case string s:
                    text.Append(CultureInfo.InvariantCulture, $"{s.Length}:{s},");
                    break;
                default:
                    text.Append(CultureInfo.InvariantCulture, $"{item ?? "None"},");
                    break;
            }
        }

        return true;
    }

    private sealed record TupleKey(string Text);

    /// <summary>Hashes numbers with the process's seed: their own hash codes could be made to collide.</summary>
    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        bool IEqualityComparer<object>.Equals(object? x, object? y) => Equals(x, y);

        public int GetHashCode(object obj) => obj switch
        {
            long l => HashCode.Combine((int)l, (int)(l >> 32)),
            double d => HashCode.Combine((int)BitConverter.DoubleToInt64Bits(d), (int)(BitConverter.DoubleToInt64Bits(d) >> 32)),
            _ => obj.GetHashCode(),
        };
    }
}

/// <summary>A named object of Python: never looked up, only compared with the list of those that have a meaning.</summary>
internal sealed class PickleGlobal(string name, PickleMeaning? meaning)
{
    /// <summary><c>module.name</c>, as the file writes it.</summary>
    public string Name { get; } = name;

    /// <summary>What it means; null: nothing, it stays inert and the file is refused.</summary>
    public PickleMeaning? Meaning { get; } = meaning;

    public override string ToString() => Name;
}

/// <summary>What a call or an object of an inert global came to: nothing, under a name.</summary>
internal sealed class PickleOpaque(string name)
{
    public string Name { get; } = name;
}

/// <summary>A run of bytes that tensors look into.</summary>
/// <param name="Key">Key of the record, unique in the file.</param>
/// <param name="Class">Type of the elements; null for an untyped storage, which counts bytes.</param>
/// <param name="Count">Number of elements.</param>
/// <param name="FirstElement">Where in the record it begins, in elements: windows exist in the legacy form only.</param>
/// <param name="HasData">False on the device <c>meta</c>.</param>
internal sealed record PickleStorage(string Key, StorageClass Class, long Count, long FirstElement, bool HasData);

/// <summary>A tensor as the pickle describes it; nothing is checked against the storage yet.</summary>
internal sealed record PickleTensor(PickleStorage Storage, DType DType, long Offset, long[] Shape, long[] Strides);

/// <summary>Text of dictionary keys in tensor names.</summary>
internal static class PickleKeys
{
    /// <summary>Most items of a tuple that is a key.</summary>
    private const int MaxParts = 8;

    /// <summary>A key as part of a path, as Python shows it, or null for keys that no one writes into a path.</summary>
    public static string? Text(object? key) => key switch
    {
        string s => s,
        long l => l.ToString(CultureInfo.InvariantCulture),
        BigInteger b => b.ToString(CultureInfo.InvariantCulture),
        bool b => b ? "True" : "False",
        double d => d.ToString("R", CultureInfo.InvariantCulture),
        null => "None",
        PickleGlobal global => global.Name,
        PickleOpaque opaque => opaque.Name,
        PickleTuple { Items.Length: > 0 and <= MaxParts } tuple when Array.TrueForAll(tuple.Items, i => i is string or long or null) =>
            $"({string.Join(", ", tuple.Items.Select(i => i is string s ? $"'{s}'" : Text(i)))}{(tuple.Items.Length == 1 ? "," : "")})",
        _ => null,
    };
}
