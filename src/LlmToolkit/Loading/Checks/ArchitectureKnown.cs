namespace LlmToolkit.Loading.Checks;

/// <summary>A model says which architecture it has.</summary>
internal sealed class ArchitectureKnown : IModelCheck
{
    public string Name => "architecture";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description is not { Container: { } container })
        {
            yield break;
        }

        string file = description.Artifact.Path;
        if (container.Info.Architecture is { } architecture)
        {
            if (ModelFacts.OfFile(description) is { IsGguf: true, IsConfigured: false })
            {
                yield return CheckErrors.NoSettings(file, architecture);
            }

            yield break;
        }

        if (ModelFacts.OfFile(description) is not { } facts)
        {
            yield break;
        }

        if (facts.IsGguf && (facts.IsConfigured || facts.Embedding is not null))
        {
            yield return CheckErrors.NoGgufArchitecture(file, container.Metadata.TryGet("general.architecture", out MetadataValue? value) ? $"of the type {value.Type}" : "missing");
        }
        else
        {
            yield return facts.IsConfigured || description.Artifact.IsDirectory ? CheckErrors.NoModelType(file) : CheckErrors.NoArchitecture(file);
        }
    }
}
