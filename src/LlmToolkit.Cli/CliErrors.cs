namespace LlmToolkit.Cli;

/// <summary>Errors of the command line: LT8000-LT8099.</summary>
internal static class CliErrors
{
    public static ModelException BadValue(string option, string value, string expected) => Usage(
        "LT8001", $"{option} is \"{value}\"; expected {expected}.", option, "Run the command with --help for examples.");

    /// <summary>Something was asked that reads every byte of a remote file.</summary>
    public static ModelException NeedsAll(string source, string option) => Usage(
        "LT8022", $"{option} reads every byte of {source}, which is not on this machine; only the heads of remote files are fetched.", option, $"Download it first: `llmtk hub download {source}`.", $"Leave {option} out.");

    public static ModelException AdaptersNotSupported(string path) => new(new()
    {
        Code = "LT8002",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = $"Adapters are not supported by this version; --adapter {path} was not applied.",
        Field = "--adapter",
        Cause = "This version does not apply adapters.",
        Fixes = ["Merge the adapter into the model with its own tools.", "Leave out --adapter."],
    });

    public static ModelException BatchLine(long index, string detail) => Usage(
        "LT8003", $"Item {index} of the batch is not what this command reads: {detail}", "--batch", "Write one JSON object a line.");

    public static ModelException Missing(string what, string how) => Usage("LT8004", $"{what} is missing.", null, how);

    public static ModelException Parse(string message, params IEnumerable<string> fixes) =>
        Usage("LT8005", message, null, [.. fixes, "Run the command with --help for examples."]);

    /// <param name="piped">True when stdin is a pipe that held nothing.</param>
    public static ModelException NoPrompt(bool piped) => Usage(
        "LT8006", $"There is no prompt: none was given, and stdin is {(piped ? "empty" : "not a pipe")}.", null,
        "Give it as an argument: llmtk run \"Tell me a story about a fox.\"", "Pipe it: echo Hello | llmtk run MODEL", "Read it from a file: llmtk run MODEL --file prompt.txt");

    public static ModelException CannotWrite(string path, Exception inner) => new(SystemFaults.Refine(
        new()
        {
            Code = "LT8007",
            Kind = IsDiskFull(inner) ? FaultKind.DoesNotFit : FaultKind.Usage,
            Category = ErrorCategory.Usage,
            Message = $"{path} cannot be written: {inner.Message}",
            File = path,
            Fixes = ["Check that the folder exists, that it may be written to, and that the disk has room."],
        },
        inner,
        path), inner);

    /// <summary>ENOSPC, or Windows' ERROR_DISK_FULL.</summary>
    public static bool IsDiskFull(Exception e) => e is IOException && e.HResult is 28 or unchecked((int)0x80070070);

    public static ModelException NoSuchTensor(string file, string name, IEnumerable<string> near) => new(new()
    {
        Code = "LT8008",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"There is no tensor \"{name}\" in the model.",
        File = file,
        Field = name,
        Evidence = near.Any() ? $"names like it: {string.Join(", ", near)}" : null,
        Fixes = ["Run `llmtk inspect MODEL --tensors` for the names."],
    });

    public static ModelException TensorUnreadable(string file, string name) => new(new()
    {
        Code = "LT8009",
        Kind = FaultKind.Refused,
        Message = $"The bytes of tensor \"{name}\" lie outside the file.",
        File = file,
        Field = name,
        Cause = "The file is truncated or its header is damaged.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the file again."],
    });

    public static ModelException NoTokenizer(string source) => new(new()
    {
        Code = "LT8010",
        Kind = FaultKind.Unsupported,
        Message = $"{source} carries no tokenizer.",
        File = source,
        Cause = "No tokenizer lies in the file or beside it.",
        Certainty = Certainty.Likely,
        Fixes = ["Name a model, a folder, tokenizer.json, tokenizer.model, vocab.txt, or vocab.json beside merges.txt."],
    });

    public static ModelException WrongModelKind(string source, string wanted, string found) => new(new()
    {
        Code = "LT8011",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = $"This command needs {wanted}, but {source} is {found}.",
        File = source,
        Cause = "Each command works on one kind of model.",
        Fixes = ["Name another model.", "Run `llmtk inspect MODEL` to see what a model is."],
    });

    public static ModelException BadIds(string detail) => Usage(
        "LT8012", $"The ids cannot be used: {detail}.", "--ids", "Use ids of this model's own tokenizer.");

    public static ModelException NoChatTemplate(string source) => new(new()
    {
        Code = "LT8016",
        Kind = FaultKind.Unsupported,
        Message = $"{source} carries no chat template.",
        File = source,
        Cause = "It is a base model, or its template was left out when the file was made.",
        Fixes = ["Name a model with a template, or a .jinja file."],
    });

    public static ModelException CannotRead(string path, Exception inner) => new(SystemFaults.Refine(
        new()
        {
            Code = "LT8013",
            Kind = FaultKind.Usage,
            Category = ErrorCategory.Usage,
            Message = $"{path} cannot be read: {inner.Message}",
            File = path,
            Fixes = ["Check the path and its permissions."],
        },
        inner,
        path), inner);

    public static ModelException NotPlain(string path, FileNodeKind kind) => new(new()
    {
        Code = "LT8017",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"{path} is no plain file ({kind}); it was not opened.",
        File = path,
        Evidence = kind.ToString(),
        Cause = "Opening a pipe waits for a writer, and a device may have no end.",
        Fixes = ["Pass the data on stdin (--batch -), or write it to a file first."],
    });

    public static ModelException Conflict(string first, string second) => Usage(
        "LT8014", $"Give {first} or {second}, not both.", null, "Leave one of them out.");

    public static ModelException OutputIsInput(string option, string path) => Usage(
        "LT8019", $"{option} is {path}, a file of the model itself; it was left as it is.", option, "Name another file for the output.");

    /// <summary>Its exit code is 130, whatever <see cref="Diagnostic.Kind"/> says.</summary>
    public static Diagnostic Stopped() => new()
    {
        Code = "LT8015",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Severity = Severity.Low,
        Message = "Stopped by the user.",
        Fixes = ["Run the command again to have the whole answer."],
    };

    /// <summary>No such error code.</summary>
    public static ModelException NoSuchCode(string text, IEnumerable<Diagnosis.ErrorEntry> near) => new(new()
    {
        Code = "LT8020",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"There is no error code {text}.",
        Field = "CODE",
        Cause = "The code is misspelt, or it belongs to another version.",
        Certainty = Certainty.Likely,
        Fixes = [.. near.Select(e => $"{e.Code}: {e.Title}"), "Run `llmtk explain` for all codes."],
    });

    /// <summary>A message that nobody here knows.</summary>
    public static ModelException UnknownMessage(string text, IEnumerable<Diagnosis.ErrorEntry> near) => new(new()
    {
        Code = "LT8021",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"The message is not known: \"{(text.Length > 100 ? text[..100] + "…" : text)}\".",
        Field = "CODE",
        Cause = "It is not among the messages of other programs that are known here, or it is cut.",
        Certainty = Certainty.Likely,
        Fixes = [.. near.Select(e => $"It may be {e.Code}: {e.Title}"), "Pass the first error line: later ones only repeat that something failed.", "Run `llmtk validate MODEL`: it looks at the file itself."],
    });

    private static ModelException Usage(string code, string message, string? field, params IReadOnlyList<string> fixes) => new(new()
    {
        Code = code,
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = message,
        Field = field,
        Fixes = fixes,
    });
}
