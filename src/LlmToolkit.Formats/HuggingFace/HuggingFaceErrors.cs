using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>Faults of model directories, LT1300 to LT1399.</summary>
internal static class HuggingFaceErrors
{
    public static Diagnostic NoWeights(string folder, string reason) => Fault(
        "LT1300", folder, $"The directory holds no weights that can be loaded: {reason}.", "The download is incomplete, or this is not a model's directory.",
        ["Download the weight files (model.safetensors, or the index with all shards) into the directory.", "Name the weight file itself."], evidence: reason);

    public static Diagnostic NotTransformers(string folder, string reason) => Fault(
        "LT1301", folder, $"The directory is no language model that can be loaded: {reason}.", "Another program's model lies in the directory.",
        ["Download the model in safetensors or GGUF form."], evidence: reason, kind: FaultKind.Unsupported);

    public static Diagnostic NoConfig(string folder) => Fault(
        "LT1302", folder, "The directory has no config.json.", "The download is incomplete: without its configuration the weights cannot be used.",
        ["Download config.json and the tokenizer's files from the same repository.", "Name the weight file itself to look at it alone."], "config.json");

    public static Diagnostic NoReader(string file, string format) => Fault(
        "LT1303", file, $"The weights are {format} files, and no reader for {format} is registered.", "The toolkit was set up without that format.",
        [$"Register the {format} format.", "Use the safetensors form of the model."], evidence: format, kind: FaultKind.Unsupported);

    public static Diagnostic WeightsUnreadable(string file, string reason) => Fault(
        "LT1304", file, $"{Path.GetFileName(file)} cannot be opened: {reason}", "A file of the directory was moved, or the system refuses to open it.",
        ["Check the permissions of the directory.", "Download the file again."], evidence: reason);

    public static Diagnostic ConfigValue(string file, string key, string found, string expected) => Fault(
        "LT1305", file, $"{key} is {Shown.Text(found)}; {expected} was expected.", "The configuration is damaged, or was edited by hand.", ["Download the file again."], key, Shown.Text(found));

    public static Diagnostic ModuleIgnored(string file, string type) => Fault(
        "LT1306", file, $"The embedding step \"{Shown.Text(type)}\" of modules.json is not carried out; vectors differ from the model author's.", "Only Transformer, Pooling and Normalize steps are known.",
        ["Use the model with sentence-transformers where its exact vectors matter."], "modules.json", Shown.Text(type), Severity.Medium, FaultKind.Unsupported);

    public static Diagnostic RemoteCode(string file) => Fault(
        "LT1307", file, "config.json asks for Python code of the repository (auto_map). Nothing of it is run; the model is loaded by its architecture's name alone.", "The model was published with its own code.",
        ["Nothing needs to be done when the architecture is supported."], "auto_map", severity: Severity.Low, kind: FaultKind.Unsupported);

    /// <summary>An adapter without its base model.</summary>
    public static Diagnostic Adapter(string folder, string reason) => Fault(
        "LT1308", folder, $"The directory holds an adapter, not a model of its own: {reason}.", "An adapter is a set of small changes to another model's weights; it works with that model only.",
        ["Download its base model, merge the adapter into it (peft: merge_and_unload, then save_pretrained) and load the result.", "Load the base model alone."], "adapter_config.json", reason, kind: FaultKind.Unsupported);

    private static Diagnostic Fault(
        string code, string file, string message, string cause, IReadOnlyList<string> fixes, string? field = null, string? evidence = null,
        Severity severity = Severity.High, FaultKind kind = FaultKind.Refused) => new()
        {
            Code = code,
            Message = message,
            Kind = kind,
            Severity = severity,
            File = file,
            Field = field,
            Evidence = evidence,
            Cause = cause,
            Fixes = fixes,
        };
}
