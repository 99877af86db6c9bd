using System.Globalization;

namespace LlmToolkit.Hub;

/// <summary>Faults of the cache and of downloads into it: LT6020-LT6049.</summary>
internal static class CacheErrors
{
    private const string AgainGoesOn = "Run the command again: what is there is kept, and the download goes on where it stopped.";

    /// <summary>The download does not fit on the disk.</summary>
    public static ModelException NoSpace(string folder, long needed, long reserve, long free) => new(new Diagnostic
    {
        Code = "LT6020",
        Kind = FaultKind.DoesNotFit,
        Category = ErrorCategory.Memory,
        Message = string.Create(CultureInfo.InvariantCulture, $"The disk of {folder} has {free:N0} bytes free; the download needs {needed:N0} more and {reserve:N0} are left for others."),
        File = folder,
        Field = "disk",
        Evidence = string.Create(CultureInfo.InvariantCulture, $"needed {needed}, reserve {reserve}, free {free}"),
        Cause = "The files are larger than what is left on this disk. Nothing was downloaded.",
        Fixes = ["Free space: `llmtk hub cache list` shows what lies in the cache, `llmtk hub cache prune` removes what nothing refers to.", "Put the cache on another disk: HF_HUB_CACHE=/path.", "Choose a smaller quantization."],
        Stops = [LoadStop.Download],
    });

    /// <summary>The disk became full.</summary>
    public static ModelException DiskFull(string path, Exception inner) => Fault(
        "LT6021", FaultKind.DoesNotFit, ErrorCategory.Memory, $"The disk is full: {path} could not be written to its end.", path, inner.Message, "Another program took the space, or the file system's quota is used up.",
        ["Free space on this disk.", AgainGoesOn, "Put the cache on another disk: HF_HUB_CACHE=/path."], inner);

    /// <summary>A place of the cache cannot be written.</summary>
    public static ModelException CannotWrite(string path, Exception inner) => IsDiskFull(inner) ? DiskFull(path, inner) : Fault(
        "LT6022", FaultKind.Usage, ErrorCategory.Usage, $"{path} cannot be written.", path, inner.Message, "The folder belongs to another user, the disk is read-only, or another program holds the file open.",
        ["Name a cache folder that you may write: HF_HUB_CACHE=/path.", "Correct the rights of the folder."], inner, Certainty.Likely);

    /// <summary>The whole content has another hash than the Hub says.</summary>
    public static ModelException WrongContent(string what, string promised, string got) => Fault(
        "LT6023", FaultKind.Refused, ErrorCategory.Network, $"The content of {what} does not match: the Hub promises {promised}, what came has {got}.", null, $"promised {promised}, got {got}",
        "The bytes were damaged or replaced on the way (a proxy, a cache, a faulty mirror); they were fetched twice. Nothing was kept.",
        ["Try again later, or without the proxy or mirror (HF_ENDPOINT).", "If it stays so, tell the author of the repository: what is stored does not fit its record."], null, Certainty.Likely);

    /// <summary>What a file's answer says does not fit the listing.</summary>
    public static ModelException Disagreement(string what, string field, string listed, string told) => Fault(
        "LT6024", FaultKind.Network, ErrorCategory.Network, $"The server contradicts itself about {what}: its listing says {field} {listed}, its answer for the file {told}.", null, $"{field}: listed {listed}, told {told}",
        "The file was replaced between the two answers, or a mirror or proxy mixes two versions. Nothing of them is put together.", ["Run the command again.", "Ask the Hub itself instead of a mirror (unset HF_ENDPOINT)."], null, Certainty.Likely);

    /// <summary>The server gave another part than was asked for.</summary>
    public static ModelException WrongRange(string what, long asked, long got) => Fault(
        "LT6025", FaultKind.Network, ErrorCategory.Network, $"The server gave another part of {what} than was asked for: from byte {got} instead of {asked}.", null, $"asked {asked}, got {got}",
        "A proxy or mirror answers ranges wrongly. The part was not used.", ["Run the command again.", "Download without the proxy or mirror."], null, Certainty.Likely);

    /// <summary>No hash is known for a file.</summary>
    public static ModelException NoEtag(string what) => Fault(
        "LT6026", FaultKind.Network, ErrorCategory.Network, $"The server tells no etag for {what}: there is nothing to check its content by.", null, "no etag in listing and answer",
        "HF_ENDPOINT names a server that is no Hub, or a proxy removes headers.", ["Check HF_ENDPOINT.", "Download without the proxy."], null, Certainty.Likely);

