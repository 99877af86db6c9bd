namespace LlmToolkit.Hub;

/// <summary>Which files of a repository to fetch, and to where.</summary>
public sealed record HubDownloadRequest
{
    /// <summary>The repository.</summary>
    public required HubRepository Repository { get; init; }

    /// <summary>Branch, tag or commit. Null: <c>main</c>.</summary>
    public string? Revision { get; init; }

    /// <summary>Exact paths of files; one that is not there is an error. Null: all, as the patterns say.</summary>
    public IReadOnlyList<string>? Files { get; init; }

    /// <summary>Patterns of which a file must match one; <c>*</c> crosses <c>/</c>, case matters. Empty: every file.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Patterns of which a file must match none.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Chooses among the files that remain. Null: all of them.</summary>
    public Func<HubListing, HubSelectionResult>? Select { get; init; }

    /// <summary>A folder to lay the files out in. Null: the cache.</summary>
    public string? LocalFolder { get; init; }

    /// <summary>True: only tell what would be fetched. Default: false.</summary>
    public bool DryRun { get; init; }

    /// <summary>What the revision holds, where the caller has asked already; null: it is asked for.</summary>
    internal HubListing? Listing { get; init; }

    /// <summary>True: fetch what is there already once more. Default: false.</summary>
    public bool Force { get; init; }
}

/// <summary>Which files are needed, and why the others are not.</summary>
/// <param name="Files">The files to fetch.</param>
/// <param name="Skipped">The others.</param>
/// <param name="Note">A sentence for people about the choice; null: it needs none.</param>
/// <param name="Entry">The file among them that is opened as the model; null: their folder is.</param>
public sealed record HubSelectionResult(IReadOnlyList<HubFile> Files, IReadOnlyList<HubSkipped> Skipped, string? Note = null, HubFile? Entry = null);

/// <summary>A file that is not fetched.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Reason">Why.</param>
public sealed record HubSkipped(string Path, string Reason);

/// <summary>Files of one commit on this disk.</summary>
public sealed record HubSnapshot
{
    /// <summary>The repository.</summary>
    public required HubRepository Repository { get; init; }

    /// <summary>The branch, tag or commit that was asked for.</summary>
    public required string Revision { get; init; }

    /// <summary>The commit, 40 lower-case hexadecimal digits.</summary>
    public required string Commit { get; init; }

    /// <summary>The folder the files lie in.</summary>
    public required string Folder { get; init; }

    /// <summary>The files that were asked for.</summary>
    public required IReadOnlyList<HubSnapshotFile> Files { get; init; }

    /// <summary>Absolute path of what is opened as the model: a file, or <see cref="Folder"/>.</summary>
    public string Entry { get => field ?? Folder; init; }

    /// <summary>Bytes that came over the network.</summary>
    public long BytesFetched { get; init; }

    /// <summary>Files that were not asked for, and why.</summary>
    public IReadOnlyList<HubSkipped> Skipped { get; init; } = [];

    /// <summary>A sentence for people about the choice or about where the files are from; null: nothing to say.</summary>
    public string? Note { get; init; }

    /// <summary>True when the Hub was not asked or could not be reached, and what was on disk was taken.</summary>
    public bool Offline { get; init; }
}

/// <summary>One file of a snapshot.</summary>
/// <param name="File">As the Hub lists it.</param>
/// <param name="FullPath">Absolute path on this disk.</param>
/// <param name="FromCache">True when it was there before.</param>
public sealed record HubSnapshotFile(HubFile File, string FullPath, bool FromCache);
