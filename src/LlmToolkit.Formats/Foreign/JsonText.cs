using System.Text.Json;

namespace LlmToolkit.Formats.Foreign;

/// <summary>JSON: a server's error body, or a configuration named in place of the weights.</summary>
internal sealed class JsonText : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ReadOnlySpan<byte> text = TextStart.Of(bytes.Head);
        if (text.IsEmpty || text[0] is not ((byte)'{' or (byte)'['))
        {
            return null;
        }

        // As much as is here must be JSON, and more than its first bracket; it may be cut.
        Utf8JsonReader reader = new(text, isFinalBlock: false, default);
        int tokens = 0;
        try
        {
            while (tokens < 100 && reader.Read())
            {
                tokens++;
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return tokens < 2 ? null : new ForeignMatch("json", "JSON text", ForeignErrors.Json(artifact.Path));
    }
}
