using LlmToolkit.Hub;

namespace LlmToolkit.Configuration;

/// <summary>Faults of the configuration: LT2400-LT2419.</summary>
internal static class ConfigurationErrors
{
    /// <summary>The file cannot be read.</summary>
    public static ModelException Damaged(string path, string what, Exception? inner) => Fault(
        "LT2400", $"The configuration {path} cannot be read: {what}.", path, null, "It was edited by hand and is no valid JSON, or belongs to another user.", ["Correct the file.", "Move it away: everything has a default then.", "Name another one: LLMTK_CONFIG=/path/config.json."], inner);

    /// <summary>A setting does not take the value.</summary>
    public static ModelException BadValue(Setting setting, string value, string? path) => Fault(
        "LT2401", $"The setting {setting.Name} is \"{value}\"; expected {setting.Expected}.", path, setting.Name, "The value is misspelt or meant for another setting.", [$"Set it: llmtk config set {setting.Name} VALUE.", $"Or unset it: llmtk config unset {setting.Name}."]);

    /// <summary>There is no such setting.</summary>
    public static ModelException NoSetting(string name) => Fault(
        "LT2402", $"There is no setting \"{name}\"; there are {string.Join(", ", Setting.All.Select(s => s.Name))}.", null, name, "The name is misspelt, or of another version.", [.. Near(name, Setting.All.Select(s => s.Name)), "Run `llmtk config show` to see what can be set."]);

    /// <summary>A short name cannot be one.</summary>
    public static ModelException BadAlias(string name) => Fault(
        "LT2403", $"\"{name}\" cannot be a short name: expected 1 to 64 letters, digits, '.', '_' and '-', a letter or digit first.", null, name, "Other characters have a meaning in paths and Hub IDs.", ["Choose another name."]);

    /// <summary>A short name of a short name.</summary>
    public static ModelException AliasOfAlias(string name, string model) => Fault(
        "LT2404", $"The short name {name} cannot stand for {model}, which is a short name itself.", null, name, "Short names of short names could lead in a circle.", ["Name the model that is meant."]);

    /// <summary>A short name of nothing.</summary>
    public static ModelException AliasOfNothing(string name) => Fault(
        "LT2409", $"The short name {name} has to stand for a model; the text given is empty.", null, name, "A variable of the shell that should hold it is not set.", ["Name a path, a Hub ID or an address.", $"To remove it: llmtk alias remove {name}."]);

    /// <summary>There is no such short name.</summary>
    public static ModelException NoAlias(string name, IEnumerable<string> names) => Fault(
        "LT2405", $"There is no short name {name}.", null, name, "It was removed, or is misspelt.", [.. Near(name, names), "Run `llmtk alias list`."]);

    /// <summary>The file cannot be written.</summary>
    public static ModelException CannotWrite(string path, Exception inner) => Fault(
        "LT2406", $"The configuration {path} cannot be written: {inner.Message}", path, null, "The folder belongs to another user, or the disk is full or read-only.", ["Correct the rights of the folder.", "Name another file: LLMTK_CONFIG=/path/config.json."], inner);

    /// <summary>There is no place for the file.</summary>
    public static ModelException NoPlace() => Fault(
        "LT2407", "There is no place for the configuration.", null, null, "This user has no home folder.", ["Name a file: LLMTK_CONFIG=/path/config.json."]);

    /// <summary>An edit would lose comments.</summary>
    public static ModelException HasComments(string path) => Fault(
        "LT2408", $"The configuration {path} holds comments, which a change by this command would lose; it was left as it is.", path, null, "It was edited by hand; JSON itself has no comments.", ["Make the change in an editor.", "Remove the comments."]);

    /// <summary>What was meant, perhaps: a slip of the finger rarely changes the first letter.</summary>
    private static IEnumerable<string> Near(string name, IEnumerable<string> names) =>
        NearNames.Of(name, names.Where(n => name.Length > 0 && char.ToUpperInvariant(n[0]) == char.ToUpperInvariant(name[0])), 1).Select(n => $"Did you mean {n}?");

    private static ModelException Fault(string code, string message, string? file, string? field, string cause, IReadOnlyList<string> fixes, Exception? inner = null)
    {
        Diagnostic diagnostic = new()
        {
            Code = code,
            Kind = FaultKind.Usage,
            Category = ErrorCategory.Usage,
            Message = message,
            File = file,
            Field = field,
            Cause = cause,
            Certainty = Certainty.Likely,
            Fixes = fixes,
        };
        return inner is null ? new ModelException(diagnostic) : new ModelException(diagnostic, inner);
    }
}
