using LlmToolkit.Diagnosis;

namespace LlmToolkit.Hub;

/// <summary>Brings files of a repository onto this disk: what is there is used, what is missing is fetched in parts, goes on where it stopped, and gets its name when its hash is the promised one.</summary>
/// <param name="client">Asks the Hub. Not disposed.</param>
/// <param name="cache">Where the files go; null: the cache of the client's settings.</param>
public sealed class HubDownloader(HubClient client, HubCache? cache = null)
{
    /// <summary>Files in work at a time; their streams share <see cref="StreamBudget.Most"/>.</summary>
    private const int MostFiles = 8;

    private readonly HubCache _cache = cache ?? new HubCache(client.Settings);

    /// <summary>Brings the files that are asked for; all of one commit.</summary>
    /// <remarks>
    /// A commit whose files are here needs no request; a branch one, to learn its commit. Where the Hub cannot be reached, what is on disk is taken if it is complete, and the snapshot says so.
    /// Cancelling keeps what came for the next run. Several processes may download the same.
    /// </remarks>
    /// <param name="request">What, and to where.</param>
    /// <param name="progress">Told of each file and the whole, some times a second, one call at a time.</param>
    /// <param name="cancellationToken">Stops it; what came stays.</param>
    /// <exception cref="ModelException">No such repository, revision or file; no access; the line failed; the disk is full; the content does not match its hash.</exception>
    public async Task<HubSnapshot> DownloadAsync(HubDownloadRequest request, IProgress<HubProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        DownloadTally tally = new(progress);
        Found found = await FindAsync(request, tally, progress, cancellationToken).ConfigureAwait(false);
        HubSelectionResult selected = Select(request, found.Listing);
        FileStore store = request.LocalFolder is { } folder ? new LocalFolderStore(_cache, found.Listing, folder, request.DryRun) : new CacheStore(_cache, found.Listing);
        tally.Expect(selected.Files.Count, selected.Files.Sum(f => f.Size));
        List<HubFile> missing = [];
        Dictionary<string, string> here = new(StringComparer.Ordinal);
        foreach (HubFile file in selected.Files)
        {
            if ((request.Force ? null : store.Find(file, cancellationToken)) is { } path)
            {
                here[file.Path] = path;
                tally.File(file).Done(fromCache: true);
            }
            else
            {
                missing.Add(file);
            }
        }

        if (missing.Count > 0 && !request.DryRun)
        {
            if (found.IsOffline)
            {
                throw NotHere(found, request, missing);
            }

            DiskSpace.Require(store.Volume, missing.DistinctBy(f => f.Etag ?? f.Path).Sum(f => f.Size - store.BytesHere(f)));
            store.Prepare();
            await FetchAllAsync(store, found.Listing, missing, here, tally, request.Force, cancellationToken).ConfigureAwait(false);
        }

        if (!request.DryRun && !found.IsOffline)
        {
            store.Finish(found.Listing);
        }

        tally.Done();
        HashSet<string> fetched = [.. missing.Select(f => f.Path)];
        return new HubSnapshot
        {
            Repository = request.Repository,
            Revision = found.Revision,
            Commit = found.Listing.Commit,
            Folder = store.Folder,
            Files = [.. selected.Files.Select(f => new HubSnapshotFile(f, here.GetValueOrDefault(f.Path) ?? store.PathOf(f), !fetched.Contains(f.Path)))],
            BytesFetched = tally.Fetched,
            Skipped = selected.Skipped,
            Note = string.Join(" ", new[] { found.Warning, selected.Note }.OfType<string>()) is { Length: > 0 } note ? note : null,
            Offline = found.IsOffline,
        };
    }

    /// <summary>The files of a revision: from the cache where that is enough, else from the Hub.</summary>
    private async Task<Found> FindAsync(HubDownloadRequest request, DownloadTally tally, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        string revision = request.Revision ?? "main";
        HubListing? kept = Kept(request, revision);
        if (client.Settings.Offline)
        {
            return kept is not null ? new Found(kept, revision, true, null)
                : throw new ModelException(HubAnswerErrors.NotCached($"{request.Repository} at {revision} is not in {_cache.Folder}"));
        }

        if (kept is not null && HubPaths.IsCommit(revision) && !request.Force && IsComplete(request, kept))
        {
            return new Found(kept, revision, false, null);
        }

        tally.Listing();
        bool isUsable = kept is not null && request.LocalFolder is null && !request.Force && IsComplete(request, kept);
        try
        {
            // With a usable copy at hand, nobody waits for a Hub in trouble.
            HubListing listing = await (isUsable ? client.WithoutRetries : client).ListAsync(request.Repository, revision, progress, cancellationToken).ConfigureAwait(false);
            if (HubPaths.IsCommit(revision) && listing.Commit != revision)
            {
                throw CacheErrors.Disagreement(request.Repository.ToString(), "commit", revision, listing.Commit);
            }

            return new Found(listing, revision, false, null);
        }
        catch (ModelException e) when (isUsable && HubFaults.IsOutage(e))
        {
            string warning = $"The Hub was not reached ({e.Diagnostic.Message.TrimEnd('.')}); the files of {request.Repository} on this disk were taken, of commit {kept!.Commit[..8]}.";
            return new Found(kept, revision, true, warning);
        }
    }

