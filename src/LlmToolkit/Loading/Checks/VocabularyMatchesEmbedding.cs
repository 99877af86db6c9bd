namespace LlmToolkit.Loading.Checks;

/// <summary>Every token has a row in the embedding. More rows than tokens are padding and fine.</summary>
internal sealed class VocabularyMatchesEmbedding : IModelCheck
{
    public string Name => "vocabulary";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description.Info?.Tokenizer?.Vocabulary is int tokens
            && ModelFacts.EmbeddingOf(description.Tensors) is { } embedding
            && embedding.Shape.Rows < tokens)
        {
            yield return CheckErrors.VocabularyMismatch(description.Artifact.Path, embedding.Name, embedding.Shape.Rows, tokens);
        }
    }
}
