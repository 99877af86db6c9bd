using System.Globalization;
using System.Text;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>Every fault of PyTorch files, LT1200-1299, so that wording and advice can be read together.</summary>
internal static class PyTorchErrors
{
    private const string Redownload = "Download the file again and compare its size with the one that the source states.";
    private const string PreferSafetensors = "Use the safetensors version of the model, if there is one: it can hold no code.";
    private const string AskForStateDict = "Ask the author for safetensors, or for a file saved with torch.save(model.state_dict(), ...).";

    /// <summary>Code of an archive without a directory: it was cut.</summary>
    public const string NoDirectoryCode = "LT1207";

    public static ModelException NotPyTorch(string file, ReadOnlySpan<byte> head) => new(new Diagnostic
    {
        Code = "LT1201",
        Kind = FaultKind.Refused,
        Message = $"Not a PyTorch file: it begins with {Hex(head)}, expected a zip (50 4B 03 04) or a pickle (80 02).",
        File = file,
        Evidence = Hex(head),
        Cause = "The file is of another kind, or its beginning is damaged.",
        Certainty = Certainty.Likely,
        Fixes = ["Leave out --format and let the toolkit look at the content.", Redownload],
    });

    public static ModelException BarePickle(string file) => new(new Diagnostic
    {
        Code = "LT1202",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = "A bare pickle, not written by torch.save: neither a zip nor the magic number 0x1950A86A20F9469CFC6C of the older form.",
        File = file,
        Cause = "joblib, scikit-learn and plain pickle.dump write such files; they hold Python objects, not a list of tensors.",
        Certainty = Certainty.Likely,
        Fixes = [PreferSafetensors, AskForStateDict],
    });

    public static ModelException OldTar(string file) => new(new Diagnostic
    {
        Code = "LT1203",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = "A tar archive: the form that torch wrote before 0.1.10, which torch itself no longer reads safely.",
        File = file,
        Cause = "It was written by torch before 2017.",
        Fixes = [PreferSafetensors, "Load it with an old torch on a machine that you can lose, and save the state dict again."],
    });

    public static ModelException TorchScript(string file) => new(new Diagnostic
    {
        Code = "LT1204",
        Kind = FaultKind.Refused,
        Message = "A TorchScript archive (constants.pkl, code/): a compiled program, not a state dict.",
        File = file,
        Evidence = "constants.pkl",
        Cause = "It was written by torch.jit.save.",
        Fixes = ["Take the checkpoint that the script was traced from.", PreferSafetensors, AskForStateDict],
    });

    public static ModelException ForeignArchive(string file, string what) => new(new Diagnostic
    {
        Code = "LT1205",
        Kind = FaultKind.Refused,
        Message = $"The zip is no PyTorch checkpoint: it has no data.pkl ({Shown.Text(what)}).",
        File = file,
        Cause = "Someone packed a folder, or another program wrote the zip.",
        Certainty = Certainty.Likely,
        Fixes = ["If it is an archive of a model's files, unpack it and name the folder.", Redownload],
    });

    public static ModelException Truncated(string file, string what, long offset, long needed, long left) => new(new Diagnostic
    {
        Code = "LT1206",
        Kind = FaultKind.Refused,
        Message = string.Create(CultureInfo.InvariantCulture, $"The file ends too early: {what} needs {needed} bytes at offset {offset}, {Math.Max(left, 0)} left."),
        File = file,
        Evidence = string.Create(CultureInfo.InvariantCulture, $"offset {offset}"),
        Cause = "The download or the copy was cut off.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload],
    });

    public static ModelException NoDirectory(string file, long length) => new(new Diagnostic
    {
        Code = "LT1207",
        Kind = FaultKind.Refused,
        Message = string.Create(CultureInfo.InvariantCulture, $"The zip's directory is missing: the {length} bytes of the file do not end with an end record."),
        File = file,
        Cause = "The download or the copy was cut off; a zip's directory is its last part.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload],
    });

    public static Diagnostic StoragesCut(string file, int missing, int count, long length, Int128 needed, bool isLeast) => new()
    {
        Code = "LT1214",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = string.Create(CultureInfo.InvariantCulture, $"{missing} of {count} storages are not in the file or not whole: it has {length} bytes of {(isLeast ? "at least " : "")}{needed} ({100.0 * length / (double)Int128.Max(needed, 1):F1} % present)."),
        File = file,
        Field = "file length",
        Evidence = string.Create(CultureInfo.InvariantCulture, $"{length} of {needed} bytes ({100.0 * length / (double)Int128.Max(needed, 1):F1} % present)"),
        Cause = "The download or the copy was cut off.",
        Certainty = Certainty.Likely,
        Fixes = ["Resume or repeat the download."],
    };

    public static Diagnostic BytesBehind(string file, long count, string what) => new()
    {
        Code = "LT1215",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = string.Create(CultureInfo.InvariantCulture, $"{count} bytes follow the last storage{what}. torch does not read them."),
        File = file,
        Field = "file length",
        Evidence = string.Create(CultureInfo.InvariantCulture, $"{count} bytes too many"),
        Cause = "Something was appended to the file.",
        Fixes = ["Get the original file.", PreferSafetensors],
    };

