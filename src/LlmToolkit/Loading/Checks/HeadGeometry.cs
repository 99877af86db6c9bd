namespace LlmToolkit.Loading.Checks;

/// <summary>Query heads are a multiple of key-value heads.</summary>
internal sealed class HeadGeometry : IModelCheck
{
    public string Name => "heads";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description.Info is { Heads: > 0 and int heads, KvHeads: > 0 and int kvHeads } && heads % kvHeads != 0)
        {
            yield return CheckErrors.HeadsDoNotDivide(description.Artifact.Path, heads, kvHeads);
        }
    }
}
