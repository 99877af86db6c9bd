using System.Globalization;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>Faults of safetensors files and their indexes, LT1100 to LT1199.</summary>
internal static class SafetensorsErrors
{
    private static readonly string[] s_downloadAgain = ["Download the file again and compare its size and checksum with the model's page."];

    private static readonly string[] s_writeAgain = ["Get the original file.", "Write the file again with the safetensors library."];

    public static Diagnostic TooShort(string file, long length) => Fault(
        "LT1100", file, $"The file has {length} bytes; the length of a safetensors header takes {SafetensorsConstants.LengthBytes}.", "The download was cut off at its beginning.",
        s_downloadAgain, evidence: $"{length} bytes");

    public static Diagnostic HeaderLength(string file, ulong length, ulong limit) => Fault(
        "LT1101", file, $"The header's length is {length}; at most {limit} are possible here.", "The file is no safetensors file, is cut, or is hostile.",
        ["Let the toolkit choose the format: leave out --format.", .. s_downloadAgain], "header length", $"{length}, limit {limit}", Severity.Critical, certainty: Certainty.Likely);

    public static Diagnostic NotUtf8(string file) => Fault(
        "LT1102", file, "The header is not UTF-8 text.", "The file is no safetensors file, or it is damaged.", s_downloadAgain, certainty: Certainty.Likely);

    public static Diagnostic Json(string file, string reason) => Fault(
        "LT1103", file, $"The header is not valid JSON: {reason}.", "The file is no safetensors file, or it is damaged.", s_downloadAgain, "header", reason, Severity.Critical, certainty: Certainty.Likely);

    public static Diagnostic Entry(string file, string tensor, string found, string expected) => Fault(
        "LT1104", file, $"The entry of the tensor \"{Shown.Text(tensor)}\" has {found}; {expected} was expected.", "The file was written by a faulty tool, or its header is damaged.", s_writeAgain, tensor, found);

    public static Diagnostic DType(string file, string tensor, string dtype) => Fault(
        "LT1105", file, $"The tensor \"{Shown.Text(tensor)}\" has the dtype \"{Shown.Text(dtype)}\", which is not known.", "The file was written by a faulty tool, or by one newer than this version.",
        ["Update the toolkit.", .. s_writeAgain], tensor, Shown.Text(dtype), kind: FaultKind.Unsupported, certainty: Certainty.Likely);

    public static Diagnostic Duplicate(string file, string name) => Fault(
        "LT1106", file, $"The header names \"{Shown.Text(name)}\" twice.", "The file was written by a faulty tool or is hostile: readers disagree which of the two counts.", s_writeAgain, name);

    public static Diagnostic Shape(string file, string tensor, string shape) => Fault(
        "LT1107", file, $"The tensor \"{Shown.Text(tensor)}\" has the shape {shape}: its size does not fit in 63 bits.", "The header is damaged or hostile.", s_writeAgain, tensor, shape, Severity.Critical);

    public static Diagnostic Size(string file, string tensor, string shape, string expected, ulong found) => Fault(
        "LT1108", file, $"The tensor \"{Shown.Text(tensor)}\" ({shape}) takes {expected}; its offsets leave {found} bytes.", "The file was written by a faulty tool, or its header is damaged.", s_writeAgain, tensor, $"{found} bytes");

    public static Diagnostic Offsets(string file, string tensor, ulong begin, ulong end, ulong expected) => Fault(
        "LT1109", file, $"The data of \"{Shown.Text(tensor)}\" span [{begin}, {end}); they should begin at {expected}: tensors may neither overlap nor leave gaps.",
        "The file was written by a faulty tool, or it is hostile.", s_writeAgain, tensor, $"[{begin}, {end})");

    public static Diagnostic Length(string file, UInt128 expected, long found) => Fault(
        "LT1110", file,
        (UInt128)found < expected
            ? string.Create(CultureInfo.InvariantCulture, $"The file has {found} of the {expected} bytes that its header describes ({100.0 * found / (double)expected:F1} % present).")
            : $"The file has {found} bytes; its header describes {expected}.",
        (UInt128)found < expected ? "The download or copy is incomplete." : "Something was appended to the file.",
        (UInt128)found < expected ? ["Resume or repeat the download."] : s_writeAgain, "file length",
        (UInt128)found < expected ? string.Create(CultureInfo.InvariantCulture, $"{found} of {expected} bytes ({100.0 * found / (double)expected:F1} % present)") : $"{(UInt128)found - expected} bytes too many",
        (UInt128)found < expected ? Severity.Critical : Severity.High);

