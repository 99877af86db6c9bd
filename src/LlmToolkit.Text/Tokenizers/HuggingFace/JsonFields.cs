using System.Text.Json;
using System.Text.Unicode;

namespace LlmToolkit.Text;

/// <summary>Typed reading of a tokenizer's JSON: every fault names the field, what was found and what was expected.</summary>
internal sealed class JsonFields(string? file)
{
    private const int MaxDepth = 128;

    public string? File => file;

    /// <summary>Parses a file.</summary>
    public JsonDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        if (!Utf8.IsValid(bytes.Span))
        {
            throw TokenizerErrors.BadJson(file, "the JSON", "not UTF-8 text", "valid JSON");
        }

        JsonDocumentOptions options = new() { MaxDepth = MaxDepth };
        try
        {
            CheckTexts(bytes.Span);
            return JsonDocument.Parse(bytes, options);
        }
        catch (JsonException first)
        {
            JsonException fault = first;
            if (WithoutNonFinite(bytes.Span) is { } plain)
            {
                try
                {
                    CheckTexts(plain);
                    return JsonDocument.Parse(plain, options);
                }
                catch (JsonException second)
                {
                    fault = second;
                }
            }

            throw TokenizerErrors.BadJson(file, "the JSON", $"malformed at line {fault.LineNumber + 1}, byte {fault.BytePositionInLine}", "valid JSON", fault);
        }
    }

    /// <summary>Decodes every text that may hold half a surrogate pair once, so that reading an element later cannot fail.</summary>
    private void CheckTexts(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOf("\\ud"u8) < 0 && bytes.IndexOf("\\uD"u8) < 0)
        {
            return;
        }

        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }
        }
        catch (InvalidOperationException fault)
        {
            throw TokenizerErrors.BadJson(file, $"a text before byte {reader.BytesConsumed}", "half of a surrogate pair", "Unicode text", fault);
        }
    }

    public ModelException Bad(string field, JsonElement found, string expected) => TokenizerErrors.BadJson(file, field, Describe(found), expected);

    /// <summary>A member that is present and not null.</summary>
    public static bool TryGet(JsonElement json, string name, out JsonElement value)
    {
        value = default;
        return json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    public JsonElement Require(JsonElement json, string name, JsonValueKind kind)
    {
        if (!TryGet(json, name, out JsonElement value) || value.ValueKind != kind)
        {
            throw TokenizerErrors.BadJson(file, name, value.ValueKind == JsonValueKind.Undefined ? "missing" : Describe(value), $"a JSON {kind}");
        }

        return value;
    }

    public string Text(JsonElement json, string name) => String(Require(json, name, JsonValueKind.String), name);

    public string? OptionalText(JsonElement json, string name) =>
        !TryGet(json, name, out JsonElement value) ? null : value.ValueKind == JsonValueKind.String ? String(value, name) : throw Bad(name, value, "a string or null");

    public string String(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw Bad(field, value, "a string");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException fault)
        {
            throw TokenizerErrors.BadJson(file, field, "text with half of a surrogate pair", "Unicode text", fault);
        }
    }

    public bool Flag(JsonElement json, string name, bool otherwise) =>
        !TryGet(json, name, out JsonElement value) ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Bad(name, value, "true or false");

    public int Int(JsonElement value, string field) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : throw Bad(field, value, "an integer");

    public int Int(JsonElement json, string name, int otherwise) => TryGet(json, name, out JsonElement value) ? Int(value, name) : otherwise;

    /// <summary>Python writes NaN and Infinity, which JSON lacks, into config files: null in their place. Gives null where there are none.</summary>
    private static byte[]? WithoutNonFinite(ReadOnlySpan<byte> bytes)
    {
        List<byte> plain = new(bytes.Length);
        bool text = false;
        bool found = false;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte b = bytes[i];
            if (text && b == '\\' && i + 1 < bytes.Length)
            {
                plain.Add(b);
                plain.Add(bytes[++i]);
                continue;
            }

            text ^= b == '"';
            ReadOnlySpan<byte> rest = bytes[i..];
            int length = text ? 0 : rest.StartsWith("-Infinity"u8) ? 9 : rest.StartsWith("Infinity"u8) ? 8 : rest.StartsWith("NaN"u8) ? 3 : 0;
            if (length == 0)
            {
                plain.Add(b);
                continue;
            }

            plain.AddRange("null"u8);
            found = true;
            i += length - 1;
        }

        return found ? [.. plain] : null;
    }

    private static string Describe(JsonElement value)
    {
        string text = value.ValueKind == JsonValueKind.Undefined ? "missing" : value.GetRawText();
        return text.Length > 80 ? $"{text.AsSpan(0, 80)}…" : text;
    }
}
