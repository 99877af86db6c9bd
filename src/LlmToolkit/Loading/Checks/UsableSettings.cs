namespace LlmToolkit.Loading.Checks;

/// <summary>The architecture can be built with the settings as they are. What a rule on settings says already is not said twice.</summary>
internal sealed class UsableSettings(Rehearsals rehearsals, IReadOnlyList<IModelCheck> settings) : IModelCheck
{
    public string Name => "settings of the architecture";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (rehearsals.Of(description)?.Configuration is { } fault
            && !settings.SelectMany(s => s.Check(description)).Any(f => f.Severity >= Severity.High && f.Field == fault.Field))
        {
            yield return fault;
        }
    }
}
