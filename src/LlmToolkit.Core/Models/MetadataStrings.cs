using System.Collections;

namespace LlmToolkit;

/// <summary>A list of texts of which some may not be UTF-8 in the file: those are decoded with replacement characters, and their bytes are kept.</summary>
public sealed class MetadataStrings : IReadOnlyList<string>
{
    private readonly string[] _texts;
    private readonly IReadOnlyDictionary<int, byte[]>? _raw;

    /// <summary>Wraps texts.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="raw">The bytes of those that are not UTF-8, by index; null: all are.</param>
    public MetadataStrings(string[] texts, IReadOnlyDictionary<int, byte[]>? raw = null) => (_texts, _raw) = (texts, raw);

    /// <inheritdoc/>
    public int Count => _texts.Length;

    /// <inheritdoc/>
    public string this[int index] => _texts[index];

    /// <summary>The stored bytes of a text that is not UTF-8; null for one that is.</summary>
    public byte[]? Raw(int index) => _raw?.GetValueOrDefault(index);

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)_texts).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
