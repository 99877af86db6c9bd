namespace LlmToolkit.Loading.Checks;

/// <summary>A token uses no more experts than there are, and stacked experts are as many as stated.</summary>
internal sealed class ExpertCounts : IModelCheck
{
    public string Name => "experts";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is not { } facts || facts.Number(CheckedSettings.Experts) is not (> 0 and { } count))
        {
            yield break;
        }

        if (facts.Find(CheckedSettings.ExpertsUsed) is { } used && used.Value.TryGetInt64(out long chosen) && (chosen > count || chosen < 0))
        {
            yield return CheckErrors.OutOfRange(facts.File, used.Key, $"{chosen}", $"at most the {count} experts", Severity.High);
        }

        TensorInfo? stack = facts.IsGguf
            ? facts.Container.Tensors.FirstOrDefault(t => t.Shape.Count == 3 && t.Name.EndsWith("_exps.weight", StringComparison.Ordinal) && t.Shape[0] != count)
            : null;
        if (stack is not null)
        {
            yield return CheckErrors.OutOfRange(facts.File, facts.Find(CheckedSettings.Experts)!.Value.Key, $"{count}", $"{stack.Shape[0]}, as many as {stack.Name} stacks", Severity.High);
        }
    }
}
