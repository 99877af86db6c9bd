using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign.Onnx;

/// <summary>Faults of ONNX files, LT1419 and LT1430-1449.</summary>
internal static class OnnxErrors
{
    private const string Redownload = "Download the file again and compare its size with the one that the source states.";
    private const string Reexport = "Export the model to ONNX again.";
    private const string OtherForm = "Look in the model's repository for GGUF or safetensors files.";
    private const string Trust = "Get the model from a source you trust.";

    public static Diagnostic NotLoaded(string path, string what) => new()
    {
        Code = "LT1419",
        Kind = FaultKind.Unsupported,
        Message = $"{what}: its backend is a plug-in that is not loaded.",
        File = path,
        Cause = "ONNX Runtime is not part of this build.",
        Fixes = ["Add the ONNX plug-in.", OtherForm],
    };

    public static Diagnostic Damaged(string path, long offset, string what) => new()
    {
        Code = "LT1430",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"The ONNX file is damaged at offset {offset}: {what}.",
        File = path,
        Evidence = $"offset {offset}",
        Cause = "The file was cut or changed, or it is no ONNX file.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload, Reexport],
    };

    public static Diagnostic TooLarge(string path, long length) => new()
    {
        Code = "LT1431",
        Kind = FaultKind.Refused,
        Message = $"The ONNX file has {length} bytes; Protocol Buffers end at 2 GiB, so that no program can read it.",
        File = path,
        Evidence = $"{length} bytes",
        Cause = "The weights were kept inside the file where they belong into external data.",
        Fixes = ["Export the model again with external data (save_as_external_data).", OtherForm],
    };

    public static Diagnostic TooMany(string path, string what, long count, long most) => new()
    {
        Code = "LT1432",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"The ONNX file has {count} {what}; at most {most} are taken.",
        File = path,
        Field = what,
        Evidence = $"{count}, limit {most}",
        Cause = "No real model has so many: the file is damaged, or made to exhaust its reader.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload, Trust],
    };

    public static Diagnostic Lacks(string path, string what) => new()
    {
        Code = "LT1433",
        Kind = FaultKind.Refused,
        Message = $"The ONNX file has no {what}.",
        File = path,
        Field = what,
        Cause = "The file was cut or changed, or it is no ONNX file.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload, Reexport],
    };

    public static Diagnostic VersionImpossible(string path, string field, long found, long known) => new()
    {
        Code = "LT1434",
        Kind = FaultKind.Refused,
        Message = $"{field} is {found}; versions reach {known} today, and no such version exists.",
        File = path,
        Field = field,
        Evidence = $"{field} = {found}",
        Cause = "The file is damaged, or it is no ONNX file.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload, Reexport],
    };

    public static Diagnostic VersionNewer(string path, string field, long found, long known) => new()
    {
        Code = "LT1435",
        Kind = FaultKind.Unsupported,
        Message = $"{field} is {found}; versions up to {known} are known here.",
        File = path,
        Field = field,
        Evidence = $"{field} = {found}",
        Cause = "The model was exported by a newer version of ONNX.",
        Fixes = ["Update the toolkit.", "Export the model with an older opset."],
    };

    public static Diagnostic DomainNotImported(string path, string domain, string operation) => new()
    {
        Code = "LT1436",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"The operator {Shown.Text(operation)} is of the library \"{Shown.Text(domain)}\", which the model does not import.",
        File = path,
        Field = "opset_import",
        Evidence = $"{Shown.Text(domain)}::{Shown.Text(operation)}",
        Cause = "Operators of a library are code outside the model; one that is not declared points to a damaged or hostile file. Nothing of it was loaded.",
        Certainty = Certainty.Likely,
        Fixes = [Trust, Reexport],
    };

