using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmToolkit.Cli.Rendering;

/// <summary>JSON on stdout: UTF-8 without a byte order mark, one document or one object a line, flushed as they come.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = false };

    /// <summary>Writes one document and a newline.</summary>
    public static void Document(Stream stream, Action<Utf8JsonWriter> write)
    {
        using (Utf8JsonWriter writer = new(stream, s_options))
        {
            write(writer);
        }

        stream.WriteByte((byte)'\n');
        stream.Flush();
    }

    /// <summary>A number that reads back the same; what JSON cannot say is a string.</summary>
    public static void Number(this Utf8JsonWriter writer, float value)
    {
        if (float.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(NonFinite(value));
        }
    }

    /// <summary>A number that reads back the same; what JSON cannot say is a string.</summary>
    public static void Number(this Utf8JsonWriter writer, double value)
    {
        if (value == 0 && double.IsNegative(value))
        {
            // Without a fraction some parsers take it for an integer, which has no negative zero.
            writer.WriteRawValue("-0.0"u8, skipInputValidation: true);
        }
        else if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(NonFinite(value));
        }
    }

    /// <summary>A member that may be null.</summary>
    public static void Member(this Utf8JsonWriter writer, string name, long? value)
    {
        if (value is long number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    /// <summary>An array of strings.</summary>
    public static void Strings(this Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }

    /// <summary>An array of ids.</summary>
    public static void Ids(this Utf8JsonWriter writer, string name, IEnumerable<int> values)
    {
        writer.WriteStartArray(name);
        foreach (int value in values)
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }

    private static string NonFinite(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}
