namespace LlmToolkit.Hub;

/// <summary>Faults of other programs' stores: LT6060-LT6069.</summary>
internal static class LocalStoreErrors
{
    /// <summary>No store has the model.</summary>
    public static ModelException NotFound(string name, IReadOnlyList<string> folders, IReadOnlyList<string> near) => Fault(
        "LT6060", FaultKind.Usage, $"There is no model {name} on this disk.", name, $"looked in {string.Join(", ", folders)}", "The name is misspelt, the model was removed, or the program keeps its models elsewhere.",
        [.. near.Take(1).Select(n => $"Perhaps {n} is meant."), "Run `llmtk list --stores` to see what there is.", "Set OLLAMA_MODELS to the store's folder, or name the file."]);

    /// <summary>A name fits several models.</summary>
    public static ModelException Several(string name, IReadOnlyList<string> names) => Fault(
        "LT6061", FaultKind.Usage, $"{name} has {names.Count} models, and none is named Q4_K_M.", name, string.Join(", ", names.Take(8)), "A folder holds several quantizations.", [$"Name one of them, such as {names[0]}."]);

    /// <summary>A manifest, or what it names, is damaged.</summary>
    public static ModelException Damaged(string name, string path, string what) => Fault(
        "LT6062", FaultKind.Refused, $"{name} cannot be used: {what}.", path, path, "The other program did not finish its download, or another one changed its files.", ["Download it again with the program that keeps it.", "Run `llmtk list --stores` to see what is whole."]);

    private static ModelException Fault(string code, FaultKind kind, string message, string file, string evidence, string cause, IReadOnlyList<string> fixes) => new(new Diagnostic
    {
        Code = code,
        Kind = kind,
        Category = kind == FaultKind.Usage ? ErrorCategory.Usage : ErrorCategory.Format,
        Message = message,
        File = file,
        Evidence = evidence,
        Cause = cause,
        Certainty = Certainty.Likely,
        Fixes = fixes,
        Stops = [LoadStop.Resolve],
    });
}
