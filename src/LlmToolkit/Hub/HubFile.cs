namespace LlmToolkit.Hub;

/// <summary>A file of a repository as the Hub lists it.</summary>
public sealed record HubFile
{
    /// <summary>Place in the repository, <c>/</c> between folders; judged by <see cref="HubPaths.IsSafeFile(string)"/> where it came from the Hub.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes of the content (never those of a pointer).</summary>
    public required long Size { get; init; }

    /// <summary>SHA-1 that git gives the blob (of a large file: of its pointer), 40 lower-case hexadecimal digits; null: not told.</summary>
    public string? BlobId { get; init; }

    /// <summary>SHA-256 of the content of a large file, 64 lower-case hexadecimal digits; null for a file that git itself keeps.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Identity in the Hub's chunk store, 64 lower-case hexadecimal digits; null: not kept there.</summary>
    public string? XetHash { get; init; }

    /// <summary>The name of the content in the cache: <see cref="Sha256"/>, else <see cref="BlobId"/>; null when the listing told neither.</summary>
    public string? Etag => Sha256 ?? BlobId;
}

/// <summary>All files of a repository at one commit.</summary>
public sealed record HubListing
{
    /// <summary>The repository, under the name by which it was asked for.</summary>
    public required HubRepository Repository { get; init; }

    /// <summary>The branch, tag or commit that was asked for.</summary>
    public required string Revision { get; init; }

    /// <summary>The commit it stood for, 40 lower-case hexadecimal digits.</summary>
    public required string Commit { get; init; }

    /// <summary><c>auto</c> or <c>manual</c> when files may be read only after the author's terms were accepted; null: no gate, or not told.</summary>
    public string? Gated { get; init; }

    /// <summary>The files, sorted by path in ordinal order; every path is safe and occurs once.</summary>
    public required IReadOnlyList<HubFile> Files { get; init; }
}

/// <summary>One file at one commit, as the Hub's answer to a HEAD tells: what a download is tied to.</summary>
public sealed record HubFileVersion
{
    /// <summary>The repository it lies in.</summary>
    public required HubRepository Repository { get; init; }

    /// <summary>Place in the repository.</summary>
    public required string Path { get; init; }

    /// <summary>The commit, 40 lower-case hexadecimal digits.</summary>
    public required string Commit { get; init; }

    /// <summary>Name of the content: 64 hexadecimal digits are its SHA-256, 40 git's SHA-1 of it. Safe as a file name.</summary>
    public required string Etag { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Where the bytes are: the Hub itself, or a signed address on another host that expires within the hour. Never show its query.</summary>
    public required Uri Location { get; init; }

    /// <summary>Identity in the Hub's chunk store; null: not kept there.</summary>
    public string? XetHash { get; init; }
}

/// <summary>A part of a file.</summary>
/// <param name="Offset">First byte; 0 or more.</param>
/// <param name="Length">Bytes, at least 1; null: to the end.</param>
public readonly record struct HubRange(long Offset, long? Length = null);