    /// <summary>What is known of a revision without the Hub: its kept listing, else the files that are here.</summary>
    private HubListing? Kept(HubDownloadRequest request, string revision)
    {
        if (_cache.CommitOf(request.Repository, revision) is not { } commit)
        {
            return null;
        }

        if (_cache.ListingOf(request.Repository, commit) is { } listing)
        {
            return listing with { Revision = revision };
        }

        List<HubFile> files = [];
        foreach (string path in _cache.FilesOf(request.Repository, commit))
        {
            string full = _cache.SnapshotFile(request.Repository, commit, path);
            if (HubPaths.IsSafeFile(path) && HubCache.FileLength(full) is { } length)
            {
                // A link tells the etag; without it the file is used as it is.
                string? etag = new FileInfo(full).LinkTarget is { } target ? Path.GetFileName(target) : null;
                files.Add(new HubFile { Path = path, Size = length, Sha256 = etag?.Length == 64 ? etag : null, BlobId = etag?.Length == 40 ? etag : null });
            }
        }

        return files.Count == 0 ? null : new HubListing { Repository = request.Repository, Revision = revision, Commit = commit, Files = files };
    }

    private bool IsComplete(HubDownloadRequest request, HubListing kept)
    {
        try
        {
            // A listing that was made up of what is here knows nothing of what is not.
            bool isWhole = _cache.ListingOf(request.Repository, kept.Commit) is not null || request.Files is not null;
            return isWhole && Select(request, kept).Files.All(f => new CacheStore(_cache, kept).Find(f, CancellationToken.None) is not null);
        }
        catch (ModelException)
        {
            return false;
        }
    }

    private static HubSelectionResult Select(HubDownloadRequest request, HubListing listing)
    {
        if (HubPaths.Collision(listing.Files.Select(f => f.Path)) is { } collision && (collision.First == collision.Second || !string.Equals(collision.First, collision.Second, StringComparison.OrdinalIgnoreCase)))
        {
            throw CacheErrors.Collision(listing.Repository, collision.First, collision.Second);
        }

        List<HubSkipped> skipped = [];
        IEnumerable<HubFile> files = listing.Files;
        if (request.Files is { } named)
        {
            Dictionary<string, HubFile> byPath = listing.Files.ToDictionary(f => f.Path, StringComparer.Ordinal);
            files = [.. named.Distinct(StringComparer.Ordinal).Select(n => byPath.GetValueOrDefault(n)
                ?? throw CacheErrors.NoSuchFile(listing.Repository, listing.Revision, n, NearNames.Of(n, byPath.Keys, 5)))];
            HashSet<string> wanted = [.. named];
            skipped.AddRange(listing.Files.Where(f => !wanted.Contains(f.Path)).Select(f => new HubSkipped(f.Path, "not asked for")));
        }

        FilePatterns patterns = new(request.Include, request.Exclude);
        List<HubFile> kept = [];
        foreach (HubFile file in files)
        {
            if (patterns.Against(file.Path) is { } reason)
            {
                skipped.Add(new HubSkipped(file.Path, reason));
            }
            else
            {
                kept.Add(file);
            }
        }

        string? note = null;
        if (request.Select is { } select)
        {
            HubSelectionResult chosen = select(listing with { Files = kept });
            (kept, note) = ([.. chosen.Files], chosen.Note);
            skipped.AddRange(chosen.Skipped);
        }

        if (kept.Count == 0)
        {
            throw CacheErrors.NothingMatches(listing.Repository, listing.Revision, listing.Files.Count);
        }

        skipped.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new HubSelectionResult(kept, skipped, note);
    }

    private async Task FetchAllAsync(FileStore store, HubListing listing, List<HubFile> missing, Dictionary<string, string> here, DownloadTally tally, bool force, CancellationToken cancellationToken)
    {
        using StreamBudget streams = new();
        BlobStore blobs = new(client, streams);
        ParallelOptions options = new() { MaxDegreeOfParallelism = MostFiles, CancellationToken = cancellationToken };
        Lock places = new();
        // The largest first: they take longest. What has the same content is fetched once.
        IEnumerable<IGrouping<string, HubFile>> contents = missing.GroupBy(f => f.Etag ?? f.Path, StringComparer.Ordinal).OrderByDescending(g => g.First().Size);
        try
        {
            await Parallel.ForEachAsync(contents, options, async (same, token) =>
            {
                string? first = null;
                foreach (HubFile file in same)
                {
                    FileTally one = tally.File(file);
                    string path = first is null ? await FetchAsync(store, blobs, listing, file, one, force, token).ConfigureAwait(false) : store.Copy(file, first);
                    first ??= path;
                    lock (places)
                    {
                        here[file.Path] = path;
                    }

                    one.Done(fromCache: false);
                }
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private async Task<string> FetchAsync(FileStore store, BlobStore blobs, HubListing listing, HubFile file, FileTally tally, bool force, CancellationToken cancellationToken)
    {
        string etag = file.Etag ?? (await client.VersionAsync(listing.Repository, listing.Commit, file.Path, cancellationToken).ConfigureAwait(false)).Etag;
        BlobSource source = new(client, listing.Repository, listing.Commit, file, etag);
        (string blob, string? lockFile) = store.Place(file, etag);
        if (force)
        {
            store.Forget(blob);
        }

        bool isFresh = await blobs.GetAsync(source, blob, lockFile, etag, file, tally, cancellationToken).ConfigureAwait(false);
        return store.Publish(file, blob, etag, isFresh);
    }

    private static ModelException NotHere(Found found, HubDownloadRequest request, List<HubFile> missing) =>
        new(HubAnswerErrors.NotCached($"{request.Repository} at {found.Revision} lacks {string.Join(", ", missing.Take(5).Select(f => f.Path))}{(missing.Count > 5 ? FormattableString.Invariant($" and {missing.Count - 5} more") : "")} on this disk"));

    /// <summary>What a revision holds, and how that is known.</summary>
    private sealed record Found(HubListing Listing, string Revision, bool IsOffline, string? Warning);
}
