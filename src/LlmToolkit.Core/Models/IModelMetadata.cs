using System.Diagnostics.CodeAnalysis;

namespace LlmToolkit;

/// <summary>Key-value metadata of a container: GGUF's keys, or config.json with dotted paths (<c>rope_parameters.rope_theta</c>).</summary>
/// <remarks>For a config.json, a key is looked up in the nested text configuration (<c>text_config</c> …) first and at the top level second; JSON null counts as absent.</remarks>
public interface IModelMetadata
{
    /// <summary>Every key with its value, in the container's order.</summary>
    IEnumerable<KeyValuePair<string, MetadataValue>> Entries { get; }

    /// <summary>Looks a key up.</summary>
    bool TryGet(string key, [NotNullWhen(true)] out MetadataValue? value);
}

/// <summary>Typed look-ups over <see cref="IModelMetadata"/>: the first of several spellings that is present wins.</summary>
public static class ModelMetadataExtensions
{
    /// <summary>The first of the keys that holds an integer, or null.</summary>
    public static long? Int64(this IModelMetadata metadata, params ReadOnlySpan<string> keys)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach (string key in keys)
        {
            if (metadata.TryGet(key, out MetadataValue? value) && value.TryGetInt64(out long number))
            {
                return number;
            }
        }

        return null;
    }

    /// <summary>The first of the keys that holds a number, or null.</summary>
    public static double? Double(this IModelMetadata metadata, params ReadOnlySpan<string> keys)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach (string key in keys)
        {
            if (metadata.TryGet(key, out MetadataValue? value) && value.TryGetDouble(out double number))
            {
                return number;
            }
        }

        return null;
    }

    /// <summary>The first of the keys that holds text, or null.</summary>
    public static string? Text(this IModelMetadata metadata, params ReadOnlySpan<string> keys)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach (string key in keys)
        {
            if (metadata.TryGet(key, out MetadataValue? value) && value.TryGetString(out string? text))
            {
                return text;
            }
        }

        return null;
    }

    /// <summary>The first of the keys that holds a truth, or null.</summary>
    public static bool? Bool(this IModelMetadata metadata, params ReadOnlySpan<string> keys)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach (string key in keys)
        {
            if (metadata.TryGet(key, out MetadataValue? value) && value.TryGetBool(out bool truth))
            {
                return truth;
            }
        }

        return null;
    }
}
