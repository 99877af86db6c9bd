using LlmToolkit.Engine;

namespace LlmToolkit.Loading.Checks;

/// <summary>No tensor is left over.</summary>
internal sealed class SurplusTensors(Rehearsals rehearsals) : IModelCheck
{
    public string Name => "surplus tensors";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (rehearsals.Of(description) is { Unused.Count: > 0 } rehearsal)
        {
            yield return EngineErrors.UnusedTensors(description.Artifact.Path, rehearsal.Unused);
        }
    }
}
