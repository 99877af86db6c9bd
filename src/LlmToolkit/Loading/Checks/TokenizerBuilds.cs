namespace LlmToolkit.Loading.Checks;

/// <summary>The tokenizer can be built: its lists are there and of equal length, its merges and ids name tokens, its kind is known.</summary>
internal sealed class TokenizerBuilds(TextParts parts) : IModelCheck
{
    public string Name => "tokenizer's data";

    public bool IsThorough => true;

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description.Container is not null && parts.Of(description).Fault is { } fault)
        {
            yield return fault with { File = fault.File ?? description.Artifact.Path };
        }
    }
}
