using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmToolkit;

/// <summary>Microsoft.Extensions.AI's options and messages in our words.</summary>
internal static class ChatOptionsMapping
{
    /// <summary>The options that a request sets, over those of its <see cref="ChatOptions.RawRepresentationFactory"/>.</summary>
    /// <exception cref="ModelException">It asks for what cannot be done, or a property has the wrong type.</exception>
    public static GenerateOptions ToGenerateOptions(this ChatOptions? options, IChatClient client)
    {
        if (options is null)
        {
            return new GenerateOptions();
        }

        RefuseUnsupported(options);
        AdditionalPropertiesDictionary more = options.AdditionalProperties ?? [];
        GenerateOptions mapped = new()
        {
            MaxTokens = options.MaxOutputTokens,
            Temperature = options.Temperature,
            TopK = options.TopK,
            TopP = options.TopP,
            MinP = Number(more, "min_p"),
            TypicalP = Number(more, "typical_p"),
            RepetitionPenalty = Number(more, "repetition_penalty", "repeat_penalty"),
            FrequencyPenalty = options.FrequencyPenalty,
            PresencePenalty = options.PresencePenalty,
            PenaltyWindow = Integer(more, "penalty_window", "repeat_last_n"),
            Seed = options.Seed,
            Stop = options.StopSequences is { Count: > 0 } stops ? [.. stops] : null,
            IgnoreEndTokens = Truth(more, "ignore_end_tokens", "ignore_eos"),
            LogProbs = LogProbs(more),
            LogitBias = Bias(more),
            KeepTokens = Integer(more, "keep_tokens", "num_keep"),
            Overflow = Overflow(more),
            ShowSpecialTokens = Truth(more, "show_special_tokens"),
        };
        return options.RawRepresentationFactory?.Invoke(client) is GenerateOptions raw ? mapped.Over(raw) : mapped;
    }

    /// <summary>The conversation as turns; <see cref="ChatOptions.Instructions"/> come first, as system text.</summary>
    /// <exception cref="ModelException">A message holds something other than text.</exception>
    public static IReadOnlyList<ChatTurn> ToTurns(IEnumerable<ChatMessage> messages, string? instructions)
    {
        List<ChatTurn> turns = [.. messages.Select(m => new ChatTurn(m.Role.Value, TextOf(m)))];
        if (string.IsNullOrEmpty(instructions))
        {
            return turns;
        }

        // Many templates refuse a second system message: one that comes first takes the instructions in.
        if (turns is [{ Role: "system" } first, ..])
        {
            turns[0] = first with { Content = instructions + "\n\n" + first.Content };
        }
        else
        {
            turns.Insert(0, new ChatTurn("system", instructions));
        }

        return turns;
    }

    private static string TextOf(ChatMessage message) => string.Concat(message.Contents.Select(content => content switch
    {
        TextContent text => text.Text,
        // What the model thought before an earlier answer, and what that cost, is no part of the conversation.
        TextReasoningContent or UsageContent => "",
        _ => throw ChatErrors.Content(message.Role.Value, content.GetType().Name),
    }));

    private static void RefuseUnsupported(ChatOptions options)
    {
        if (options.ToolMode is RequiredChatToolMode)
        {
            throw ChatErrors.ToolMode();
        }

        if (options.Tools is { Count: > 0 } tools && options.ToolMode is not NoneChatToolMode)
        {
            throw ChatErrors.Tools(tools.Count);
        }

        if (options.ResponseFormat is ChatResponseFormatJson)
        {
            throw ChatErrors.ResponseFormat();
        }
    }

    private static int? LogProbs(AdditionalPropertiesDictionary more)
    {
        // OpenAI's pair: logprobs is a truth and top_logprobs a number; its older form has the number in logprobs.
        if (Find(more, ["logprobs"], out string _) is { } value && AsTruth(value) is null)
        {
            return Integer(more, "logprobs");
        }

        return Truth(more, "logprobs") == false ? null : Integer(more, "top_logprobs") ?? (Truth(more, "logprobs") == true ? 0 : null);
    }

    private static IReadOnlyDictionary<int, float>? Bias(AdditionalPropertiesDictionary more)
    {
        object? value = Find(more, ["logit_bias"], out string key);
        switch (value)
        {
            case null:
                return null;
            case IReadOnlyDictionary<int, float> bias:
                return bias;
            case JsonElement { ValueKind: JsonValueKind.Object } json:
                Dictionary<int, float> read = [];
                foreach (JsonProperty entry in json.EnumerateObject())
                {
                    read[int.TryParse(entry.Name, CultureInfo.InvariantCulture, out int id) && entry.Value.ValueKind == JsonValueKind.Number
                        ? id
                        : throw ChatErrors.BadProperty(key, value, "token ids with numbers")] = entry.Value.GetSingle();
                }

                return read;
            default:
                throw ChatErrors.BadProperty(key, value, "token ids with numbers");
        }
    }

    private static ContextOverflow? Overflow(AdditionalPropertiesDictionary more) => Find(more, ["overflow"], out string key) switch
    {
        null => null,
        ContextOverflow policy => policy,
        object value => (value is JsonElement json ? json.ToString() : value as string) switch
        {
            "error" => ContextOverflow.Error,
            "drop_oldest" => ContextOverflow.DropOldest,
            _ => throw ChatErrors.BadProperty(key, value, "\"error\" or \"drop_oldest\""),
        },
    };

    private static float? Number(AdditionalPropertiesDictionary more, params ReadOnlySpan<string> keys) =>
        Find(more, keys, out string key) is not { } value ? null
        : AsNumber(value) is { } number ? (float)number
        : throw ChatErrors.BadProperty(key, value, "a number");

    private static int? Integer(AdditionalPropertiesDictionary more, params ReadOnlySpan<string> keys) =>
        Find(more, keys, out string key) is not { } value ? null
        : AsNumber(value) is { } number && number == Math.Truncate(number) && Math.Abs(number) <= int.MaxValue ? (int)number
        : throw ChatErrors.BadProperty(key, value, "an integer");

    private static bool? Truth(AdditionalPropertiesDictionary more, params ReadOnlySpan<string> keys) =>
        Find(more, keys, out string key) is not { } value ? null
        : AsTruth(value) ?? throw ChatErrors.BadProperty(key, value, "true or false");

    private static double? AsNumber(object value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } json => json.GetDouble(),
        string text => double.TryParse(text, CultureInfo.InvariantCulture, out double number) ? number : null,
        int or long or short or byte or uint or ulong or float or double or decimal => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        _ => null,
    };

    private static bool? AsTruth(object value) => value switch
    {
        bool truth => truth,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        string text => bool.TryParse(text, out bool truth) ? truth : null,
        _ => null,
    };

    /// <summary>The first of the keys that is present and not null.</summary>
    private static object? Find(AdditionalPropertiesDictionary more, ReadOnlySpan<string> keys, out string key)
    {
        foreach (string candidate in keys)
        {
            if (more.TryGetValue(candidate, out object? value) && value is not (null or JsonElement { ValueKind: JsonValueKind.Null }))
            {
                key = candidate;
                return value;
            }
        }

        key = "";
        return null;
    }
}
