namespace LlmToolkit.Hub;

/// <summary>Walks the cache: repositories, commits, files, what belongs to whom. What is damaged is told and passed over.</summary>
internal static class CacheScan
{
    /// <summary>Files of systems and of the cache itself.</summary>
    private static readonly HashSet<string> s_ignored = new(["CACHEDIR.TAG", ".locks", ".urls", ".DS_Store", "Thumbs.db", "desktop.ini", "version.txt", ".gitignore"], StringComparer.OrdinalIgnoreCase);

    public static HubCacheReport Run(HubCache cache, CancellationToken cancellationToken)
    {
        List<CachedRepository> repositories = [];
        List<CacheDamage> damaged = [];
        if (Directory.Exists(cache.Folder))
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(cache.Folder).EnumerateFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (s_ignored.Contains(entry.Name))
                {
                    continue;
                }

                if (entry is not DirectoryInfo || entry.LinkTarget is not null || !HubRepository.TryParseFolder(entry.Name, out HubRepository? repository))
                {
                    damaged.Add(new CacheDamage(entry.FullName, "no folder of a repository"));
                    continue;
                }

                try
                {
                    repositories.Add(Repository(repository, entry.FullName, damaged, cancellationToken));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    damaged.Add(new CacheDamage(entry.FullName, e.Message));
                }
            }
        }

        return new HubCacheReport { Folder = cache.Folder, Repositories = repositories, Damaged = damaged };
    }

    private static CachedRepository Repository(HubRepository repository, string folder, List<CacheDamage> damaged, CancellationToken cancellationToken)
    {
        string snapshots = Path.Combine(folder, "snapshots");
        string blobs = Path.Combine(folder, "blobs");
        Dictionary<string, List<string>> refs = Refs(folder, damaged);
        List<CachedRevision> revisions = [];
        // A link in place of one of the cache's own folders would lead a removal out of the cache.
        bool IsLink(string path) => new DirectoryInfo(path).LinkTarget is not null;
        if (IsLink(snapshots) || IsLink(blobs))
        {
            damaged.Add(new CacheDamage(folder, "its snapshots or blobs are a link to another folder"));
            return new CachedRepository(repository, folder, [], [], 0, null);
        }

        if (!Directory.Exists(snapshots))
        {
            damaged.Add(new CacheDamage(folder, "it has no snapshots"));
        }
        else
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(snapshots).EnumerateFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (s_ignored.Contains(entry.Name))
                {
                    continue;
                }

                if (entry is not DirectoryInfo || entry.LinkTarget is not null || !HubPaths.IsCommit(entry.Name))
                {
                    damaged.Add(new CacheDamage(entry.FullName, "no folder of a commit"));
                    continue;
                }

                refs.Remove(entry.Name, out List<string>? names);
                revisions.Add(new CachedRevision(entry.Name, [.. (names ?? []).Order(StringComparer.Ordinal)], Files(entry.FullName, folder, damaged)));
            }
        }

        damaged.AddRange(refs.SelectMany(r => r.Value.Select(name => new CacheDamage(Path.Combine(folder, "refs", name), $"it stands for the commit {r.Key}, which is not here"))));
        FileInfo[] contents = Directory.Exists(blobs) ? [.. new DirectoryInfo(blobs).EnumerateFiles().Where(f => !s_ignored.Contains(f.Name))] : [];
        CachedBlob[] unfinished = [.. contents.Where(f => f.Name.EndsWith(".incomplete", StringComparison.Ordinal)).Select(Blob)];
        HashSet<string> used = [.. revisions.SelectMany(r => r.Files).Select(f => f.Content)];
        CachedBlob[] unused = [.. contents.Where(f => !f.Name.EndsWith(".incomplete", StringComparison.Ordinal) && !used.Contains(f.FullName)).Select(Blob)];
        long bytes = revisions.SelectMany(r => r.Files).DistinctBy(f => f.Content).Sum(f => f.Bytes) + unused.Sum(b => b.Bytes) + unfinished.Sum(b => b.Bytes);
        DateTime? last = contents.Length > 0 ? contents.Max(f => f.LastWriteTimeUtc) : null;
        return new CachedRepository(repository, folder, revisions, unfinished, bytes, last) { Unused = unused };
    }

    private static CachedBlob Blob(FileInfo file) => new(file.FullName, file.Length);

    private static Dictionary<string, List<string>> Refs(string folder, List<CacheDamage> damaged)
    {
        Dictionary<string, List<string>> refs = new(StringComparer.Ordinal);
        string root = Path.Combine(folder, "refs");
        if (!Directory.Exists(root))
        {
            return refs;
        }

        foreach (string path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
            if (s_ignored.Contains(Path.GetFileName(path)) || name.EndsWith(".incomplete", StringComparison.Ordinal))
            {
                continue;
            }

            if (HubCache.ReadSmall(path, HubCache.MaxRefBytes)?.Trim() is { } commit && HubPaths.IsCommit(commit))
            {
                refs.TryAdd(commit, []);
                refs[commit].Add(name);
            }
            else
            {
                damaged.Add(new CacheDamage(path, "it holds no commit"));
            }
        }

        return refs;
    }

    private static List<CachedFile> Files(string snapshot, string repositoryFolder, List<CacheDamage> damaged)
    {
        List<CachedFile> files = [];
        EnumerationOptions options = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        string inside = repositoryFolder + Path.DirectorySeparatorChar;
        foreach (FileInfo file in new DirectoryInfo(snapshot).EnumerateFiles("*", options))
        {
            if (s_ignored.Contains(file.Name) || file.Name.EndsWith(".incomplete", StringComparison.Ordinal))
            {
                continue;
            }

            string name = Path.GetRelativePath(snapshot, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
            string content = file.LinkTarget is { } target ? Path.GetFullPath(Path.Combine(file.DirectoryName!, target)) : file.FullName;
            if (HubCache.FileLength(file.FullName) is not { } length)
            {
                damaged.Add(new CacheDamage(file.FullName, $"it is a link to {content}, where nothing lies"));
            }
            else if (!content.StartsWith(inside, StringComparison.Ordinal))
            {
                // Others may link so; what lies elsewhere is counted and removed by nobody here.
                damaged.Add(new CacheDamage(file.FullName, $"it is a link out of the repository, to {content}"));
            }
            else
            {
                files.Add(new CachedFile(name, content, length));
            }
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return files;
    }
}