    public static ModelException BadArchive(string file, string what, string? entry = null) => new(new Diagnostic
    {
        Code = "LT1208",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = entry is null ? $"The zip is malformed: {what}." : $"The zip is malformed: entry '{Shown.Text(entry)}' {what}.",
        File = file,
        Field = entry is null ? null : Shown.Text(entry),
        Cause = "The file is damaged, or made so that two readers see two different contents.",
        Certainty = Certainty.Possible,
        Fixes = [Redownload, PreferSafetensors],
    });

    public static ModelException UnsupportedArchive(string file, string what, string? entry = null) => new(new Diagnostic
    {
        Code = "LT1209",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"The zip uses what torch.save never writes: {(entry is null ? "" : $"entry '{Shown.Text(entry)}' ")}{what}.",
        File = file,
        Field = entry is null ? null : Shown.Text(entry),
        Cause = "Another tool packed the archive, or it is made so that readers see different contents.",
        Certainty = Certainty.Likely,
        Fixes = ["Unpack the archive and pack it again without encryption, stored or deflated.", Redownload],
    });

    public static ModelException Bomb(string file, string entry, long stored, long stated) => new(new Diagnostic
    {
        Code = "LT1210",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = string.Create(CultureInfo.InvariantCulture, $"Entry '{Shown.Text(entry)}' states {stated} bytes from {stored} compressed ones, more than {Zip.ZipDirectory.MaxRatio} to 1."),
        File = file,
        Field = Shown.Text(entry),
        Cause = "A decompression bomb, or a large constant tensor in a compressed archive.",
        Certainty = Certainty.Likely,
        Fixes = ["Do not use the file if you do not trust its source.", "Pack the archive again without compression."],
    });

    public static ModelException WrongSum(string file, string entry, uint found, uint expected) => new(new Diagnostic
    {
        Code = "LT1211",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"Entry '{Shown.Text(entry)}' is damaged: its CRC-32 is {found:X8}, the directory says {expected:X8}.",
        File = file,
        Field = Shown.Text(entry),
        Cause = "The bytes were damaged on the disk or on the way.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload],
    });

    public static ModelException WrongLength(string file, string entry, string found, long expected) => new(new Diagnostic
    {
        Code = "LT1212",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = string.Create(CultureInfo.InvariantCulture, $"Entry '{Shown.Text(entry)}' is damaged: it inflates to {found}, the directory says {expected} bytes."),
        File = file,
        Field = Shown.Text(entry),
        Cause = "The bytes were damaged on the disk or on the way, or the entry is made to mislead.",
        Certainty = Certainty.Likely,
        Fixes = [Redownload],
    });

    public static ModelException UnsupportedVersion(string file, string found) => new(new Diagnostic
    {
        Code = "LT1213",
        Kind = FaultKind.Refused,
        Message = $"The archive's version is '{Shown.Text(found)}', known are 1 to 10.",
        File = file,
        Field = "version",
        Evidence = Shown.Text(found),
        Cause = "A newer torch wrote it, or the entry is damaged.",
        Certainty = Certainty.Likely,
        Fixes = ["Update the toolkit.", PreferSafetensors],
    });

    public static Diagnostic UnsafeGlobal(string file, string name, string how, long offset, string? entry = null) => new()
    {
        Code = "LT1220",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = string.Create(CultureInfo.InvariantCulture, $"The pickle{In(entry)} names {Shown.Text(name)} ({how} at offset {offset}), which is not one of the constructors of tensors and plain data. Nothing was run."),
        File = file,
        Field = Shown.Text(name),
        Evidence = Shown.Text(name),
        Cause = IsModule(name)
            ? "A whole model was pickled (torch.save(model)), not its state dict; loading it elsewhere would run its classes."
            : "Loading the file elsewhere would import and could run this; a checkpoint needs no such thing.",
        Certainty = Certainty.Likely,
        Fixes = [PreferSafetensors, AskForStateDict, "Do not load the file with other tools if you do not trust its source."],
    };

    public static Diagnostic UnsafeOpcode(string file, string opcode, string? name, long offset, string? entry = null) => new()
    {
        Code = "LT1221",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = string.Create(CultureInfo.InvariantCulture, $"The pickle{In(entry)} uses opcode {opcode}{(name is null ? "" : $" on {Shown.Text(name)}")} at offset {offset}, which exists to run code. Nothing was run."),
        File = file,
        Field = name is null ? opcode : Shown.Text(name),
        Evidence = opcode,
        Cause = "Someone put code into the file, or a whole object was pickled.",
        Certainty = Certainty.Likely,
        Fixes = [PreferSafetensors, "Do not load the file with other tools if you do not trust its source."],
    };

