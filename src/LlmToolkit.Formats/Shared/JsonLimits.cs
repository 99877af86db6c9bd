using System.Text.Json;
using System.Text.Unicode;
using LlmToolkit.Formats.Foreign;

namespace LlmToolkit.Formats.Shared;

/// <summary>Reads the small JSON files of a model under limits.</summary>
internal static class JsonLimits
{
    /// <summary>Largest configuration read. tokenizer_config.json with thousands of added tokens reaches 2 MB; 32 MiB is far above any real one.</summary>
    public const int MaxBytes = 32 << 20;

    /// <summary>Largest weight index read. 200,000 tensors of 100 bytes each make 20 MB; parsed it takes three times that.</summary>
    public const int MaxIndexBytes = 64 << 20;

    /// <summary>Deepest nesting. Real configurations reach 8; the reader's stack is safe far beyond 64.</summary>
    public const int MaxDepth = 64;

    /// <summary>Reads a file that holds one JSON object.</summary>
    /// <exception cref="ModelException">The file is missing, unreadable, too large, or holds something else.</exception>
    public static JsonElement ReadObject(string path, int maxBytes = MaxBytes)
    {
        JsonElement root = Read(path, maxBytes);
        return root.ValueKind == JsonValueKind.Object
            ? root
            : throw new ModelException(FileErrors.JsonNotObject(path, root.ValueKind.ToString().ToLowerInvariant()));
    }

    /// <summary>Reads a file that holds one JSON value.</summary>
    /// <exception cref="ModelException">The file is missing, unreadable, too large, or not JSON.</exception>
    public static JsonElement Read(string path, int maxBytes = MaxBytes) => Parse(ReadBytes(path, maxBytes), path);

    /// <summary>All bytes of a small file.</summary>
    /// <exception cref="ModelException">The file is missing, unreadable, empty or too large.</exception>
    public static byte[] ReadBytes(string path, int maxBytes = MaxBytes)
    {
        MappedFile file = MappedFile.Open(new ArtifactFile(path, 0));
        try
        {
            return file.Length == 0 ? throw new ModelException(FileErrors.Empty(path))
                : file.Length > maxBytes ? throw new ModelException(FileErrors.JsonTooLarge(path, file.Length, maxBytes))
                : Copy(file);
        }
        finally
        {
            file.Release();
        }
    }

    private static byte[] Copy(MappedFile file)
    {
        byte[] bytes = file.Span(0, (int)file.Length).ToArray();
        file.ThrowIfChanged();
        return bytes;
    }

    /// <summary>Parses bytes. The bare NaN and Infinity of Python's json module are taken: Infinity as a number, NaN as null.</summary>
    /// <exception cref="ModelException">They are not JSON, nest too deep, or name a member twice.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> bytes, string path)
    {
        if (bytes.Span.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        if (!Utf8.IsValid(bytes.Span))
        {
            throw new ModelException(FileErrors.JsonInvalid(path, "it is not UTF-8 text"));
        }

        try
        {
            return ParseStrict(bytes);
        }
        catch (InvalidOperationException e)
        {
            throw NoText(path, e);
        }
        catch (JsonException e)
        {
            if (ForeignFormats.Leftover(path, bytes.Span[..Math.Min(bytes.Length, 512)], expectsJson: true) is { } foreign)
            {
                throw new ModelException(foreign, e);
            }

            if (WithoutBareNumbers(bytes.Span) is not { } rewritten)
            {
                throw Invalid(path, e);
            }

            try
            {
                return ParseStrict(rewritten);
            }
            catch (JsonException second)
            {
                throw Invalid(path, second);
            }
            catch (InvalidOperationException second)
            {
                throw NoText(path, second);
            }
        }
    }

    private static ModelException NoText(string path, InvalidOperationException e) => new(FileErrors.JsonInvalid(path, "it holds half a surrogate pair, which is no text"), e);

    private static ModelException Invalid(string path, JsonException e) =>
        // The parser's text quotes the file; its position is what helps and what is safe to show.
        new(FileErrors.JsonInvalid(path, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine} of the line"), e);

    private static JsonElement ParseStrict(ReadOnlyMemory<byte> bytes)
    {
        CheckTexts(bytes.Span);
        using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        return document.RootElement.Clone();
    }

    /// <summary>Decodes every text that holds escapes once, so that reading an element later cannot fail.</summary>
    /// <exception cref="InvalidOperationException">One of them is no text.</exception>
    private static void CheckTexts(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOf("\\u"u8) < 0)
        {
            return;
        }

        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                _ = reader.GetString();
            }
        }
    }

    /// <summary>The bytes with bare Infinity as 1e999 and bare NaN as null; null when there are none.</summary>
    private static byte[]? WithoutBareNumbers(ReadOnlySpan<byte> bytes)
    {
        MemoryStream output = new(bytes.Length);
        bool inString = false, changed = false;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte b = bytes[i];
            if (inString && b == '\\')
            {
                output.Write(bytes.Slice(i, Math.Min(2, bytes.Length - i)));
                i++;
                continue;
            }

            inString ^= b == '"';
            if (!inString && bytes[i..].StartsWith("Infinity"u8))
            {
                output.Write("1e999"u8);
                i += "Infinity".Length - 1;
                changed = true;
            }
            else if (!inString && bytes[i..].StartsWith("NaN"u8))
            {
                output.Write("null"u8);
                i += "NaN".Length - 1;
                changed = true;
            }
            else
            {
                output.WriteByte(b);
            }
        }

        return changed ? output.ToArray() : null;
    }
}
