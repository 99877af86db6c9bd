namespace LlmToolkit.Loading.Checks;

/// <summary>A model says which architecture it has.</summary>
internal sealed class ArchitectureKnown : IModelCheck
{
    public string Name => "architecture";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description is { Info.Architecture: null, Container: not null })
        {
            yield return CheckErrors.NoArchitecture(description.Artifact.Path);
        }
    }
}
