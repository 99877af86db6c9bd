namespace LlmToolkit.Routing;

/// <summary>Errors of routing: LT4100-LT4199.</summary>
internal static class RoutingErrors
{
    public static ModelException UnknownBackend(string name, IEnumerable<string> known) => new(new()
    {
        Code = "LT4101",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"There is no backend \"{name}\"; known are {string.Join(", ", known)}.",
        Field = "--backend",
        Fixes = ["Leave out --backend.", "Run `llmtk list-backends`."],
    });

    /// <summary>No backend takes the model: the first loser's first obstacle, with every other reason as evidence.</summary>
    public static ModelException NoBackend(string path, LoadPlan plan)
    {
        List<BackendReason> obstacles = [.. plan.Fits.SelectMany(f => f.Reasons).Where(r => r.Kind is not null)];
        bool memoryOnly = obstacles.Count > 0 && obstacles.All(r => r.Kind == FaultKind.DoesNotFit);
        BackendReason? first = obstacles.FirstOrDefault(r => r.Kind != FaultKind.DoesNotFit) ?? obstacles.FirstOrDefault();
        return first is null ? NoReason(path) : new ModelException(new()
        {
            Code = first.Code,
            Kind = memoryOnly ? FaultKind.DoesNotFit : FaultKind.Unsupported,
            Category = memoryOnly ? ErrorCategory.Memory : ErrorCategory.Backend,
            Message = first.Message,
            File = path,
            // One backend's one reason is the message already.
            Evidence = plan.Fits.Sum(f => f.Reasons.Count) > 1 ? string.Join("; ", plan.Fits.SelectMany(f => f.Reasons.Select(r => $"{f.Backend}: {r.Message}"))) : null,
            Cause = Diagnosis.ErrorCatalog.Find(first.Code) is { Causes: [string cause, ..] } ? cause : null,
            Certainty = Certainty.Likely,
            Fixes = [.. obstacles.Select(r => r.Remedy).OfType<string>().Distinct(), "Run `llmtk plan MODEL --explain` to see every reason."],
        });
    }

    private static ModelException NoReason(string path) => new(new()
    {
        Code = "LT4103",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = "No backend can run this model, and none says why.",
        File = path,
        Cause = "Every backend refused without a reason, or there is none.",
        Certainty = Certainty.Likely,
        Fixes = ["Run `llmtk list-backends` to see which backends there are."],
    });
}
