namespace LlmToolkit.Hub;

/// <summary>What lies in the cache.</summary>
public sealed record HubCacheReport
{
    /// <summary>Absolute path of the cache.</summary>
    public required string Folder { get; init; }

    /// <summary>The repositories, sorted by name.</summary>
    public required IReadOnlyList<CachedRepository> Repositories { get; init; }

    /// <summary>What is no sound part of a cache, and why; it was passed over.</summary>
    public required IReadOnlyList<CacheDamage> Damaged { get; init; }

    /// <summary>Bytes on disk: each content once, unfinished downloads too.</summary>
    public long Bytes => Repositories.Sum(r => r.Bytes);
}

/// <summary>A repository in the cache.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Folder">Absolute path of its folder.</param>
/// <param name="Revisions">Its commits, sorted.</param>
/// <param name="Unfinished">Unfinished downloads.</param>
/// <param name="Bytes">Bytes on disk: each content once.</param>
/// <param name="LastModified">When a content was last written; null: there is none.</param>
public sealed record CachedRepository(HubRepository Repository, string Folder, IReadOnlyList<CachedRevision> Revisions, IReadOnlyList<CachedBlob> Unfinished, long Bytes, DateTime? LastModified)
{
    /// <summary>Contents that no revision uses.</summary>
    public IReadOnlyList<CachedBlob> Unused { get; init; } = [];
}

/// <summary>A commit in the cache.</summary>
/// <param name="Commit">Its 40 digits.</param>
/// <param name="Refs">Branches and tags that stand for it here, sorted; empty: it is detached.</param>
/// <param name="Files">Its files, sorted by path.</param>
public sealed record CachedRevision(string Commit, IReadOnlyList<string> Refs, IReadOnlyList<CachedFile> Files)
{
    /// <summary>Bytes of its files, those shared with other revisions too.</summary>
    public long Bytes => Files.DistinctBy(f => f.Content).Sum(f => f.Bytes);
}

/// <summary>A file of a commit.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Content">Absolute path of its content: a blob, or where there are no links the file itself.</param>
/// <param name="Bytes">Its bytes.</param>
public sealed record CachedFile(string Path, string Content, long Bytes);

/// <summary>A content, or a part of one.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Bytes">Its bytes on disk; of an unfinished download those of its length.</param>
public sealed record CachedBlob(string Path, long Bytes);

/// <summary>Something in a cache that is not as it should be.</summary>
/// <param name="Path">Where.</param>
/// <param name="Problem">What is wrong.</param>
public sealed record CacheDamage(string Path, string Problem);

/// <summary>What was, or would be, removed.</summary>
/// <param name="Paths">Absolute paths.</param>
/// <param name="Bytes">Bytes that this frees.</param>
/// <param name="InUse">Paths that another program holds and that stay.</param>
public sealed record HubCacheRemoval(IReadOnlyList<string> Paths, long Bytes, IReadOnlyList<string> InUse);

/// <summary>How a file differs from what the Hub lists.</summary>
public enum CachedFileState
{
    /// <summary>As it should be.</summary>
    Sound,

    /// <summary>Its content has another hash or size.</summary>
    Differs,

    /// <summary>Listed, and not here. An incomplete download is no damage.</summary>
    Missing,

    /// <summary>Here, and not listed.</summary>
    Extra,

    /// <summary>Nothing tells its hash.</summary>
    Unknown,
}

/// <summary>The verdict on one file of the cache.</summary>
/// <param name="Repository">Its repository.</param>
/// <param name="Commit">Its commit.</param>
/// <param name="Path">Its path in the repository.</param>
/// <param name="State">The verdict.</param>
/// <param name="Expected">The hash it should have; null: not known.</param>
/// <param name="Actual">The hash it has; null: not computed.</param>
public sealed record VerifiedFile(HubRepository Repository, string Commit, string Path, CachedFileState State, string? Expected, string? Actual);
