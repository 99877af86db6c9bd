using System.Text.Json;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign;

/// <summary>JSON: a server's error body, or a configuration named in place of the weights.</summary>
internal sealed class JsonText : ForeignRecogniser
{
    /// <summary>Files that lie beside the weights, and what they are.</summary>
    private static readonly (string Name, string Part)[] s_parts =
    [
        ("config.json", "the model's configuration"),
        ("params.json", "the model's configuration (original layout)"),
        ("generation_config.json", "the settings for generating"),
        ("tokenizer_config.json", "the tokenizer's settings"),
        ("special_tokens_map.json", "the tokenizer's settings"),
        ("added_tokens.json", "the tokenizer's settings"),
        ("adapter_config.json", "the configuration of an adapter"),
        ("modules.json", "the steps of an embedding model"),
        ("model_index.json", "the list of a diffusion pipeline"),
        ("preprocessor_config.json", "the settings for images or sound"),
        ("processor_config.json", "the settings for images or sound"),
        ("genai_config.json", "the configuration of ONNX Runtime GenAI"),
        ("quantize_config.json", "the settings of a quantization"),
    ];

    private static readonly string[] s_tokenizers = ["tokenizer.json", "tekken.json", "vocab.json"];

    /// <summary>Under these names servers put what went wrong.</summary>
    private static readonly string[] s_messages = ["error", "message", "detail", "error_description", "errors", "msg"];

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ReadOnlySpan<byte> text = TextStart.Of(bytes.Head);
        if (text.IsEmpty || text[0] is not ((byte)'{' or (byte)'[') || !IsJson(text, out string? message))
        {
            return null;
        }

        string name = Path.GetFileName(artifact.Path);
        string? part = Array.Find(s_parts, p => name.Equals(p.Name, StringComparison.OrdinalIgnoreCase)).Part;
        return new ForeignMatch("json", "JSON text", s_tokenizers.Contains(name, StringComparer.OrdinalIgnoreCase) ? ForeignErrors.Tokenizer(artifact.Path, name)
            : part is not null ? ForeignErrors.PartOfModel(artifact.Path, part, artifact.Directory)
            : message is not null ? ForeignErrors.JsonError(artifact.Path, message)
            : ForeignErrors.Json(artifact.Path));
    }

    /// <summary>As much as is here must be JSON, and more than its first bracket; it may be cut.</summary>
    private static bool IsJson(ReadOnlySpan<byte> text, out string? message)
    {
        message = null;
        Utf8JsonReader reader = new(text, isFinalBlock: false, default);
        int tokens = 0;
        bool isMessage = false;
        try
        {
            while (tokens < 100 && reader.Read())
            {
                tokens++;
                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    // {"error": "…"} and {"error": {"message": "…"}}.
                    isMessage = reader.CurrentDepth <= 2 && reader.GetString() is { } key && s_messages.Contains(key);
                }
                else if (reader.TokenType == JsonTokenType.String && isMessage)
                {
                    message ??= Shown.Text(reader.GetString()!);
                }
                else if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                {
                    isMessage = false;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperation: a text with half a surrogate pair.
            return e is not JsonException && tokens >= 2;
        }

        return tokens >= 2;
    }
}
