namespace LlmToolkit.Loading.Checks;

/// <summary>Query heads are a multiple of key-value heads.</summary>
internal sealed class HeadGeometry : IModelCheck
{
    public string Name => "heads";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description.Info is { Heads: > 0 and int heads, KvHeads: > 0 and int kvHeads } && heads % kvHeads != 0)
        {
            string key = description.Container is { } container ? ConfigNames.KvHeads.Keys(container.Naming, container.Info.Architecture)[0] : ConfigNames.KvHeads.Gguf;
            yield return CheckErrors.HeadsDoNotDivide(description.Artifact.Path, key, heads, kvHeads);
        }
    }
}
