using System.Globalization;

namespace LlmToolkit.Loading.Checks;

/// <summary>The base and the scaling of the rope are finite and above 0; the context is not 0.</summary>
internal sealed class RopeAndContext : IModelCheck
{
    public string Name => "rope and context";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is not { } facts)
        {
            yield break;
        }

        foreach (ConfigName name in (ConfigName[])[CheckedSettings.RopeBase, CheckedSettings.RopeBaseSliding, CheckedSettings.RopeFactor, CheckedSettings.RopeOriginal])
        {
            if (facts.Find(name) is not { } found || !found.Value.TryGetDouble(out double value) || (value > 0 && double.IsFinite(value)))
            {
                continue;
            }

            // A GGUF writes 0 for what is not used: no scaling, no rope at all.
            if (value != 0 || !facts.IsGguf)
            {
                yield return CheckErrors.OutOfRange(facts.File, found.Key, value.ToString(CultureInfo.InvariantCulture), "a finite number above 0", Severity.High);
            }
        }

        if (facts.Find(ConfigNames.ContextLength) is { } context && context.Value.TryGetDouble(out double length) && length < 1)
        {
            yield return CheckErrors.OutOfRange(facts.File, context.Key, length.ToString(CultureInfo.InvariantCulture), "a length of at least 1; another is taken", Severity.Medium);
        }
    }
}
