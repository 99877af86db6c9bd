using System.Diagnostics.CodeAnalysis;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>The texts of <c>__metadata__</c>; of several files the first one's value counts.</summary>
internal sealed class SafetensorsMetadata : IModelMetadata
{
    private readonly List<KeyValuePair<string, MetadataValue>> _entries = [];
    private readonly Dictionary<string, MetadataValue> _byKey = new(StringComparer.Ordinal);

    /// <summary>Collects the texts.</summary>
    public SafetensorsMetadata(IEnumerable<KeyValuePair<string, string>> texts)
    {
        foreach ((string key, string text) in texts)
        {
            MetadataValue value = new("string", text);
            if (_byKey.TryAdd(key, value))
            {
                _entries.Add(new(key, value));
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, MetadataValue>> Entries => _entries;

    /// <inheritdoc/>
    public bool TryGet(string key, [NotNullWhen(true)] out MetadataValue? value) => _byKey.TryGetValue(key, out value);
}
