namespace LlmToolkit.Loading;

/// <summary>Errors of sources and detection: LT2000-LT2199.</summary>
internal static class LoadingErrors
{
    public static ModelException NoSuchPath(string text, PathAdvice advice) => new(new()
    {
        Code = "LT2001",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"No such file or directory: {text}",
        File = text,
        Evidence = advice.Evidence,
        Cause = advice.Cause ?? "The text is a path by its form, and nothing lies there.",
        Fixes = [.. advice.Fixes, "Check the spelling and the current directory.", "Give an absolute path."],
    });

    public static ModelException DanglingLink(string text, string target) => new(new()
    {
        Code = "LT2007",
        Kind = FaultKind.Refused,
        Message = $"{text} is a link to {target}, where nothing lies.",
        File = text,
        Evidence = $"link target {target}",
        Cause = "The file that the link stands for was moved or deleted, or its download did not finish; in the Hub cache links lead to the blobs folder.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the model again: the cache entry is incomplete.", "Name the file itself, or correct the link."],
    });

    /// <summary>Nothing lies at the path, and the Hub shows no such repository either.</summary>
    public static ModelException NeitherPathNorHub(string text, PathAdvice advice, string said, string? evidence, IReadOnlyList<string> steps, Exception? inner) => new(
        new()
        {
            Code = "LT2002",
            Kind = FaultKind.Network,
            Category = ErrorCategory.Network,
            Message = $"No such file or directory: {text}. As a Hub ID: {said}",
            File = text,
            Evidence = string.Join("; ", new[] { advice.Evidence, evidence }.OfType<string>()) is { Length: > 0 } seen ? seen : null,
            Cause = advice.Cause ?? "The text can be read as a path or as a Hub ID; nothing lies at the path, and the Hub shows no such repository or cannot be asked.",
            Certainty = Certainty.Likely,
            Fixes = [.. advice.Fixes, "Check the path.", .. steps, "If it was meant as a prompt, pass it with -p."],
        },
        inner);

    public static ModelException NotASource(string text, PathAdvice advice) => new(new()
    {
        Code = "LT2003",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"\"{text}\" is neither a path that exists nor a possible Hub ID ([owner/]name[@revision][:file-or-quantization]).",
        File = text,
        Evidence = advice.Evidence,
        Cause = advice.Cause,
        Fixes = [.. advice.Fixes, "Check the spelling.", "Quote a prompt that holds white space, or pass it with -p."],
    });

    public static ModelException EndpointNotSupported(string text) => new(new()
    {
        Code = "LT2004",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Network,
        Message = $"{text} is the address of a server; this version runs models itself and asks no other server to.",
        File = text,
        Cause = "An address that ends in /v1 is taken for an OpenAI-compatible server.",
        Fixes = ["Name a file, a folder, a Hub ID, or the https address of a model file."],
    });

    public static ModelException Unrecognised(string path, string detail) => new(new()
    {
        Code = "LT2101",
        Kind = FaultKind.Refused,
        Message = $"{path} is no model of a known format: {detail}.",
        File = path,
        Evidence = detail,
        Cause = "The file is damaged, is something else than a model, or has a format that is not known here.",
        Certainty = Certainty.Possible,
        Fixes = ["Check that the download is complete.", "Name the format with --format if you know it.", "Run `llmtk list-formats` to see what is supported."],
    });

    public static ModelException UnknownFormat(string name, IEnumerable<string> known) => new(new()
    {
        Code = "LT2102",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"There is no format \"{name}\"; known are {string.Join(", ", known)}.",
        Field = "--format",
        Fixes = ["Leave out --format: the content tells.", "Run `llmtk list-formats`."],
    });

    public static ModelException FormatContradicted(string path, string asked, string found, string reason) => new(new()
    {
        Code = "LT2103",
        Kind = FaultKind.Refused,
        Message = $"{path} was to be opened as {asked}, but it is {found}: {reason}.",
        File = path,
        Field = "--format",
        Evidence = reason,
        Cause = "--format names another format than the content has.",
        Fixes = ["Leave out --format."],
    });

    public static ModelException Unreadable(string path, Exception inner) => new(SystemFaults.Refine(
        new()
        {
            Code = "LT2005",
            Kind = FaultKind.Refused,
            Message = $"{path} cannot be read: {inner.Message}",
            File = path,
            Evidence = inner.GetType().Name,
            Cause = "The system refused to open or read it.",
            Certainty = Certainty.Likely,
            Fixes = ["Check the permissions of the file and of its folders.", "Check that the disk is well."],
        },
        inner,
        path), inner);

    public static ModelException NotAFile(string path, FileNodeKind kind) => new(new()
    {
        Code = "LT2006",
        Kind = FaultKind.Refused,
        Message = $"{path} is {Word(kind)}; a model must be a plain file or a folder, because it is mapped. It was not opened.",
        File = path,
        Evidence = kind.ToString(),
        Cause = "Opening a pipe waits for a writer, and a device may have no end.",
        Fixes = ["Write the data to a file and name that."],
    });

    public static ModelException NoValues(DType type) => new(new()
    {
        Code = "LT2104",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = $"Values of type {type} cannot be computed by this version.",
        Field = type.Name,
        Cause = "The type is stored and described here, but nothing multiplies it.",
        Fixes = ["Run `llmtk list-quantizations` for the types that can."],
    });

    private static string Word(FileNodeKind kind) => kind switch
    {
        FileNodeKind.Pipe => "a pipe",
        FileNodeKind.Socket => "a socket",
        FileNodeKind.BlockDevice => "a disk device",
        FileNodeKind.CharacterDevice => "a device",
        _ => "a pipe, a socket or a device",
    };
}
