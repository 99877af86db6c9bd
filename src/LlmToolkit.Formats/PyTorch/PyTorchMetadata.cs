using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using LlmToolkit.Formats.PyTorch.Pickle;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>The plain values beside the tensors (epoch, hyper-parameters …), by the dotted path of their keys; types by Python's names.</summary>
internal sealed class PyTorchMetadata : IModelMetadata
{
    /// <summary>Values kept; training logs can be long.</summary>
    private const int MaxEntries = 10_000;

    private readonly Dictionary<string, MetadataValue> _values = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, MetadataValue>> _entries = [];

    private PyTorchMetadata()
    {
    }

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, MetadataValue>> Entries => _entries;

    /// <summary>Gathers the plain values under a root.</summary>
    public static PyTorchMetadata Of(object? root)
    {
        PyTorchMetadata metadata = new();
        int entered = 0;
        int visited = 0;
        PyTorchTree.Walk(root, _ => ++entered < MaxEntries, (path, value) =>
        {
            if (path is not null && Convert(value) is { } converted)
            {
                string key = PyTorchTree.KeyPath.Join(path);
                if (metadata._values.TryAdd(key, converted))
                {
                    metadata._entries.Add(new(key, converted));
                }
            }

            return metadata._entries.Count < MaxEntries && entered < MaxEntries && ++visited < 100 * MaxEntries;
        }, () => { });
        return metadata;
    }

    /// <inheritdoc/>
    public bool TryGet(string key, [NotNullWhen(true)] out MetadataValue? value) => _values.TryGetValue(key, out value);

    private static MetadataValue? Convert(object? value) => value switch
    {
        bool b => new MetadataValue("bool", b),
        long l => new MetadataValue("int", l),
        BigInteger b => new MetadataValue("int", b.ToString(CultureInfo.InvariantCulture)),
        double d => new MetadataValue("float", d),
        string s => new MetadataValue("str", s),
        PickleGlobal { Meaning.DType: { } type } => new MetadataValue("torch.dtype", type.Name),
        _ => null,
    };
}
