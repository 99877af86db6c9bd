using System.Globalization;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>Faults of GGUF files, LT1000 to LT1099.</summary>
internal static class GgufErrors
{
    private static readonly string[] s_downloadAgain = ["Download the file again and compare its size and checksum with the model's page.", "Get the file from its first publisher."];

    /// <summary>Code of a file that does not begin as a GGUF and is nothing known either.</summary>
    public const string BadMagicCode = "LT1000";

    public static Diagnostic BadMagic(string file, uint found) => Fault(
        "LT1000", file, $"Not a GGUF file: the first four bytes are 0x{found:X8} as a number, expected 0x46554747 (\"GGUF\").", "The file is of another kind, or its beginning is damaged.",
        ["Let the toolkit choose the format: leave out --format.", "Check that the download is the model file."], evidence: $"0x{found:X8}");

    public static Diagnostic Ancestor(string file, string magic) => Fault(
        "LT1001", file, $"The file begins with \"{magic}\": a ggml file from before GGUF (2023).", "GGUF replaced this layout in August 2023; nothing reads it any more.",
        ["Download a current GGUF of the same model.", "Convert it with the tools of a llama.cpp from 2023."], evidence: magic, kind: FaultKind.Unsupported);

    public static Diagnostic Truncated(string file, string what, long offset, ulong needed, long left) => Fault(
        "LT1002", file, $"The file ends inside {what}: {needed} bytes needed at offset {offset}, {left} left.", "The download or copy was cut off, or a length in the header is wrong.",
        s_downloadAgain, what, $"offset {offset}, {needed} bytes needed, {left} left", severity: Severity.Critical, certainty: Certainty.Likely);

    public static Diagnostic Version(string file, uint version) => version > GgufConstants.NewestVersion
        ? Fault("LT1003", file, $"GGUF version {version} is newer than the newest known, {GgufConstants.NewestVersion}.", "The file was written by a newer tool, or its header is damaged.",
            ["Update the toolkit.", "Get the model as GGUF version 3."], "version", $"{version}", kind: FaultKind.Unsupported, certainty: Certainty.Likely)
        : Fault("LT1003", file, $"GGUF version {version} does not exist; 1 to {GgufConstants.NewestVersion} do.", "The header is damaged.", s_downloadAgain, "version", $"{version}");

    public static Diagnostic TooMany(string file, string what, long offset, ulong count, ulong limit) => Fault(
        "LT1004", file, $"{what} is {count} at offset {offset}; at most {limit} are possible here.",
        // Lists of a real header reach some hundred thousands: such a count that does not fit is the mark of a cut file.
        count <= 100_000_000 ? "The file was cut off inside its header, or the header is damaged." : "The header is damaged or hostile: nothing of that size is in the file.",
        s_downloadAgain, what, $"{count} at offset {offset}, limit {limit}", severity: Severity.Critical);

    public static Diagnostic EmptyKey(string file, long offset) => Fault(
        "LT1005", file, $"A metadata key at offset {offset} is empty.", "The file was written by a faulty tool, or its header is damaged.", s_downloadAgain, "key", $"offset {offset}");

    public static Diagnostic DuplicateKey(string file, string key) => Fault(
        "LT1006", file, $"The metadata key \"{Shown.Text(key)}\" occurs twice.", "The file was edited or merged by a faulty tool; which of the two values counts is unknown.",
        ["Get the original file.", "Write the file again with one value for the key."], key);

    public static Diagnostic ValueType(string file, string key, long offset, uint type) => Fault(
        "LT1007", file, $"The value of \"{Shown.Text(key)}\" has type {type} at offset {offset}; types 0 to 12 exist.", "The header is damaged, or a newer tool wrote it.",
        [.. s_downloadAgain, "Update the toolkit."], key, $"type {type} at offset {offset}", certainty: Certainty.Likely);

    public static Diagnostic ArrayDepth(string file, string key) => Fault(
        "LT1008", file, $"Arrays in \"{Shown.Text(key)}\" are nested more than {GgufConstants.MaxArrayDepth} deep.", "No tool writes this; the header is damaged or hostile.",
        s_downloadAgain, key, severity: Severity.Critical);

    public static Diagnostic Alignment(string file, string found) => Fault(
        "LT1009", file, $"general.alignment is {found}; a u32 that is a power of two was expected.", "The file was written by a faulty tool, or its header is damaged.",
        s_downloadAgain, "general.alignment", found);

    public static Diagnostic DuplicateTensor(string file, string name) => Fault(
        "LT1010", file, $"The tensor \"{Shown.Text(name)}\" occurs twice.", "The file was edited or merged by a faulty tool; which of the two tensors counts is unknown.",
        ["Get the original file."], name);