    public static Diagnostic Metadata(string file, string key, string found) => Fault(
        "LT1111", file, $"The value of \"{Shown.Text(key)}\" in __metadata__ is {found}; a string was expected.", "The file was written by a faulty tool.", s_writeAgain, key, found);

    public static Diagnostic TooMany(string file, string what, long count, long limit) => Fault(
        "LT1112", file, $"{what}: {count} found, at most {limit} are read.", "The header is damaged or hostile.", s_downloadAgain, what, $"{count}", Severity.Critical);

    public static Diagnostic HeaderCut(string file, long length, long header) => Fault(
        "LT1113", file, string.Create(CultureInfo.InvariantCulture, $"The file ends inside its header: it has {length} bytes of at least {header} ({100.0 * length / header:F1} % of the header present)."),
        "The download or copy was cut off.", ["Resume or repeat the download."], "header length",
        string.Create(CultureInfo.InvariantCulture, $"{length} of at least {header} bytes ({100.0 * length / header:F1} %)"), Severity.Critical, certainty: Certainty.Likely);

    public static Diagnostic TotalSize(string file, string stated, Int128 found) => Fault(
        "LT1125", file, $"{Path.GetFileName(file)} says total_size = {stated}; the tensors that it lists take {found} bytes.", "Index and files are of different revisions, the index was edited, or tied tensors were counted twice.",
        ["Download the index and all files of one revision if the model misbehaves."], "metadata.total_size", stated, Severity.Low, FaultKind.Unsupported, Certainty.Possible);

    public static Diagnostic IndexMap(string file, string reason) => Fault(
        "LT1120", file, $"{Path.GetFileName(file)} has no usable weight_map: {reason}.", "The index is damaged, or was written by a faulty tool.", ["Download the index again."], "weight_map", reason);

    public static Diagnostic ShardsMissing(string file, IReadOnlyCollection<string> names, int count) => Fault(
        "LT1121", file, $"{names.Count} of the {count} files of the model {(names.Count == 1 ? "is" : "are")} missing: {Shown.Names(names)}.", "The download is incomplete.",
        ["Download the missing files into the same folder."], "weight_map", Shown.Names(names));

    public static Diagnostic TensorNotInShard(string file, IReadOnlyCollection<string> names) => Fault(
        "LT1122", file, $"{names.Count} tensors that {Path.GetFileName(file)} lists are not in the files it names: {Shown.Names(names)}.", "Index and files are of different revisions.",
        ["Download the index and all files of one revision."], names.First(), Shown.Names(names));

    public static Diagnostic TensorTwice(string file, string name, string other) => Fault(
        "LT1123", file, $"The tensor \"{Shown.Text(name)}\" is in {Path.GetFileName(file)} and in {other}, and no index says which one counts.", "The files are of different sets.",
        ["Keep only the files of one model in the folder.", "Download the index (model.safetensors.index.json)."], name, other);

    public static Diagnostic Unlisted(string file, IReadOnlyCollection<string> names) => Fault(
        "LT1124", file, $"{names.Count} tensors are in the files but not in {Path.GetFileName(file)}, and are left out: {Shown.Names(names)}.", "Index and files are of different revisions, or the index was edited.",
        ["Download the index and all files of one revision if the model misbehaves."], "weight_map", Shown.Names(names), Severity.Low, FaultKind.Unsupported);

    private static Diagnostic Fault(
        string code, string file, string message, string cause, IReadOnlyList<string> fixes, string? field = null, string? evidence = null,
        Severity severity = Severity.High, FaultKind kind = FaultKind.Refused, Certainty certainty = Certainty.Certain) => new()
        {
            Code = code,
            Message = message,
            Kind = kind,
            Severity = severity,
            File = file,
            Field = field is null ? null : Shown.Text(field),
            Evidence = evidence,
            Cause = cause,
            Certainty = certainty,
            Fixes = fixes,
        };
}
