using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LlmToolkit.Server.OpenAI;

/// <summary><c>POST /v1/completions</c>, streamed and not.</summary>
internal static class CompletionsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, ServedModels models) =>
        routes.MapPost("/v1/completions", context => HandleAsync(context, models));

    private static async Task HandleAsync(HttpContext context, ServedModels models)
    {
        using JsonDocument json = await Json.ReadAsync(context).ConfigureAwait(false);
        JsonElement body = json.RootElement;
        ServedModels.Slot slot = models.Find(body.Text("model"));
        if (body.Text("suffix") is { Length: > 0 })
        {
            throw ApiError.Unsupported("suffix", "this version only continues texts.");
        }

        if (body.Whole("logprobs", 0, 5) is not null)
        {
            throw ApiError.Unsupported("logprobs", "ask /v1/chat/completions for log probabilities.");
        }

        if (body.Whole("best_of", 1, 20) is > 1)
        {
            throw ApiError.Unsupported("best_of", "this version answers as it generates.");
        }

        List<Prompt> prompts = Prompts(body);
        bool echo = body.Truth("echo") ?? false;
        GenerateOptions options = SamplingFields.Read(body, (int?)body.Whole("max_tokens", 1, int.MaxValue) ?? 16);
        if (echo && prompts.Any(p => p.Ids is not null))
        {
            throw ApiError.Unsupported("echo", "token ids are not turned back into text; send the prompt as text.");
        }

        int count = (int)(body.Whole("n", 1, 128) ?? 1);
        string id = "cmpl-" + Guid.NewGuid().ToString("N");
        long created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        using IDisposable turn = await slot.EnterAsync(context.RequestAborted).ConfigureAwait(false);
        EventStream? stream = body.Truth("stream") == true ? new EventStream(context) : null;
        stream?.Begin();
        List<(string Text, TextChunk Last)> choices = [];
        try
        {
            for (int index = 0; index < prompts.Count * count; index++)
            {
                int choice = index;
                Prompt prompt = prompts[index / count];
                StringBuilder text = new(echo ? prompt.ToString() : "");
                TextChunk? last = null;
                GenerateOptions seeded = options.Seed is long seed ? options with { Seed = seed + (index % count) } : options;
                IAsyncEnumerable<TextChunk> chunks = slot.Model.GenerateAsync(prompt, seeded, context.RequestAborted);
                await foreach (TextChunk chunk in (stream is null ? chunks : stream.ReadAsync(chunks, context.RequestAborted)).ConfigureAwait(false))
                {
                    if (stream is not null && last is null && echo)
                    {
                        await stream.SendAsync(w => Chunk(w, id, created, slot.Id, choice, prompt.ToString(), null)).ConfigureAwait(false);
                    }

                    text.Append(chunk.Text);
                    last = chunk;
                    if (stream is not null && (chunk.Text.Length > 0 || chunk.FinishReason is not null))
                    {
                        await stream.SendAsync(w => Chunk(w, id, created, slot.Id, choice, chunk.Text, chunk.FinishReason is null ? null : ChatCompletionsEndpoint.Reason(chunk))).ConfigureAwait(false);
                    }
                }

                choices.Add((text.ToString(), last!));
            }
        }
        catch (Exception e) when (stream is not null && context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await stream.FailAsync(e).ConfigureAwait(false);
            return;
        }

        if (stream is not null)
        {
            if (body.Get("stream_options")?.Truth("include_usage") == true)
            {
                await stream.SendAsync(w =>
                {
                    Head(w, id, created, slot.Id);
                    w.WriteStartArray("choices");
                    w.WriteEndArray();
                    Usage(w, choices, count);
                    w.WriteEndObject();
                }).ConfigureAwait(false);
            }

            await stream.DoneAsync().ConfigureAwait(false);
            return;
        }

        await Json.WriteAsync(context, w =>
        {
            Head(w, id, created, slot.Id);
            w.WriteStartArray("choices");
            for (int index = 0; index < choices.Count; index++)
            {
                Choice(w, index, choices[index].Text, ChatCompletionsEndpoint.Reason(choices[index].Last));
            }

            w.WriteEndArray();
            Usage(w, choices, count);
            w.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private static void Usage(Utf8JsonWriter w, List<(string Text, TextChunk Last)> choices, int count)
    {
        // Each prompt counts once, whatever the number of its answers.
        int prompt = choices.Where((_, i) => i % count == 0).Sum(c => c.Last.Usage!.PromptTokens);
        int completion = choices.Sum(c => c.Last.Usage!.CompletionTokens);
        w.WriteStartObject("usage");
        w.WriteNumber("prompt_tokens", prompt);
        w.WriteNumber("completion_tokens", completion);
        w.WriteNumber("total_tokens", prompt + completion);
        w.WriteEndObject();
    }

    private static void Head(Utf8JsonWriter w, string id, long created, string model)
    {
        w.WriteStartObject();
        w.WriteString("id", id);
        w.WriteString("object", "text_completion");
        w.WriteNumber("created", created);
        w.WriteString("model", model);
    }

    private static void Chunk(Utf8JsonWriter w, string id, long created, string model, int index, string text, string? reason)
    {
        Head(w, id, created, model);
        w.WriteStartArray("choices");
        Choice(w, index, text, reason);
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private static void Choice(Utf8JsonWriter w, int index, string text, string? reason)
    {
        w.WriteStartObject();
        w.WriteString("text", text);
        w.WriteNumber("index", index);
        w.WriteNull("logprobs");
        w.WriteString("finish_reason", reason);
        w.WriteEndObject();
    }

    private static List<Prompt> Prompts(JsonElement body) => body.Get("prompt") switch
    {
        { ValueKind: JsonValueKind.String } text => [Prompt.FromText(text.Characters("prompt"))],
        { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() > 0 => list[0].ValueKind == JsonValueKind.Number ? [Prompt.FromIds(Ids(list))] : PromptsOf(list),
        _ => throw ApiError.BadField("prompt", "a string, strings, token ids or lists of token ids"),
    };

    private static List<Prompt> PromptsOf(JsonElement list) => [.. list.EnumerateArray().Select(p => p.ValueKind switch
    {
        JsonValueKind.String => Prompt.FromText(p.Characters("prompt")),
        JsonValueKind.Array => Prompt.FromIds(Ids(p)),
        _ => throw ApiError.BadField("prompt", "a string, strings, token ids or lists of token ids"),
    })];

    private static int[] Ids(JsonElement list) =>
        [.. list.EnumerateArray().Select(x => x.ValueKind == JsonValueKind.Number && x.TryGetInt32(out int id) ? id : throw ApiError.BadField("prompt", "a string, strings, token ids or lists of token ids"))];
}