    public static Diagnostic Dimensions(string file, string name, uint count) => Fault(
        "LT1011", file, $"The tensor \"{Shown.Text(name)}\" has {count} dimensions; at most {GgufConstants.MaxDimensions} are possible.", "The header is damaged or hostile.",
        s_downloadAgain, name, $"{count} dimensions", severity: Severity.Critical);

    public static Diagnostic Shape(string file, string name, string shape) => Fault(
        "LT1012", file, $"The tensor \"{Shown.Text(name)}\" has the dimensions {shape}: their product does not fit in 63 bits.", "The header is damaged or hostile.",
        s_downloadAgain, name, shape, severity: Severity.Critical);

    public static Diagnostic TensorType(string file, string name, uint type) => Fault(
        "LT1013", file, $"The tensor \"{Shown.Text(name)}\" has ggml type {type}, which upstream ggml does not define.",
        type > 1000 ? "The header is damaged or hostile." : "The quantization is newer than this version, or from a fork of llama.cpp.",
        ["Choose another quantization of the same model.", "Update the toolkit."], name, $"type {type}", type > 1000 ? FaultKind.Refused : FaultKind.Unsupported,
        type > 1000 ? Severity.Critical : Severity.High, Certainty.Likely);

    public static Diagnostic RemovedType(string file, string name, uint type, string word, string instead) => Fault(
        "LT1027", file, $"The tensor \"{Shown.Text(name)}\" has ggml type {type} ({word}), which was removed from ggml.", "The file was made before the type was removed; nothing current reads it.",
        [$"Quantize the model again as {instead}.", $"Download a {instead} of the same model."], name, $"type {type} ({word})", FaultKind.Unsupported);

    public static Diagnostic JoinedParts(string file, long count) => Fault(
        "LT1028", file, $"The file is the first of {count} parts with another GGUF behind it: parts that were joined byte by byte.", "The parts were joined with cat or copy; each has a header of its own, so that makes no model.",
        ["Download the parts as they are and give the first one.", "Join the original parts with llama-gguf-split --merge."], "split.count", $"{count}");

    public static Diagnostic BytePart(string file, int number, int count) => Fault(
        "LT1029", file, $"The file is piece {number}{(count > 0 ? $" of {count}" : "")} of a GGUF that was cut into pieces, not a file of its own.", "The uploader cut the file because of a size limit; the pieces must be joined before use.",
        [$"Join the pieces in order into one file: cat {Shown.Text(PieceStem(file))}* > {Shown.Text(WholeName(file))} (on Windows: copy /b)."], "file name", Shown.Text(Path.GetFileName(file)),
        certainty: Certainty.Likely);

    public static Diagnostic Trailing(string file, long count, bool isArchive) => Fault(
        "LT1030", file, $"{count} bytes follow the last tensor{(isArchive ? ", and they end like a zip: other tools may read another file than this one" : "")}. They are not read.",
        "Something was appended to the file.", ["Nothing needs to be done here.", "Get the file from its first publisher if you do not know why."], "file length", $"{count} bytes too many",
        severity: isArchive ? Severity.Medium : Severity.Low);

    public static Diagnostic RowLength(string file, string name, ulong columns, DType type) => Fault(
        "LT1014", file, $"The tensor \"{Shown.Text(name)}\" has rows of {columns} elements, not a multiple of the {type.BlockLength} of a {type} block.", "The file was quantized by a faulty tool.",
        ["Choose another quantization of the same model."], name, $"{columns} % {type.BlockLength} = {columns % (ulong)type.BlockLength}");

    public static Diagnostic Misaligned(string file, string name, ulong offset, uint alignment) => Fault(
        "LT1015", file, $"The tensor \"{Shown.Text(name)}\" starts at offset {offset} of the data, not a multiple of the alignment {alignment}.", "The file was edited by a faulty tool, or general.alignment is wrong.",
        s_downloadAgain, name, $"{offset} % {alignment} = {offset % alignment}");

    public static Diagnostic OutOfFile(string file, string name, int count, UInt128 needed, long length) => Fault(
        "LT1016", file,
        $"{count} tensor{(count == 1 ? "" : "s")} lie{(count == 1 ? "s" : "")} beyond the end of the file, \"{Shown.Text(name)}\" first: the file has {length} of the {needed} bytes that its tensors need ({Share(length, needed)} % present).",
        "The download or copy is incomplete, or the header is damaged.", ["Resume or repeat the download.", .. s_downloadAgain[1..]], name,
        $"{length} of {needed} bytes ({Share(length, needed)} % present)", severity: Severity.Critical, certainty: Certainty.Likely);

    public static Diagnostic Overlap(string file, string first, string second) => Fault(
        "LT1017", file, $"The tensors \"{Shown.Text(first)}\" and \"{Shown.Text(second)}\" overlap.", "The header is damaged or hostile.", s_downloadAgain, second);

