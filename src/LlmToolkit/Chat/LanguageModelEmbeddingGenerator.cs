using Microsoft.Extensions.AI;

namespace LlmToolkit;

/// <summary>A model as the embedding generator of Microsoft.Extensions.AI. Safe for concurrent use; the model is not disposed with it.</summary>
/// <remarks>A text that is longer than the model reads is cut: its embedding's <c>dropped_tokens</c> says by how many tokens.</remarks>
public sealed class LanguageModelEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly Func<CancellationToken, ValueTask<ILanguageModel>> _model;
    private readonly ILanguageModel? _loaded;
    private readonly EmbeddingGeneratorMetadata _metadata;

    /// <summary>A generator of a loaded model.</summary>
    /// <param name="model">The model; its owner disposes it.</param>
    public LanguageModelEmbeddingGenerator(ILanguageModel model)
        : this(_ => new ValueTask<ILanguageModel>(model), LanguageModelChatClient.ModelIdOf(model), model.Info.EmbeddingLength) =>
        _loaded = model;

    /// <summary>A generator of a model that is loaded when first used.</summary>
    internal LanguageModelEmbeddingGenerator(Func<CancellationToken, ValueTask<ILanguageModel>> model, string modelId, int? width = null) =>
        (_model, _metadata) = (model, new EmbeddingGeneratorMetadata("llmtoolkit", null, modelId, width));

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        ILanguageModel model = await _model(cancellationToken).ConfigureAwait(false);
        DateTimeOffset created = DateTimeOffset.UtcNow;
        GeneratedEmbeddings<Embedding<float>> embeddings = [];
        long tokens = 0;
        foreach (string value in values)
        {
            TextEmbedding one = await model.EmbedAsync(value, cancellationToken).ConfigureAwait(false);
            if (options?.Dimensions is { } asked && asked != one.Vector.Length)
            {
                throw ChatErrors.Dimensions(asked, one.Vector.Length);
            }

            tokens += one.Tokens;
            embeddings.Add(new Embedding<float>(one.Vector)
            {
                CreatedAt = created,
                ModelId = _metadata.DefaultModelId,
                AdditionalProperties = one.DroppedTokens > 0 ? new AdditionalPropertiesDictionary { ["dropped_tokens"] = one.DroppedTokens } : null,
            });
        }

        embeddings.Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens };
        return embeddings;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_loaded) ? _loaded
            : null;
    }

    /// <summary>Does nothing: the model belongs to who loaded it.</summary>
    public void Dispose()
    {
    }
}
