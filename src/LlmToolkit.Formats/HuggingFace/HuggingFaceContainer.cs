namespace LlmToolkit.Formats.HuggingFace;

/// <summary>Weights with the configuration, tokenizer and settings of their folder.</summary>
internal sealed class HuggingFaceContainer(ModelArtifact artifact, HuggingFaceFolder folder, ModelContainer weights, string format) : ModelContainer
{
    /// <inheritdoc/>
    public override ModelArtifact Artifact => artifact;

    /// <inheritdoc/>
    public override IReadOnlyList<ArtifactFile> Files => weights.Files;

    /// <inheritdoc/>
    public override ModelInfo Info { get; } = HuggingFaceModelInfo.Read(folder, weights.Info, weights.Tensors, format);

    /// <inheritdoc/>
    public override NamingScheme Naming => NamingScheme.HuggingFace;

    /// <inheritdoc/>
    public override IModelMetadata Metadata => folder.Config;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors => weights.Tensors;

    /// <inheritdoc/>
    public override TokenizerSource? Tokenizer => folder.Tokenizer;

    /// <inheritdoc/>
    public override string? ChatTemplate => folder.ChatTemplate;

    /// <inheritdoc/>
    public override GenerateOptions GenerationDefaults { get; } = HuggingFaceModelInfo.Generation(folder.Generation);

    /// <inheritdoc/>
    public override IReadOnlyList<int> EndTokens { get; } = HuggingFaceModelInfo.EndTokens(folder);

    /// <inheritdoc/>
    public override PoolingOptions Pooling => folder.Pooling;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Opaque => weights.Opaque;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Imports => weights.Imports;

    /// <inheritdoc/>
    public override TensorData Read(TensorInfo tensor) => weights.Read(tensor);

    /// <inheritdoc/>
    public override IReadOnlyList<Diagnostic> Check() => [.. folder.Warnings, .. weights.Check()];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            weights.Dispose();
        }
    }
}
