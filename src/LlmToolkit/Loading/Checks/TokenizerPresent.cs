namespace LlmToolkit.Loading.Checks;

/// <summary>A model that has an architecture has a tokenizer too.</summary>
internal sealed class TokenizerPresent : IModelCheck
{
    public string Name => "tokenizer";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description is { Container: { Tokenizer: null }, Info.Architecture: not null })
        {
            yield return CheckErrors.NoTokenizer(description.Artifact.Path);
        }
    }
}
