using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LlmToolkit.Server.OpenAI;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal static class EmbeddingsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, ServedModels models) =>
        routes.MapPost("/v1/embeddings", context => HandleAsync(context, models));

    private static async Task HandleAsync(HttpContext context, ServedModels models)
    {
        using JsonDocument json = await Json.ReadAsync(context).ConfigureAwait(false);
        JsonElement body = json.RootElement;
        ServedModels.Slot slot = models.Find(body.Text("model"));
        bool base64 = body.Text("encoding_format") switch
        {
            null or "float" => false,
            "base64" => true,
            _ => throw ApiError.BadField("encoding_format", "\"float\" or \"base64\""),
        };
        if (body.Whole("dimensions", 1, int.MaxValue) is long dimensions && dimensions != slot.Model.Info.EmbeddingLength)
        {
            throw ApiError.Unsupported("dimensions", $"this model gives {slot.Model.Info.EmbeddingLength} of them.");
        }

        List<string> inputs = Inputs(body);
        List<TextEmbedding> embeddings = [];
        using IDisposable turn = await slot.EnterAsync(context.RequestAborted).ConfigureAwait(false);
        foreach (string input in inputs)
        {
            TextEmbedding embedding = await slot.Model.EmbedAsync(input, context.RequestAborted).ConfigureAwait(false);
            if (embedding.DroppedTokens > 0)
            {
                throw new ApiException(new ApiError(400, "invalid_request_error", $"The input has {embedding.Tokens + embedding.DroppedTokens} tokens; this model reads {embedding.Tokens}.", "input", "context_length_exceeded"));
            }

            embeddings.Add(embedding);
        }

        await Json.WriteAsync(context, w => Write(w, slot.Id, embeddings, base64)).ConfigureAwait(false);
    }

    private static void Write(Utf8JsonWriter w, string model, List<TextEmbedding> embeddings, bool base64)
    {
        w.WriteStartObject();
        w.WriteString("object", "list");
        w.WriteStartArray("data");
        for (int index = 0; index < embeddings.Count; index++)
        {
            float[] vector = Unit(embeddings[index].Vector.Span);
            w.WriteStartObject();
            w.WriteString("object", "embedding");
            w.WriteNumber("index", index);
            if (base64)
            {
                w.WriteBase64String("embedding", MemoryMarshal.AsBytes<float>(vector));
            }
            else
            {
                w.WriteStartArray("embedding");
                foreach (float value in vector)
                {
                    w.WriteNumberValue(value);
                }

                w.WriteEndArray();
            }

            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteString("model", model);
        int tokens = embeddings.Sum(e => e.Tokens);
        w.WriteStartObject("usage");
        w.WriteNumber("prompt_tokens", tokens);
        w.WriteNumber("total_tokens", tokens);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    /// <summary>OpenAI's vectors have length 1, whatever the model's files say.</summary>
    private static float[] Unit(ReadOnlySpan<float> vector)
    {
        double squares = 0;
        foreach (float value in vector)
        {
            squares += (double)value * value;
        }

        float[] unit = vector.ToArray();
        float scale = squares > 0 ? (float)(1 / Math.Sqrt(squares)) : 1;
        for (int i = 0; i < unit.Length; i++)
        {
            unit[i] *= scale;
        }

        return unit;
    }

    private static List<string> Inputs(JsonElement body) => body.Get("input") switch
    {
        { ValueKind: JsonValueKind.String } text => [text.Characters("input")],
        { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() > 0 => [.. list.EnumerateArray().Select(x =>
            x.ValueKind == JsonValueKind.String ? x.Characters("input") : throw ApiError.Unsupported("input", "send texts, not token ids."))],
        _ => throw ApiError.BadField("input", "a string or strings"),
    };
}
