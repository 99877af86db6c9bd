namespace LlmToolkit.Hub;

/// <summary>Where the files of a download go, and how what is there already is known.</summary>
internal abstract class FileStore
{
    /// <summary>The folder that holds the files under their names.</summary>
    public abstract string Folder { get; }

    /// <summary>A folder on the disk that takes the bytes.</summary>
    public abstract string Volume { get; }

    /// <summary>Where a file lies when it is here.</summary>
    public abstract string PathOf(HubFile file);

    /// <summary>Where a file lies already, usable as it is; null: it has to be fetched.</summary>
    public abstract string? Find(HubFile file, CancellationToken cancellationToken);

    /// <summary>Bytes of a file that an earlier run has left.</summary>
    public abstract long BytesHere(HubFile file);

    /// <summary>Makes the folders.</summary>
    public abstract void Prepare();

    /// <summary>Where the content is brought together, and the lock that other tools take for it.</summary>
    public abstract (string Blob, string? LockFile) Place(HubFile file, string etag);

    /// <summary>Drops a content that is to be fetched again.</summary>
    public abstract void Forget(string blob);

    /// <summary>Gives a content the file's name.</summary>
    /// <returns>Where the file lies.</returns>
    public abstract string Publish(HubFile file, string blob, string etag, bool isFresh);

    /// <summary>Gives the content of another file this one's name too.</summary>
    public abstract string Copy(HubFile file, string from);

    /// <summary>Keeps what the Hub said, when all files are there.</summary>
    public abstract void Finish(HubListing listing);

    /// <summary>Bytes that unfinished downloads of a content hold.</summary>
    protected static long Unfinished(string folder, string? etag)
    {
        try
        {
            return etag is null ? 0 : PartialFile.Leftovers(folder, etag).Select(PartialFile.BytesIn).DefaultIfEmpty().Max();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}

/// <summary>The cache that all tools share: contents in <c>blobs</c>, names in <c>snapshots</c>.</summary>
internal sealed class CacheStore(HubCache cache, HubListing listing) : FileStore
{
    private readonly CacheWriter _writer = new(cache);

    private HubRepository Repository => listing.Repository;

    public override string Folder => cache.SnapshotFolder(Repository, listing.Commit);

    public override string Volume => cache.RepositoryFolder(Repository);

    public override string PathOf(HubFile file) => cache.SnapshotFile(Repository, listing.Commit, file.Path);

    /// <remarks>A file of another size than the listing's is damaged: others publish those. A blob without its name in this snapshot gets it now.</remarks>
    public override string? Find(HubFile file, CancellationToken cancellationToken)
    {
        string path = PathOf(file);
        if (HubCache.FileLength(path) == file.Size)
        {
            return path;
        }

        if (file.Etag is not { } etag || !HubPaths.IsSafeEtag(etag) || HubCache.FileLength(cache.BlobFile(Repository, etag)) != file.Size)
        {
            return null;
        }

        try
        {
            _writer.Link(Repository, listing.Commit, file.Path, cache.BlobFile(Repository, etag), isFresh: false);
            return path;
        }
        catch (ModelException)
        {
            // A cache that cannot be written is used as it is.
            return cache.BlobFile(Repository, etag);
        }
    }

    public override long BytesHere(HubFile file) => Unfinished(cache.BlobFolder(Repository), file.Etag);

    public override void Prepare()
    {
        _writer.Prepare(Repository);
        _writer.Tree(listing);
    }

    public override (string Blob, string? LockFile) Place(HubFile file, string etag) => (cache.BlobFile(Repository, etag), cache.LockFile(Repository, etag));

    public override void Forget(string blob) => CacheWriter.Writing(blob, () => File.Delete(blob));

    public override string Publish(HubFile file, string blob, string etag, bool isFresh)
    {
        _writer.Link(Repository, listing.Commit, file.Path, blob, isFresh);
        return PathOf(file);
    }

    public override string Copy(HubFile file, string from)
    {
        string blob = file.Etag is { } etag && File.Exists(cache.BlobFile(Repository, etag)) ? cache.BlobFile(Repository, etag) : from;
        _writer.Link(Repository, listing.Commit, file.Path, blob, isFresh: false);
        return PathOf(file);
    }

    public override void Finish(HubListing whole)
    {
        _writer.Tree(whole);
        _writer.Ref(Repository, whole.Revision, whole.Commit);
    }
}
