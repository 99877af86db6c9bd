using System.Globalization;

namespace LlmToolkit.Loading.Checks;

/// <summary>The epsilon of norms is a small number: finite, not negative, below 1.</summary>
internal sealed class NormEpsilon : IModelCheck
{
    public string Name => "epsilon";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is not { } facts)
        {
            yield break;
        }

        foreach (ConfigName name in (ConfigName[])[CheckedSettings.RmsEpsilon, CheckedSettings.LayerNormEpsilon])
        {
            if (facts.Find(name) is { } found && found.Value.TryGetDouble(out double value) && value is not (>= 0 and < 1))
            {
                yield return CheckErrors.OutOfRange(facts.File, found.Key, value.ToString(CultureInfo.InvariantCulture), "a number from 0 to below 1", Severity.High);
            }
        }
    }
}
