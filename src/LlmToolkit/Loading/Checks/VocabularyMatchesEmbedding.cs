namespace LlmToolkit.Loading.Checks;

/// <summary>Every token has a row in the embedding. More rows than tokens are padding and fine.</summary>
internal sealed class VocabularyMatchesEmbedding : IModelCheck
{
    private static readonly string[] s_embeddings =
        ["token_embd.weight", "model.embed_tokens.weight", "transformer.wte.weight", "wte.weight", "gpt_neox.embed_in.weight", "embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings.weight", "model.language_model.embed_tokens.weight", "language_model.model.embed_tokens.weight"];

    public string Name => "vocabulary";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description.Info?.Tokenizer?.Vocabulary is int tokens
            && description.Tensors.FirstOrDefault(t => s_embeddings.Contains(t.Name)) is { Shape.Count: 2 } embedding
            && embedding.Shape.Rows < tokens)
        {
            yield return CheckErrors.VocabularyMismatch(description.Artifact.Path, embedding.Name, embedding.Shape.Rows, tokens);
        }
    }
}
