namespace LlmToolkit.Text;

/// <summary>Errors of embedding: LT3250-LT3279.</summary>
internal static class EmbeddingErrors
{
    public static ModelException NoEmbeddings(ModelInfo info) => new(new()
    {
        Code = "LT3250",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Usage,
        Message = $"The model {(info.Name is { } name ? $"\"{name}\" " : "")}predicts tokens; it gives no embeddings.",
        Field = "architecture",
        Evidence = info.Architecture,
        Fixes = ["Use an embedding model (BERT and its kin)."],
    });

    public static ModelException UnknownPooling(string mode, IEnumerable<string> known) => new(new()
    {
        Code = "LT3251",
        Kind = FaultKind.Unsupported,
        Message = $"The model's pooling is \"{mode}\"; one vector of a text is made by {string.Join(", ", known)}.",
        Field = "pooling",
        Evidence = mode,
        Cause = "The model was made with a way of pooling that is not built here.",
        Fixes = ["Read the hidden states of every token instead (llmtk logits)."],
    });
}
