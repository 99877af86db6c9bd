using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>A config.json as metadata: dotted paths, looked up in the nested text configuration first and at the top level second.</summary>
internal sealed class JsonMetadata : IModelMetadata
{
    /// <summary>Where multimodal models keep the configuration of their language model.</summary>
    private static readonly string[] s_textConfigurations = ["text_config", "language_config", "llm_config", "thinker_config.text_config"];

    private readonly JsonElement _root;
    private readonly JsonElement? _text;

    /// <summary>Wraps a JSON object.</summary>
    public JsonMetadata(JsonElement root)
    {
        _root = root;
        foreach (string path in s_textConfigurations)
        {
            if (Find(root, path) is { ValueKind: JsonValueKind.Object } text)
            {
                _text = text;
                break;
            }
        }
    }

    /// <summary>True when the configuration of the language model is a part of a larger one.</summary>
    public bool IsNested => _text is not null;

    /// <summary>The members of the object itself.</summary>
    public JsonElement Root => _root;

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, MetadataValue>> Entries =>
        _root.EnumerateObject().Select(p => new KeyValuePair<string, MetadataValue>(p.Name, Value(p.Value)));

    /// <inheritdoc/>
    public bool TryGet(string key, [NotNullWhen(true)] out MetadataValue? value)
    {
        value = ((_text is { } text ? Find(text, key) : null) ?? Find(_root, key)) is { } found ? Value(found) : null;
        return value is not null;
    }

    /// <summary>The value at a dotted path; null where it is absent or JSON null.</summary>
    public static JsonElement? Find(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (element.TryGetProperty(path, out JsonElement direct))
        {
            return direct.ValueKind == JsonValueKind.Null ? null : direct;
        }

        int dot = path.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && element.TryGetProperty(path.AsSpan(0, dot), out JsonElement next) ? Find(next, path[(dot + 1)..]) : null;
    }

    /// <summary>A JSON value as a metadata value.</summary>
    public static MetadataValue Value(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return new MetadataValue("string", element.GetString());
            case JsonValueKind.Number:
                return new MetadataValue("number", Number(element));
            case JsonValueKind.True or JsonValueKind.False:
                return new MetadataValue("boolean", element.GetBoolean());
            case JsonValueKind.Array:
                return Array(element);
            case JsonValueKind.Object:
                return new MetadataValue("object", element);
            default:
                return new MetadataValue("null", (object?)null);
        }
    }

    private static object Number(JsonElement element) =>
        element.TryGetInt64(out long integer) ? integer : element.TryGetUInt64(out ulong wide) ? wide : element.GetDouble();

    private static MetadataValue Array(JsonElement array)
    {
        int count = array.GetArrayLength();
        bool All(params ReadOnlySpan<JsonValueKind> kinds)
        {
            foreach (JsonElement element in array.EnumerateArray())
            {
                if (!kinds.Contains(element.ValueKind))
                {
                    return false;
                }
            }

            return true;
        }

        if (All(JsonValueKind.String))
        {
            return new MetadataValue("array", new MetadataStrings([.. array.EnumerateArray().Select(e => e.GetString()!)]), "string", count);
        }

        if (All(JsonValueKind.True, JsonValueKind.False))
        {
            return new MetadataValue("array", array.EnumerateArray().Select(e => e.GetBoolean()).ToArray(), "boolean", count);
        }

        if (All(JsonValueKind.Number))
        {
            return array.EnumerateArray().All(e => e.TryGetInt64(out _))
                ? new MetadataValue("array", array.EnumerateArray().Select(e => e.GetInt64()).ToArray(), "number", count)
                : new MetadataValue("array", array.EnumerateArray().Select(e => e.GetDouble()).ToArray(), "number", count);
        }

        return new MetadataValue("array", array.EnumerateArray().Select(Value).ToArray(), "mixed", count);
    }
}
