namespace LlmToolkit.Loading.Checks;

/// <summary>A setting that is given layer by layer has an entry for every layer.</summary>
internal sealed class PerLayerLists : IModelCheck
{
    public string Name => "lists by layer";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is not { } facts || facts.Number(ConfigNames.Layers) is not (> 0 and <= 1 << 16 and { } layers))
        {
            yield break;
        }

        foreach (ConfigName name in (ConfigName[])[ConfigNames.Heads, ConfigNames.KvHeads, CheckedSettings.FeedForward, CheckedSettings.SlidingPattern])
        {
            if (facts.Find(name) is { Value: { Type: "array" } list } found && list.Count != layers)
            {
                // llama.cpp wants the exact length; a longer list still says something of every layer.
                yield return CheckErrors.ListLength(facts.File, found.Key, list.Count, layers, list.Count < layers ? Severity.High : Severity.Medium);
            }
        }

        if (!facts.IsGguf && facts.Container.Metadata.TryGet("layer_types", out MetadataValue? kinds) && kinds.Type == "array" && kinds.Count < layers)
        {
            yield return CheckErrors.ListLength(facts.File, "layer_types", kinds.Count, layers, Severity.High);
        }
    }
}
