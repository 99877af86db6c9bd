using System.Globalization;
using System.Text.Json;

namespace LlmToolkit.Server.OpenAI;

/// <summary>The sampling fields that chat and text completions share.</summary>
internal static class SamplingFields
{
    public static GenerateOptions Read(JsonElement body, int? maxTokens)
    {
        return new GenerateOptions
        {
            MaxTokens = maxTokens,
            Temperature = body.Number("temperature", 0, 2),
            TopP = body.Number("top_p", 0, 1),
            TopK = (int?)body.Whole("top_k", 0, int.MaxValue),
            MinP = body.Number("min_p", 0, 1),
            TypicalP = body.Number("typical_p", 0, 1),
            RepetitionPenalty = body.Number("repeat_penalty", 1e-6f, 100) ?? body.Number("repetition_penalty", 1e-6f, 100),
            FrequencyPenalty = body.Number("frequency_penalty", -2, 2),
            PresencePenalty = body.Number("presence_penalty", -2, 2),
            Seed = body.Whole("seed", long.MinValue, long.MaxValue),
            Stop = Stops(body),
            LogitBias = Bias(body),
            IgnoreEndTokens = body.Truth("ignore_eos"),
        };
    }

    private static string[]? Stops(JsonElement body) => body.Get("stop") switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => [text.Characters("stop")],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(s => s.ValueKind == JsonValueKind.String ? s.Characters("stop") : throw ApiError.BadField("stop", "a string or strings"))],
        _ => throw ApiError.BadField("stop", "a string or strings"),
    };

    private static Dictionary<int, float>? Bias(JsonElement body)
    {
        if (body.Get("logit_bias") is not JsonElement map)
        {
            return null;
        }

        if (map.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.BadField("logit_bias", "an object of token ids and numbers");
        }

        Dictionary<int, float> bias = [];
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            bias[int.TryParse(entry.Name, CultureInfo.InvariantCulture, out int id) ? id : throw ApiError.BadField("logit_bias", "an object of token ids and numbers")] =
                map.Number(entry.Name, -100, 100) ?? 0;
        }

        return bias;
    }
}