    public static ModelException BadPickle(string file, long offset, string what) => new(new Diagnostic
    {
        Code = "LT1222",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = string.Create(CultureInfo.InvariantCulture, $"The pickle is corrupt at offset {offset}: {what}."),
        File = file,
        Evidence = string.Create(CultureInfo.InvariantCulture, $"offset {offset}"),
        Cause = "The file is damaged, or it is made to confuse readers.",
        Certainty = Certainty.Possible,
        Fixes = [Redownload, PreferSafetensors],
    });

    public static ModelException PickleLimit(string file, string what, long found, long limit) => new(new Diagnostic
    {
        Code = "LT1223",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = string.Create(CultureInfo.InvariantCulture, $"{what} is {found}, over the limit of {limit}."),
        File = file,
        Cause = "No known checkpoint comes near the limit; files made to exhaust a reader do.",
        Certainty = Certainty.Likely,
        Fixes = [PreferSafetensors, Redownload],
    });

    public static Diagnostic UnsupportedTensor(string file, string name, string why) => new()
    {
        Code = "LT1230",
        Kind = FaultKind.Refused,
        Message = $"A tensor made by {Shown.Text(name)} cannot be read: {why}.",
        File = file,
        Field = Shown.Text(name),
        Evidence = Shown.Text(name),
        Cause = "The model was saved quantized, sparse or nested, in a form that only torch itself rebuilds.",
        Fixes = ["Save the model again with dense, unquantized tensors (tensor.to_dense(), tensor.dequantize()).", PreferSafetensors],
    };

    public static Diagnostic BadTensor(string file, string tensor, string what) => new()
    {
        Code = "LT1231",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"Tensor '{Shown.Text(tensor)}' {what}.",
        File = file,
        Field = Shown.Text(tensor),
        Cause = "The file is damaged, or it is made to read beyond its data.",
        Certainty = Certainty.Possible,
        Fixes = [Redownload, PreferSafetensors],
    };

    public static Diagnostic NoTensors(string file, string root) => new()
    {
        Code = "LT1232",
        Kind = FaultKind.Refused,
        Message = $"The file holds no tensor: its root is {root}.",
        File = file,
        Cause = "It is a training state (optimizer, scheduler, training arguments) or other data that torch.save wrote beside the model.",
        Certainty = Certainty.Possible,
        Fixes = ["Name the file that holds the weights, or the folder."],
    };

    public static Diagnostic SameName(string file, string tensor) => new()
    {
        Code = "LT1233",
        Kind = FaultKind.Refused,
        Message = $"Two tensors have the name '{Shown.Text(tensor)}' when their keys are joined with dots.",
        File = file,
        Field = Shown.Text(tensor),
        Cause = "The checkpoint nests dictionaries whose keys hold dots.",
        Certainty = Certainty.Likely,
        Fixes = [AskForStateDict],
    };

    public static Diagnostic UnexpectedEntry(string file, string entry) => new()
    {
        Code = "LT1234",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"Entry '{Shown.Text(entry)}' is a pickle that torch.save does not write; it was not opened.",
        File = file,
        Field = Shown.Text(entry),
        Cause = "The archive was repacked, or someone hid a pickle in it.",
        Certainty = Certainty.Possible,
        Fixes = ["Ask the author what it is for; other tools may be made to load it."],
    };

    public static Diagnostic LongStorage(string file, string entry, long found, long expected) => new()
    {
        Code = "LT1235",
        Kind = FaultKind.Refused,
        Severity = Severity.Low,
        Message = string.Create(CultureInfo.InvariantCulture, $"Entry '{Shown.Text(entry)}' has {found} bytes, the pickle speaks of {expected}."),
        File = file,
        Field = Shown.Text(entry),
        Cause = "The checkpoint was written by another tool than torch.",
        Certainty = Certainty.Possible,
        Fixes = ["Save the checkpoint again; torch itself wants both equal."],
    };

    public static Diagnostic CannotWrite(string tensor, DType type) => new()
    {
        Code = "LT1250",
        Kind = FaultKind.Unsupported,
        Message = $"Tensor '{Shown.Text(tensor)}' has the type {type.Name}, which torch has not.",
        Field = Shown.Text(tensor),
        Evidence = type.Name,
        Cause = "GGUF and safetensors know types that torch has no name for.",
        Fixes = ["Convert the tensor to F32, F16 or BF16 first.", "Write GGUF, which knows the type."],
    };

    private static string In(string? entry) => entry is null ? "" : $" in '{Shown.Text(entry)}'";

    private static string Hex(ReadOnlySpan<byte> head)
    {
        StringBuilder text = new();
        foreach (byte b in head[..Math.Min(head.Length, 8)])
        {
            text.Append(text.Length == 0 ? "" : " ").Append(CultureInfo.InvariantCulture, $"{b:X2}");
        }

        return text.Length == 0 ? "nothing" : text.ToString();
    }

    private static bool IsModule(string name) => name.StartsWith("torch.nn.", StringComparison.Ordinal) || name.StartsWith("transformers.models.", StringComparison.Ordinal);
}