    /// <summary>A file that was asked for by name is not in the repository.</summary>
    public static ModelException NoSuchFile(HubRepository repository, string revision, string file, IReadOnlyList<string> near) => Fault(
        "LT6027", FaultKind.Network, ErrorCategory.Network, $"{repository} has no file {file} at {revision}.", file, near.Count == 0 ? null : $"near names: {string.Join(", ", near)}",
        "The name is misspelt, or the file lies in another folder or revision.", [.. near.Take(1).Select(n => $"Perhaps {n} is meant."), $"List the files: `llmtk hub files {repository}`."]);

    /// <summary>No file is left to download.</summary>
    public static ModelException NothingMatches(HubRepository repository, string revision, int files) => Fault(
        "LT6028", FaultKind.Usage, ErrorCategory.Usage, string.Create(CultureInfo.InvariantCulture, $"None of the {files} files of {repository} at {revision} is asked for."), null, string.Create(CultureInfo.InvariantCulture, $"{files} files"),
        "The patterns match none of them, or the repository is empty.", [$"List the files: `llmtk hub files {repository}`.", "Patterns are case-sensitive; * also matches /."], null, Certainty.Likely);

    /// <summary>A file is too large for plain HTTP.</summary>
    public static ModelException TooLarge(string what, long size, long most) => Fault(
        "LT6029", FaultKind.Unsupported, ErrorCategory.Network, string.Create(CultureInfo.InvariantCulture, $"{what} has {size:N0} bytes; the Hub gives at most {most:N0} a file over plain HTTP."), null, string.Create(CultureInfo.InvariantCulture, $"{size} bytes"),
        "Larger files come only through the Hub's chunk store, whose protocol this version does not speak.", ["Choose files that are split into smaller ones.", "Download it with the Hub's own client: the cache is shared."]);

    /// <summary>Nothing of a repository is in the cache.</summary>
    public static ModelException NotInCache(string what, string folder) => Fault(
        "LT6030", FaultKind.Usage, ErrorCategory.Usage, $"{what} is not in the cache.", folder, folder, "It was never downloaded to this cache, or removed.", ["List what is there: `llmtk hub cache list`.", "Check HF_HUB_CACHE and HF_HOME."]);

    /// <summary>Another process keeps taking the file.</summary>
    public static ModelException Contended(string path) => Fault(
        "LT6031", FaultKind.Network, ErrorCategory.Network, $"Another process keeps taking over the unfinished download {path}.", path, null, "Several processes download the same file, and this file system's locks do not work.", ["Wait until the other one is done, and run the command again."], null, Certainty.Likely);

    /// <summary>A name that the disk cannot keep apart from another.</summary>
    public static ModelException Collision(HubRepository repository, string first, string second) => Fault(
        "LT6032", FaultKind.Network, ErrorCategory.Network, $"{repository} lists two files that cannot both lie on a disk: {first} and {second}.", second, $"{first}, {second}", "One is a folder where the other is a file, or both have the same name.", ["Download the files that are needed by name."]);

    /// <summary>A place in the user's folder is something else than a file.</summary>
    public static ModelException NotAFile(string path) => Fault(
        "LT6033", FaultKind.Usage, ErrorCategory.Usage, $"{path} is in the way: a file is to be written there.", path, null, "A folder has the name of a file of the repository, or a folder on the way is a file or a link.", ["Move it away, or name another folder."]);

    public static bool IsDiskFull(Exception e) => e is IOException && (e.HResult & 0xFFFF) is 28 or 0x70 or 0x27 or 122;

    private static ModelException Fault(string code, FaultKind kind, ErrorCategory category, string message, string? file, string? evidence, string cause, IReadOnlyList<string> fixes, Exception? inner = null, Certainty certainty = Certainty.Certain)
    {
        Diagnostic diagnostic = new()
        {
            Code = code,
            Kind = kind,
            Category = category,
            Message = message,
            File = file,
            Evidence = evidence,
            Cause = cause,
            Certainty = certainty,
            Fixes = fixes,
            Stops = [LoadStop.Download],
        };
        return inner is null ? new ModelException(diagnostic) : new ModelException(diagnostic, inner);
    }
}
