namespace LlmToolkit.Loading.Checks;

/// <summary>The rows of the table of tokens are as wide as stated. Some families project a narrower table, so a known architecture judges for itself.</summary>
internal sealed class EmbeddingWidth(Rehearsals rehearsals) : IModelCheck
{
    public string Name => "embedding";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is { Embedding: { } table } facts && rehearsals.Of(description) is null
            && facts.Number(ConfigNames.EmbeddingLength) is > 0 and { } width && table.Shape.Columns != width && !table.DType.Name.StartsWith('U'))
        {
            yield return CheckErrors.EmbeddingWidth(facts.File, table, facts.Find(ConfigNames.EmbeddingLength)!.Value.Key, width);
        }
    }
}
