namespace LlmToolkit;

/// <summary>What a tokenizer is built from: data only. The Text package builds the tokenizer.</summary>
public sealed record TokenizerSource
{
    /// <summary>Files by their plain names (<c>tokenizer.json</c>, <c>tokenizer.model</c>, <c>vocab.json</c>, <c>merges.txt</c>, <c>vocab.txt</c>, <c>tokenizer_config.json</c>,
    /// <c>special_tokens_map.json</c>, <c>added_tokens.json</c>, <c>generation_config.json</c>, <c>config.json</c>) with their absolute paths.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>GGUF's <c>tokenizer.ggml.*</c> keys, when the tokenizer lies in a GGUF.</summary>
    public IModelMetadata? Metadata { get; init; }

    /// <summary>Overrides the pre-tokenizer's name (GGUF only); null: what the file says.</summary>
    public string? Pre { get; init; }

    /// <summary>Keeps <see cref="Metadata"/> readable until what it gives is disposed, even after the container is; null: nothing has to be kept open.</summary>
    public Func<IDisposable>? Lease { get; init; }
}
