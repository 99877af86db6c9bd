namespace LlmToolkit.Formats.HuggingFace;

/// <summary>A format whose files may hold more than a model's weights: it can open the weights alone, under the names that the model itself gives them.</summary>
internal interface IWeightFormat : IModelFormat
{
    /// <summary>Opens the weights alone.</summary>
    /// <exception cref="ModelException">The bytes are refused.</exception>
    ModelContainer OpenWeights(ModelArtifact artifact);
}
