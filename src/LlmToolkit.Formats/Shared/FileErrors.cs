using System.Text;

namespace LlmToolkit.Formats.Shared;

/// <summary>Faults of files as such, LT1500 to LT1599: whatever the format.</summary>
internal static class FileErrors
{
    public static Diagnostic Missing(string path) => new()
    {
        Code = "LT1500",
        Message = $"There is no file {Path.GetFileName(path)}.",
        Kind = FaultKind.Refused,
        File = path,
        Cause = path.Contains('\uFFFD', StringComparison.Ordinal)
            ? "The name holds bytes that are not UTF-8, so that the file cannot be opened by it."
            : "The file was moved or deleted, or a link points to nothing.",
        Certainty = Certainty.Likely,
        Fixes = ["Check the path; a name that is not UTF-8 must be changed to plain letters.", "Download the file again."],
    };

    public static Diagnostic Unreadable(string path, Exception inner) => SystemFaults.Refine(Unreadable(path, inner.Message), inner, path);

    private static Diagnostic Unreadable(string path, string reason) => new()
    {
        Code = "LT1501",
        Message = $"{Path.GetFileName(path)} cannot be read: {reason}",
        Kind = FaultKind.Refused,
        File = path,
        Evidence = reason,
        Cause = "The system refused to open the file.",
        Fixes = ["Check the permissions of the file and of its folder.", "Copy the file to a local disk and use the copy."],
    };

    public static Diagnostic IsDirectory(string path) => new()
    {
        Code = "LT1502",
        Message = $"{Path.GetFileName(path)} is a directory; a file was expected.",
        Kind = FaultKind.Refused,
        File = path,
        Cause = "A folder bears the name of a model file.",
        Fixes = ["Name the file inside the directory.", "Leave out --format, so that the directory is looked at as a model."],
    };

    public static Diagnostic Empty(string path) => new()
    {
        Code = "LT1503",
        Message = $"{Path.GetFileName(path)} has 0 bytes.",
        Kind = FaultKind.Refused,
        File = path,
        Evidence = "length 0",
        Cause = "A download or copy was aborted before its first byte, or the name is that of a pipe, device or socket and not of a file.",
        Certainty = Certainty.Likely,
        Fixes = ["Delete the file and download it again.", "Write the bytes of a pipe to a file first."],
    };

    public static Diagnostic Changed(string path, long then, long now, bool isLost) => new()
    {
        Code = "LT1504",
        Message = $"{Path.GetFileName(path)} was changed while it was in use: it had {then} bytes when it was opened and has {now} now.",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        File = path,
        Evidence = $"{then} bytes, then {now}{(isLost ? "; bytes that were gone were read" : now == then ? "; it was written to" : "")}",
        Cause = "Another program cut the file or wrote into it, or the disk that holds it failed.",
        Certainty = Certainty.Likely,
        Fixes = ["Load the model again when the other program is done.", "Replace model files by renaming, never by writing into them.", "Copy the model to a local disk if it lies on the network."],
    };

    public static Diagnostic LinkLeavesFolder(string path, string target) => new()
    {
        Code = "LT1505",
        Message = $"{Path.GetFileName(path)} is a link that leaves its model's folder.",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        File = path,
        Evidence = target,
        Cause = "A model's folder may link to its own files and to the blobs of the Hub cache, to nothing else.",
        Fixes = ["Replace the link by the file itself.", "Name the target file directly if you trust it."],
    };

    public static Diagnostic NameNotPlain(string file, string field, string name) => new()
    {
        Code = "LT1506",
        Message = $"{Path.GetFileName(file)} names the file \"{Shown.Text(name)}\"; a plain file name without folders was expected.",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        File = file,
        Field = field,
        Evidence = Shown.Text(name),
        Cause = "The list of files points outside its folder.",
        Fixes = ["Get the model from a source you trust.", "Put all files into one folder and correct the list."],
    };

    public static Diagnostic NotPlain(string path, FileNodeKind kind) => new()
    {
        Code = "LT1507",
        Message = $"{Path.GetFileName(path)} is {Word(kind)}; a plain file was expected. It was not opened.",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        File = path,
        Evidence = kind.ToString(),
        Cause = "A model's files must lie on a disk: opening a pipe waits for a writer, and a device may have no end.",
        Fixes = ["Write the data to a file and use that.", "Get the model from a source you trust: no honest model has such a file."],
    };

    public static Diagnostic JsonTooLarge(string path, long length, long limit) => new()
    {
        Code = "LT1520",
        Message = $"{Path.GetFileName(path)} has {length} bytes; at most {limit} are read.",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        File = path,
        Evidence = $"{length} bytes",
        Cause = "The file is no configuration, or it is damaged.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the file again.", "Check that the file is what its name says."],
    };

    public static Diagnostic JsonInvalid(string path, string reason) => new()
    {
        Code = "LT1521",
        Message = $"{Path.GetFileName(path)} is not valid JSON: {Shown.Text(reason)}",
        Kind = FaultKind.Refused,
        File = path,
        Evidence = Shown.Text(reason),
        Cause = "The file is cut, was edited by hand, or is something else.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the file again.", "Check the file with a JSON tool."],
    };

    public static Diagnostic JsonNotObject(string path, string found) => new()
    {
        Code = "LT1522",
        Message = $"{Path.GetFileName(path)} holds a JSON {found}; an object was expected.",
        Kind = FaultKind.Refused,
        File = path,
        Evidence = found,
        Cause = "The file is not the configuration that its name promises.",
        Fixes = ["Download the file again."],
    };

    private static string Word(FileNodeKind kind) => kind switch
    {
        FileNodeKind.Pipe => "a pipe",
        FileNodeKind.Socket => "a socket",
        FileNodeKind.BlockDevice => "a disk device",
        _ => "a device",
    };
}