    public static Diagnostic CustomDomain(string path, string domain, string operation) => new()
    {
        Code = "LT1437",
        Kind = FaultKind.Unsupported,
        Message = $"The model needs operators of the library \"{Shown.Text(domain)}\" (such as {Shown.Text(operation)}), which is code of its own. Nothing of it was loaded.",
        File = path,
        Field = "opset_import",
        Evidence = $"{Shown.Text(domain)}::{Shown.Text(operation)}",
        Cause = "The model was built for a runtime with custom operators.",
        Fixes = ["Look for an export with standard operators.", OtherForm],
    };

    public static Diagnostic TensorInvalid(string path, string tensor, string what) => new()
    {
        Code = "LT1438",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"The tensor \"{Shown.Text(tensor)}\" is invalid: {what}.",
        File = path,
        Field = Shown.Text(tensor),
        Evidence = what,
        Cause = "The file is damaged, or was changed by hand.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload, Reexport],
    };

    public static Diagnostic ExternalPath(string path, string tensor, string location) => new()
    {
        Code = "LT1439",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"The tensor \"{Shown.Text(tensor)}\" has its data at \"{Shown.Text(location)}\"; a path inside the model's folder was expected. Nothing was opened.",
        File = path,
        Field = "external_data.location",
        Evidence = Shown.Text(location),
        Cause = "The list of files points outside its folder, so that the model could read or send files of this machine.",
        Certainty = Certainty.Likely,
        Fixes = [Trust],
    };

    public static Diagnostic ExternalRange(string path, string tensor, string what) => new()
    {
        Code = "LT1440",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"The external data of the tensor \"{Shown.Text(tensor)}\" cannot be right: {what}.",
        File = path,
        Field = Shown.Text(tensor),
        Evidence = what,
        Cause = "The data file is cut or belongs to another version of the model, or the model is damaged.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the model and its data file again, both from the same revision.", Reexport],
    };

    public static Diagnostic ExternalMissing(string path, IReadOnlyCollection<string> files) => new()
    {
        Code = "LT1441",
        Kind = FaultKind.Refused,
        Message = $"{files.Count} data file{(files.Count == 1 ? " is" : "s are")} missing beside the model: {Shown.Names(files)}.",
        File = path,
        Field = "external_data.location",
        Evidence = Shown.Names(files),
        Cause = "The weights of this model lie in files of their own, and the download left them out.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the missing files into the model's folder.", "Keep the names that the model states: it does not find renamed files."],
    };

    public static Diagnostic ExternalNotPlain(string path, string location, string what) => new()
    {
        Code = "LT1442",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"The data file \"{Shown.Text(location)}\" {what}; a plain file of the model's folder was expected. It was not opened.",
        File = path,
        Field = "external_data.location",
        Evidence = what,
        Cause = "A link lets a model read files that lie elsewhere on this machine.",
        Certainty = Certainty.Possible,
        Fixes = ["Replace it by a copy of the file, if you trust the model.", Trust],
    };

    public static Diagnostic TensorTwice(string path, string tensor) => new()
    {
        Code = "LT1443",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"Two initializers have the name \"{Shown.Text(tensor)}\".",
        File = path,
        Field = Shown.Text(tensor),
        Cause = "The file was put together wrongly: two readers may see two models.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload, Reexport],
    };

    public static Diagnostic Overlap(string path, string first, string second) => new()
    {
        Code = "LT1444",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"The external data of \"{Shown.Text(first)}\" and of \"{Shown.Text(second)}\" overlap.",
        File = path,
        Field = Shown.Text(second),
        Cause = "The export was changed, or its offsets are wrong: one of the two has wrong values.",
        Certainty = Certainty.Possible,
        Fixes = [Reexport],
    };

    public static Diagnostic OtherGraphs(string path, string chosen, IReadOnlyCollection<string> others) => new()
    {
        Code = "LT1445",
        Kind = FaultKind.Unsupported,
        Severity = Severity.Low,
        Message = $"The folder holds {others.Count + 1} ONNX models; {Shown.Text(chosen)} is described. The others: {Shown.Names(others)}.",
        File = path,
        Cause = "A model is often exported in several parts or precisions.",
        Fixes = ["Name the file you mean."],
    };
}
