using System.Collections;
using System.Globalization;

namespace LlmToolkit.Engine.Model;

/// <summary>
/// What each tensor is called. The key is GGUF's name without its suffix, <c>N</c> standing for the layer; the values are the Hugging Face spellings,
/// the likeliest first, <c>N</c> for the layer and <c>E</c> for an expert, without the prefix that models put in front.
/// </summary>
internal sealed class TensorNames : IEnumerable<KeyValuePair<string, string[]>>
{
    private readonly Dictionary<string, string[]> _huggingFace = new(StringComparer.Ordinal);

    /// <summary>Starts an empty table, or a copy to change.</summary>
    public TensorNames(TensorNames? from = null)
    {
        foreach ((string role, string[] names) in from?._huggingFace ?? [])
        {
            _huggingFace[role] = names;
        }
    }

    /// <summary>The Hugging Face spellings of a role.</summary>
    public string[] this[string role]
    {
        get => _huggingFace.TryGetValue(role, out string[]? names) ? names : [];
        set => _huggingFace[role] = value;
    }

    /// <summary>The names a container of that scheme may use for a role, in the order to try.</summary>
    public IEnumerable<string> Candidates(NamingScheme scheme, string role, int layer, int expert, IReadOnlyList<string> prefixes)
    {
        if (scheme == NamingScheme.Gguf)
        {
            yield return Fill(role, layer, expert);
            yield break;
        }

        foreach (string name in this[role])
        {
            string filled = Fill(name, layer, expert);
            foreach (string prefix in prefixes)
            {
                yield return prefix + filled;
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string[]>> GetEnumerator() => _huggingFace.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static string Fill(string name, int layer, int expert) => string.Join('.', name.Split('.').Select(part => part switch
    {
        "N" => layer.ToString(CultureInfo.InvariantCulture),
        "E" => expert.ToString(CultureInfo.InvariantCulture),
        _ => part,
    }));
}
