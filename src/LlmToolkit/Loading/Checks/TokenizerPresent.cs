namespace LlmToolkit.Loading.Checks;

/// <summary>A model that has an architecture has a tokenizer too.</summary>
internal sealed class TokenizerPresent : IModelCheck
{
    public string Name => "tokenizer";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description is not { Container: { Tokenizer: null } container, Info.Architecture: not null } || container.Metadata.TryGet("tokenizer.ggml.tokens", out _))
        {
            yield break;
        }

        // Some files say outright that they have none, and some are no whole models.
        bool claimed = ModelFacts.Of(description) is not null && !container.Metadata.TryGet("tokenizer.ggml.model", out _);
        yield return CheckErrors.NoTokenizer(description.Artifact.Path, claimed ? Severity.High : Severity.Medium);
    }
}
