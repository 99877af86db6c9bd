using System.Runtime.CompilerServices;

namespace LlmToolkit.Hub;

/// <content>Looking after it: what lies there, whether it is sound, and removing.</content>
public sealed partial class HubCache
{
    /// <summary>What lies in the cache.</summary>
    public HubCacheReport Scan(CancellationToken cancellationToken = default) => CacheScan.Run(this, cancellationToken);

    /// <summary>Refuses a repository of which nothing is here.</summary>
    /// <exception cref="ModelException">Nothing of the repository is in the cache.</exception>
    public void Require(HubRepository repository)
    {
        if (!Directory.Exists(RepositoryFolder(repository)))
        {
            throw CacheErrors.NotInCache(repository.ToString(), Folder);
        }
    }

    /// <summary>Compares files with what the Hub lists: SHA-256 of large ones, git's hash of others. Every byte is read.</summary>
    /// <param name="repository">One repository; null: all.</param>
    /// <param name="client">Asks for listings that are not kept here; null: only kept ones are used, and else the names of the blobs.</param>
    /// <param name="progress">Told of each file.</param>
    /// <param name="cancellationToken">Stops within a file.</param>
    public async IAsyncEnumerable<VerifiedFile> VerifyAsync(HubRepository? repository = null, HubClient? client = null, IProgress<HubProgress>? progress = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        HubCacheReport report = Scan(cancellationToken);
        IEnumerable<CachedRepository> chosen = repository is null ? report.Repositories : report.Repositories.Where(r => r.Repository == repository);
        Dictionary<(string Content, string Etag), string?> known = [];
        foreach ((CachedRepository of, CachedRevision revision) in chosen.SelectMany(r => r.Revisions.Select(v => (r, v))))
        {
            HubListing? listing = ListingOf(of.Repository, revision.Commit);
            if (listing is null && client is not null && !client.Settings.Offline)
            {
                listing = await client.ListAsync(of.Repository, revision.Commit, progress, cancellationToken).ConfigureAwait(false);
            }

            Dictionary<string, HubFile> listed = (listing?.Files ?? []).ToDictionary(f => f.Path, StringComparer.Ordinal);
            foreach (CachedFile file in revision.Files)
            {
                listed.Remove(file.Path, out HubFile? expected);
                string? etag = expected?.Etag ?? (listing is null ? Path.GetFileName(file.Content) : null);
                if (etag is null)
                {
                    yield return new VerifiedFile(of.Repository, revision.Commit, file.Path, CachedFileState.Extra, null, null);
                    continue;
                }

                progress?.Report(new HubProgress { State = HubProgressState.Verifying, File = file.Path, Total = file.Bytes });
                if (!known.TryGetValue((file.Content, etag), out string? actual))
                {
                    actual = await Task.Run(() => ContentHash.OfFile(file.Content, etag, cancellationToken), cancellationToken).ConfigureAwait(false);
                    known[(file.Content, etag)] = actual;
                }

                CachedFileState state = actual is null ? CachedFileState.Unknown : actual == etag && (expected is null || expected.Size == file.Bytes) ? CachedFileState.Sound : CachedFileState.Differs;
                yield return new VerifiedFile(of.Repository, revision.Commit, file.Path, state, actual is null ? null : etag, actual);
            }

            foreach (HubFile missing in listed.Values.OrderBy(f => f.Path, StringComparer.Ordinal))
            {
                yield return new VerifiedFile(of.Repository, revision.Commit, missing.Path, CachedFileState.Missing, missing.Etag, null);
            }
        }
    }

    /// <summary>Removes a repository, or one revision of it and the contents that no other one uses.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="revision">Branch, tag or commit; null: all of it.</param>
    /// <param name="dryRun">True: only tell what would go.</param>
    /// <exception cref="ModelException">It is not in the cache, or cannot be removed.</exception>
    public HubCacheRemoval Delete(HubRepository repository, string? revision = null, bool dryRun = false)
    {
        CachedRepository found = Scan().Repositories.FirstOrDefault(r => r.Repository == repository) ?? throw CacheErrors.NotInCache(repository.ToString(), Folder);
        if (revision is null)
        {
            return CacheRemoval.Run([found.Folder], [], found.Bytes, dryRun);
        }

        string? commit = CommitOf(repository, revision);
        CachedRevision gone = found.Revisions.FirstOrDefault(r => r.Commit == commit || (revision.Length >= 6 && r.Commit.StartsWith(revision, StringComparison.Ordinal)))
            ?? throw CacheErrors.NotInCache($"{repository} at {revision}", Folder);
        return found.Revisions.Count == 1 ? CacheRemoval.Run([found.Folder], [], found.Bytes, dryRun) : Remove(found, [gone], [], dryRun);
    }

    /// <summary>Removes revisions that no branch or tag stands for, contents that no revision uses, and unfinished downloads that nobody works at.</summary>
    /// <param name="dryRun">True: only tell what would go.</param>
    public HubCacheRemoval Prune(bool dryRun = false)
    {
        List<string> paths = [];
        List<string> inUse = [];
        long bytes = 0;
        foreach (CachedRepository repository in Scan().Repositories)
        {
            CachedRevision[] detached = [.. repository.Revisions.Where(r => r.Refs.Count == 0)];
            CachedBlob[] idle = [.. repository.Unfinished.Where(u => CacheRemoval.IsIdle(u.Path, Settings.DownloadTimeout)), .. repository.Unused];
            if (detached.Length == 0 && idle.Length == 0)
            {
                continue;
            }

            bool isWhole = detached.Length == repository.Revisions.Count && idle.Length == repository.Unfinished.Count + repository.Unused.Count;
            HubCacheRemoval removal = isWhole ? CacheRemoval.Run([repository.Folder], [], repository.Bytes, dryRun) : Remove(repository, detached, idle, dryRun);
            paths.AddRange(removal.Paths);
            inUse.AddRange(removal.InUse);
            bytes += removal.Bytes;
        }

        return new HubCacheRemoval(paths, bytes, inUse);
    }

    /// <summary>Snapshots, then refs, then blobs: what ends in between leaves contents that nobody uses, and no link that leads nowhere.</summary>
    private HubCacheRemoval Remove(CachedRepository repository, CachedRevision[] revisions, CachedBlob[] more, bool dryRun)
    {
        HashSet<string> stays = [.. repository.Revisions.Except(revisions).SelectMany(r => r.Files).Select(f => f.Content)];
        CachedFile[] contents = [.. revisions.SelectMany(r => r.Files).DistinctBy(f => f.Content).Where(f => !stays.Contains(f.Content))];
        string blobs = BlobFolder(repository.Repository) + Path.DirectorySeparatorChar;
        return CacheRemoval.Run(
            [.. revisions.Select(r => SnapshotFolder(repository.Repository, r.Commit)), .. revisions.Select(r => Path.Combine(repository.Folder, ".no_exist", r.Commit)).Where(Directory.Exists)],
            [
                .. revisions.SelectMany(r => r.Refs).Select(name => RefFile(repository.Repository, name)),
                .. revisions.Select(r => TreePath(repository.Repository, r.Commit)).Where(File.Exists),
                .. contents.Select(f => f.Content).Where(c => c.StartsWith(blobs, StringComparison.Ordinal)),
                .. more.Select(b => b.Path),
            ],
            contents.Sum(f => f.Bytes) + more.Sum(b => b.Bytes),
            dryRun);
    }
}
