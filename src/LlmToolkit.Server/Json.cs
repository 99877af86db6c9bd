using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LlmToolkit.Server;

/// <summary>Typed reading of request bodies and writing of answers.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, s_options))
        {
            write(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static async Task<JsonDocument> ReadAsync(HttpContext context)
    {
        try
        {
            JsonDocument json = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted).ConfigureAwait(false);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json : throw new ApiException(new ApiError(400, "invalid_request_error", "The body must be a JSON object.", null, null));
        }
        catch (JsonException e)
        {
            throw new ApiException(new ApiError(400, "invalid_request_error", $"The body is not JSON: {e.Message}", null, null));
        }
    }

    public static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        byte[] body = Bytes(write);
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The member, or null where it is absent or null.</summary>
    public static JsonElement? Get(this JsonElement body, string name) =>
        body.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(this JsonElement body, string name) =>
        body.Get(name) is not JsonElement value ? null : value.ValueKind == JsonValueKind.String ? value.Characters(name) : throw ApiError.BadField(name, "a string");

    /// <summary>The text of a JSON string. Escapes may spell half of a surrogate pair, which is no text.</summary>
    public static string Characters(this JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiError.BadField(name, "text: it holds half of a surrogate pair");
        }
    }

    public static bool? Truth(this JsonElement body, string name) =>
        body.Get(name) is not JsonElement value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw ApiError.BadField(name, "true or false");

    public static long? Whole(this JsonElement body, string name, long minimum, long maximum) =>
        body.Get(name) is not JsonElement value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= minimum && number <= maximum ? number
        : throw ApiError.BadField(name, $"a whole number between {minimum} and {maximum}");

    public static float? Number(this JsonElement body, string name, float minimum, float maximum) =>
        body.Get(name) is not JsonElement value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && number >= minimum && number <= maximum ? number
        : throw ApiError.BadField(name, $"a number between {minimum} and {maximum}");
}
