using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LlmToolkit.Server.OpenAI;

/// <summary><c>POST /v1/chat/completions</c>, streamed and not.</summary>
internal static class ChatCompletionsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, ServedModels models) =>
        routes.MapPost("/v1/chat/completions", context => HandleAsync(context, models));

    private static async Task HandleAsync(HttpContext context, ServedModels models)
    {
        using JsonDocument json = await Json.ReadAsync(context).ConfigureAwait(false);
        JsonElement body = json.RootElement;
        ServedModels.Slot slot = models.Find(body.Text("model"));
        Refuse(body);
        Prompt prompt = slot.Model.ApplyTemplate(Messages(body));
        bool logprobs = body.Truth("logprobs") ?? false;
        GenerateOptions options = SamplingFields.Read(body, (int?)(body.Whole("max_completion_tokens", 1, int.MaxValue) ?? body.Whole("max_tokens", 1, int.MaxValue)) ?? slot.Model.ContextLength) with
        {
            LogProbs = logprobs ? (int)(body.Whole("top_logprobs", 0, 20) ?? 0) : null,
        };
        int count = (int)(body.Whole("n", 1, 128) ?? 1);
        Answer answer = new(context, slot, prompt, options, count, body.Get("stream_options")?.Truth("include_usage") ?? false);
        using IDisposable turn = await slot.EnterAsync(context.RequestAborted).ConfigureAwait(false);
        await (body.Truth("stream") == true ? answer.StreamAsync() : answer.WriteAsync()).ConfigureAwait(false);
    }

    /// <summary>What this version does not do is refused, never ignored.</summary>
    private static void Refuse(JsonElement body)
    {
        string? choice = body.Get("tool_choice") is { ValueKind: JsonValueKind.String } word ? word.GetString() : null;
        bool tools = body.Get("tools") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0;
        if (choice != "none" && (tools || choice == "required" || body.Get("tool_choice") is { ValueKind: JsonValueKind.Object }))
        {
            throw ApiError.Unsupported("tools", "this version calls no tools.");
        }

        if (body.Get("response_format")?.Text("type") is string format && format != "text")
        {
            throw ApiError.Unsupported("response_format", "this version answers in plain text only.");
        }
    }

    private static List<ChatTurn> Messages(JsonElement body)
    {
        if (body.Get("messages") is not { ValueKind: JsonValueKind.Array } messages || messages.GetArrayLength() == 0)
        {
            throw ApiError.BadField("messages", "a list of messages");
        }

        return [.. messages.EnumerateArray().Select(m =>
        {
            string role = (m.ValueKind == JsonValueKind.Object ? m.Text("role") : null) ?? throw ApiError.BadField("messages", "objects with a role");
            return new ChatTurn(
                role switch
                {
                    "developer" => "system",
                    "system" or "user" or "assistant" or "tool" or "function" => role,
                    _ => throw ApiError.BadField("messages", "messages whose role is system, developer, user, assistant, tool or function"),
                },
                Content(m));
        })];
    }

    private static string Content(JsonElement message) => message.Get("content") switch
    {
        null => "",
        { ValueKind: JsonValueKind.String } text => text.Characters("messages"),
        { ValueKind: JsonValueKind.Array } parts => string.Concat(parts.EnumerateArray().Select(p =>
            p.ValueKind == JsonValueKind.Object && p.Text("type") is "text" or "input_text" ? p.Text("text") : throw ApiError.Unsupported("messages", "only parts of type \"text\" can be read."))),
        _ => throw ApiError.BadField("messages", "objects whose content is a string or parts"),
    };

    private sealed class Answer(HttpContext context, ServedModels.Slot slot, Prompt prompt, GenerateOptions options, int count, bool includeUsage)
    {
        private readonly string _id = "chatcmpl-" + Guid.NewGuid().ToString("N");
        private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

        public async Task WriteAsync()
        {
            List<(string Text, List<TokenLogProb> LogProbs, TextChunk Last)> choices = [];
            for (int index = 0; index < count; index++)
            {
                StringBuilder text = new();
                List<TokenLogProb> logProbs = [];
                TextChunk? last = null;
                await foreach (TextChunk chunk in slot.Model.GenerateAsync(prompt, Seeded(index), context.RequestAborted).ConfigureAwait(false))
                {
                    text.Append(chunk.Text);
                    logProbs.AddRange(chunk.LogProbs);
                    last = chunk;
                }

                choices.Add((text.ToString(), logProbs, last!));
            }

            await Json.WriteAsync(context, w =>
            {
                Head(w, "chat.completion");
                w.WriteStartArray("choices");
                for (int index = 0; index < choices.Count; index++)
                {
                    w.WriteStartObject();
                    w.WriteNumber("index", index);
                    w.WriteStartObject("message");
                    w.WriteString("role", "assistant");
                    w.WriteString("content", choices[index].Text);
                    w.WriteNull("refusal");
                    w.WriteEndObject();
                    LogProbs(w, choices[index].LogProbs);
                    w.WriteString("finish_reason", Reason(choices[index].Last));
                    w.WriteEndObject();
                }

                w.WriteEndArray();
                Usage(w, [.. choices.Select(c => c.Last.Usage!)]);
                w.WriteEndObject();
            }).ConfigureAwait(false);
        }

        public async Task StreamAsync()
        {
            EventStream stream = new(context);
            stream.Begin();
            List<TokenUsage> usages = [];
            try
            {
                for (int index = 0; index < count; index++)
                {
                    int choice = index;
                    bool begun = false;
                    await foreach (TextChunk chunk in stream.ReadAsync(slot.Model.GenerateAsync(prompt, Seeded(index), context.RequestAborted), context.RequestAborted).ConfigureAwait(false))
                    {
                        if (!begun)
                        {
                            begun = true;
                            await stream.SendAsync(w => Delta(w, choice, Role, [], null)).ConfigureAwait(false);
                        }

                        if (chunk.Text.Length > 0 || chunk.LogProbs.Count > 0)
                        {
                            await stream.SendAsync(w => Delta(w, choice, x => x.WriteString("content", chunk.Text), chunk.LogProbs, null)).ConfigureAwait(false);
                        }

                        if (chunk.FinishReason is not null)
                        {
                            usages.Add(chunk.Usage!);
                            await stream.SendAsync(w => Delta(w, choice, null, [], Reason(chunk))).ConfigureAwait(false);
                        }
                    }
                }
            }
            catch (Exception e) when (context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
            {
                await stream.FailAsync(e).ConfigureAwait(false);
                return;
            }

            if (includeUsage)
            {
                await stream.SendAsync(w =>
                {
                    Head(w, "chat.completion.chunk");
                    w.WriteStartArray("choices");
                    w.WriteEndArray();
                    Usage(w, usages);
                    w.WriteEndObject();
                }).ConfigureAwait(false);
            }

            await stream.DoneAsync().ConfigureAwait(false);
        }

        private static void Role(Utf8JsonWriter w)
        {
            w.WriteString("role", "assistant");
            w.WriteString("content", "");
        }

        private GenerateOptions Seeded(int index) => options.Seed is long seed ? options with { Seed = seed + index } : options;

        private void Head(Utf8JsonWriter w, string kind)
        {
            w.WriteStartObject();
            w.WriteString("id", _id);
            w.WriteString("object", kind);
            w.WriteNumber("created", _created);
            w.WriteString("model", slot.Id);
            w.WriteString("system_fingerprint", "llmtoolkit-" + slot.Model.Backend);
        }

        private void Delta(Utf8JsonWriter w, int index, Action<Utf8JsonWriter>? delta, IReadOnlyList<TokenLogProb> logProbs, string? reason)
        {
            Head(w, "chat.completion.chunk");
            w.WriteStartArray("choices");
            w.WriteStartObject();
            w.WriteNumber("index", index);
            w.WriteStartObject("delta");
            delta?.Invoke(w);
            w.WriteEndObject();
            LogProbs(w, logProbs);
            w.WriteString("finish_reason", reason);
            w.WriteEndObject();
            w.WriteEndArray();
            if (includeUsage)
            {
                w.WriteNull("usage");
            }

            w.WriteEndObject();
        }

        private void LogProbs(Utf8JsonWriter w, IReadOnlyList<TokenLogProb> tokens)
        {
            if (options.LogProbs is null || tokens.Count == 0)
            {
                w.WriteNull("logprobs");
                return;
            }

            w.WriteStartObject("logprobs");
            w.WriteStartArray("content");
            foreach (TokenLogProb token in tokens)
            {
                w.WriteStartObject();
                LogProb(w, token);
                w.WriteStartArray("top_logprobs");
                foreach (TokenLogProb top in token.Top)
                {
                    w.WriteStartObject();
                    LogProb(w, top);
                    w.WriteEndObject();
                }

                w.WriteEndArray();
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.WriteNull("refusal");
            w.WriteEndObject();
        }

        private static void LogProb(Utf8JsonWriter w, TokenLogProb token)
        {
            w.WriteString("token", token.Text);
            w.WriteNumber("logprob", float.IsFinite(token.LogProb) ? token.LogProb : -9999f);
            w.WriteStartArray("bytes");
            foreach (byte value in Encoding.UTF8.GetBytes(token.Text))
            {
                w.WriteNumberValue(value);
            }

            w.WriteEndArray();
        }
    }

    /// <summary>OpenAI's word for the end of an answer.</summary>
    internal static string Reason(TextChunk last) => last.FinishReason == FinishReason.Length ? "length" : "stop";

    /// <summary>OpenAI's usage object over several answers to one prompt.</summary>
    internal static void Usage(Utf8JsonWriter w, IReadOnlyList<TokenUsage> usages)
    {
        int prompt = usages.Count == 0 ? 0 : usages[0].PromptTokens;
        int completion = usages.Sum(u => u.CompletionTokens);
        w.WriteStartObject("usage");
        w.WriteNumber("prompt_tokens", prompt);
        w.WriteNumber("completion_tokens", completion);
        w.WriteNumber("total_tokens", prompt + completion);
        w.WriteStartObject("prompt_tokens_details");
        w.WriteNumber("cached_tokens", usages.Count == 0 ? 0 : usages[0].CachedTokens);
        w.WriteEndObject();
        w.WriteStartObject("completion_tokens_details");
        w.WriteNumber("reasoning_tokens", 0);
        w.WriteEndObject();
        w.WriteEndObject();
    }
}
