namespace LlmToolkit.Loading.Checks;

/// <summary>An output matrix is there unless the embedding serves as one, and has as many rows as the embedding.</summary>
internal sealed class TiedOutput(Rehearsals rehearsals) : IModelCheck
{
    public string Name => "output";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is not { Embedding: { } table } facts || facts.Container.Info.IsEncoder)
        {
            yield break;
        }

        if (facts.Output is not { } output)
        {
            if (!facts.IsGguf && facts.Container.Metadata.TryGet("tie_word_embeddings", out MetadataValue? tied) && tied.Value is false && !facts.HasTensor("lm_head.", "embed_out.", "output."))
            {
                yield return CheckErrors.UntiedWithoutOutput(facts.File, table.Name);
            }
        }
        else if (rehearsals.Of(description) is null && output.Shape.Rows != table.Shape.Rows && output.DType == table.DType)
        {
            yield return CheckErrors.OutputRows(facts.File, output, table);
        }
    }
}
