using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace LlmToolkit;

/// <summary>A model as the chat client of Microsoft.Extensions.AI. Stateless and safe for concurrent use; the model is not disposed with it.</summary>
/// <remarks>
/// Options are mapped one to one; <see cref="ChatOptions.RawRepresentationFactory"/> may give <see cref="GenerateOptions"/> as the base.
/// These keys of <see cref="ChatOptions.AdditionalProperties"/> are read, others ignored: <c>min_p</c>, <c>typical_p</c>, <c>repetition_penalty</c> (or <c>repeat_penalty</c>),
/// <c>penalty_window</c> (or <c>repeat_last_n</c>), <c>logit_bias</c>, <c>logprobs</c>, <c>top_logprobs</c>, <c>ignore_end_tokens</c> (or <c>ignore_eos</c>), <c>keep_tokens</c> (or
/// <c>num_keep</c>), <c>overflow</c> (<c>error</c> or <c>drop_oldest</c>), <c>show_special_tokens</c>.
/// The answer's own carry <c>prompt_ms</c>, <c>prompt_tokens_per_second</c>, <c>generation_ms</c>, <c>tokens_per_second</c>, and, where they apply, <c>stop_text</c> and <c>logprobs</c>
/// (a list of <see cref="TokenLogProb"/>). Tools, images and JSON formats are refused with a <see cref="ModelException"/>.
/// </remarks>
public sealed class LanguageModelChatClient : IChatClient
{
    private readonly Func<CancellationToken, ValueTask<ILanguageModel>> _model;
    private readonly ILanguageModel? _loaded;
    private readonly GenerateOptions _defaults;
    private readonly ChatClientMetadata _metadata;

    /// <summary>A client of a loaded model.</summary>
    /// <param name="model">The model; its owner disposes it.</param>
    /// <param name="defaults">Settings that hold where a request sets none. Default: the model's own.</param>
    public LanguageModelChatClient(ILanguageModel model, GenerateOptions? defaults = null)
        : this(_ => new ValueTask<ILanguageModel>(model), ModelIdOf(model), defaults) =>
        _loaded = model;

    /// <summary>A client of a model that is loaded when first used.</summary>
    internal LanguageModelChatClient(Func<CancellationToken, ValueTask<ILanguageModel>> model, string modelId, GenerateOptions? defaults) =>
        (_model, _defaults, _metadata) = (model, defaults ?? new GenerateOptions(), new ChatClientMetadata("llmtoolkit", null, modelId));

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatResponse response = await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);
        // Updates with a message's id give their properties to the message; these tell of the whole answer.
        response.AdditionalProperties ??= response.Messages.LastOrDefault()?.AdditionalProperties;
        return response;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return StreamAsync(messages, options, cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_loaded) ? _loaded
            : null;
    }

    /// <summary>Does nothing: the model belongs to who loaded it.</summary>
    public void Dispose()
    {
    }

    /// <summary>The name that answers carry.</summary>
    internal static string ModelIdOf(ILanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Info.Name ?? model.Info.Architecture ?? "model";
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        GenerateOptions generate = options.ToGenerateOptions(this).Over(_defaults);
        IReadOnlyList<ChatTurn> turns = ChatOptionsMapping.ToTurns(messages, options?.Instructions);
        ILanguageModel model = await _model(cancellationToken).ConfigureAwait(false);
        UpdateStamp stamp = new(_metadata.DefaultModelId);
        List<TokenLogProb> logProbs = [];
        await foreach (TextChunk chunk in model.GenerateAsync(model.ApplyTemplate(turns), generate, cancellationToken).ConfigureAwait(false))
        {
            logProbs.AddRange(chunk.LogProbs);
            if (chunk.FinishReason == FinishReason.Cancelled)
            {
                // The exception follows.
                continue;
            }

            if (chunk.Text.Length > 0 || chunk.FinishReason is not null)
            {
                yield return stamp.Content(chunk);
            }

            if (chunk.Usage is { } usage)
            {
                yield return stamp.Usage(chunk, usage, logProbs);
            }
        }
    }

    /// <summary>What all updates of an answer have in common.</summary>
    private sealed class UpdateStamp(string? modelId)
    {
        private readonly string _response = "resp_" + Guid.NewGuid().ToString("N");
        private readonly string _message = "msg_" + Guid.NewGuid().ToString("N");
        private readonly DateTimeOffset _created = DateTimeOffset.UtcNow;

        public ChatResponseUpdate Content(TextChunk chunk)
        {
            ChatResponseUpdate update = New(chunk, chunk.Text.Length == 0 ? [] : [new TextContent(chunk.Text)]);
            update.FinishReason = chunk.FinishReason switch
            {
                null => null,
                FinishReason.Length => ChatFinishReason.Length,
                _ => ChatFinishReason.Stop,
            };
            return update;
        }

        public ChatResponseUpdate Usage(TextChunk chunk, TokenUsage usage, List<TokenLogProb> logProbs)
        {
            UsageDetails details = new()
            {
                InputTokenCount = usage.PromptTokens,
                OutputTokenCount = usage.CompletionTokens,
                TotalTokenCount = usage.PromptTokens + usage.CompletionTokens,
                CachedInputTokenCount = usage.CachedTokens,
            };
            if (usage.DroppedTokens > 0)
            {
                details.AdditionalCounts = new AdditionalPropertiesDictionary<long> { ["dropped_tokens"] = usage.DroppedTokens };
            }

            ChatResponseUpdate update = New(chunk, [new UsageContent(details)]);
            update.AdditionalProperties = new AdditionalPropertiesDictionary
            {
                ["prompt_ms"] = usage.PromptTime.TotalMilliseconds,
                ["prompt_tokens_per_second"] = Rate(usage.PromptTokens - usage.CachedTokens, usage.PromptTime),
                ["generation_ms"] = usage.GenerationTime.TotalMilliseconds,
                // The first token's time is the prompt's.
                ["tokens_per_second"] = Rate(usage.CompletionTokens - 1, usage.GenerationTime),
            };
            if (chunk.StopText is not null)
            {
                update.AdditionalProperties["stop_text"] = chunk.StopText;
            }

            if (logProbs.Count > 0)
            {
                update.AdditionalProperties["logprobs"] = logProbs;
            }

            return update;
        }

        private static double Rate(int tokens, TimeSpan time) => tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;

        private ChatResponseUpdate New(TextChunk chunk, IList<AIContent> contents) => new(ChatRole.Assistant, contents)
        {
            ResponseId = _response,
            MessageId = _message,
            ModelId = modelId,
            CreatedAt = _created,
            RawRepresentation = chunk,
        };
    }
}