    public static Diagnostic OffsetTooLarge(string file, string name, ulong offset) => Fault(
        "LT1018", file, $"The tensor \"{Shown.Text(name)}\" starts at offset {offset} of the data, beyond anything a file can hold.", "The header is damaged or hostile.",
        s_downloadAgain, name, $"offset {offset}", severity: Severity.Critical);

    public static Diagnostic NotInOrder(string file, string name) => Fault(
        "LT1019", file, $"The data of \"{Shown.Text(name)}\" do not follow those of the tensor listed before it. llama.cpp refuses such a file.", "The file was written by another tool.",
        ["Nothing needs to be done here.", "Convert the file again to use it with llama.cpp."], name, severity: Severity.Low, kind: FaultKind.Unsupported);

    public static Diagnostic LongName(string file, string name, int bytes) => Fault(
        "LT1020", file, $"The name of the tensor \"{Shown.Text(name)}\" has {bytes} bytes. llama.cpp refuses more than {GgufConstants.GgmlNameBytes}.", "The file was written by another tool.",
        ["Nothing needs to be done here.", "Convert the file again to use it with llama.cpp."], name, $"{bytes} bytes", severity: Severity.Low, kind: FaultKind.Unsupported);

    public static Diagnostic SplitName(string file, long count) => Fault(
        "LT1021", file, $"The file is one part of {count}, but its name does not end in \"-00001-of-{count:D5}.gguf\", so the other parts cannot be found.", "The parts were renamed.",
        ["Give the parts their names back.", "Join them with llama-gguf-split --merge."], "split.count", $"{count}");

    public static Diagnostic PartsMissing(string file, IReadOnlyCollection<string> names, long count) => Fault(
        "LT1022", file, $"{names.Count} of the {count} parts of the model {(names.Count == 1 ? "is" : "are")} missing: {Shown.Names(names)}.", "The download is incomplete.",
        ["Download the missing parts into the same folder."], "split.count", Shown.Names(names));

    public static Diagnostic PartMismatch(string file, string field, string found, string expected) => Fault(
        "LT1023", file, $"{Path.GetFileName(file)} says {field} = {found}; {expected} was expected.", "The part belongs to another set, or it was renamed.",
        ["Download all parts of one revision."], field, found);

    public static Diagnostic PartTensors(string file, long found, long expected) => Fault(
        "LT1024", file, $"The parts hold {found} tensors together; split.tensors.count says {expected}.", "The parts are of different revisions.",
        ["Download all parts of one revision."], "split.tensors.count", $"{found}");

    public static Diagnostic BigEndianBlocks(string file, TensorInfo tensor) => Fault(
        "LT1025", file, $"The tensor \"{Shown.Text(tensor.Name)}\" holds {tensor.DType} blocks of a big-endian file, which are not converted.", "Only plain types and the common block types are read from big-endian files.",
        ["Get the little-endian file of the model.", "Convert it with gguf-py's gguf_convert_endian.py."], tensor.Name, kind: FaultKind.Unsupported);

    public static Diagnostic NotAModel(string file, string what, string fix, bool isUsable)
    {
        string[] beside = Beside(file);
        return Fault(
            "LT1026", file, $"The file is {Shown.Text(what)}; it is no language model by itself.", "GGUF holds other things than models: this one goes with a model, or belongs to another kind of program.",
            beside.Length == 0 ? [fix] : [fix, $"In its folder lies {Shown.Names(beside, 3)}."], "general.type", Shown.Text(what),
            FaultKind.Unsupported, isUsable ? Severity.Medium : Severity.High);
    }

    /// <summary>Other GGUF files of the folder: one of them may be the model that is meant.</summary>
    private static string[] Beside(string file)
    {
        try
        {
            return [.. Directory.EnumerateFiles(Path.GetDirectoryName(file) ?? ".", "*.gguf").Take(100).Where(f => f != file).Select(f => Path.GetFileName(f)).Where(n => !n.StartsWith("mmproj", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Advice only.
            return [];
        }
    }

    private static string Share(long length, UInt128 needed) => (100.0 * length / (double)needed).ToString("F1", CultureInfo.InvariantCulture);

    private static string PieceStem(string file) => Path.GetFileName(file) is var name && name.LastIndexOfAny(['-', '.']) is int end and > 0 ? name[..(end + 1)] : name;

    private static string WholeName(string file) => Path.GetFileName(file) is var name && name.IndexOf(".gguf", StringComparison.OrdinalIgnoreCase) is int end and >= 0 ? name[..(end + 5)] : name + ".gguf";

    private static Diagnostic Fault(
        string code, string file, string message, string cause, IReadOnlyList<string> fixes, string? field = null, string? evidence = null,
        FaultKind kind = FaultKind.Refused, Severity severity = Severity.High, Certainty certainty = Certainty.Certain) => new()
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
