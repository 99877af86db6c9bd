using System.Text;

namespace LlmToolkit.Hub;

/// <summary>The folder of downloads that all tools of the field share: <c>models--owner--name</c> with <c>blobs/</c>, <c>refs/</c>, <c>snapshots/COMMIT/</c>, <c>.no_exist/COMMIT/</c> and <c>trees/COMMIT.json</c>.</summary>
/// <remarks>
/// Layout: huggingface_hub, <c>file_download.py</c>. What other tools put there is used, and they can use what is put there by this one.
/// Readers need no lock. Files of a snapshot are links to blobs, or plain files where there are no links.
/// </remarks>
/// <param name="settings">Where it lies and whether links are used; null: as the environment says.</param>
public sealed partial class HubCache(HubSettings? settings = null)
{
    /// <summary>A ref holds 40 digits; what is much longer is none.</summary>
    internal const int MaxRefBytes = 256;

    /// <summary>What the environment says.</summary>
    internal HubSettings Settings { get; } = settings ?? HubSettings.FromEnvironment();

    /// <summary>Absolute path of the cache.</summary>
    public string Folder => Settings.CacheFolder;

    /// <summary>The folder of a repository.</summary>
    public string RepositoryFolder(HubRepository repository)
    {
        ArgumentNullException.ThrowIfNull(repository);
        return Path.Combine(Folder, repository.FolderName);
    }

    /// <summary>The folder of a commit's files.</summary>
    /// <exception cref="ArgumentException"><paramref name="commit"/> is no commit.</exception>
    public string SnapshotFolder(HubRepository repository, string commit) => Path.Combine(RepositoryFolder(repository), "snapshots", Commit(commit));

    /// <summary>The commit that a branch, a tag or a commit stands for here; null: not known here.</summary>
    public string? CommitOf(HubRepository repository, string? revision = null)
    {
        ArgumentNullException.ThrowIfNull(repository);
        revision ??= "main";
        if (HubPaths.IsCommit(revision))
        {
            return revision;
        }

        return HubPaths.IsSafeRevision(revision) && ReadSmall(RefFile(repository, revision), MaxRefBytes)?.Trim() is { } commit && HubPaths.IsCommit(commit) ? commit : null;
    }

    /// <summary>Absolute path of a file of a revision; null: it is not here.</summary>
    public string? PathOf(HubRepository repository, string? revision, string file)
    {
        if (CommitOf(repository, revision) is not { } commit || !HubPaths.IsSafeFile(file))
        {
            return null;
        }

        string path = SnapshotFile(repository, commit, file);
        return FileLength(path) is null ? null : path;
    }

    /// <summary>True when a file, or without one any file, of a revision is here.</summary>
    public bool IsCached(HubRepository repository, string? revision = null, string? file = null) =>
        file is not null ? PathOf(repository, revision, file) is not null
        : CommitOf(repository, revision) is { } commit && Quietly(() => Directory.EnumerateFiles(SnapshotFolder(repository, commit), "*", SearchOption.AllDirectories).Any());

    /// <summary>True when the Hub said before that a commit has no such file.</summary>
    public bool IsKnownAbsent(HubRepository repository, string? revision, string file) =>
        CommitOf(repository, revision) is { } commit && HubPaths.IsSafeFile(file) && File.Exists(AbsentFile(repository, commit, file));

    /// <summary>The listing of a commit that was kept here; null: none, or one that cannot be read.</summary>
    public HubListing? ListingOf(HubRepository repository, string commit)
    {
        ArgumentNullException.ThrowIfNull(repository);
        return HubPaths.IsCommit(commit) ? TreeFile.Read(TreePath(repository, commit), repository, commit) : null;
    }

    /// <summary>The files of a commit that are here, sorted by path.</summary>
    public IReadOnlyList<string> FilesOf(HubRepository repository, string commit)
    {
        string folder = SnapshotFolder(repository, commit);
        List<string> files = [];
        _ = Quietly(() =>
        {
            foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                if (FileLength(path) is not null)
                {
                    files.Add(Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'));
                }
            }

            return true;
        });
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    internal string SnapshotFile(HubRepository repository, string commit, string file) => Path.Combine([SnapshotFolder(repository, commit), .. file.Split('/')]);

    internal string BlobFolder(HubRepository repository) => Path.Combine(RepositoryFolder(repository), "blobs");

    internal string BlobFile(HubRepository repository, string etag) =>
        HubPaths.IsSafeEtag(etag) ? Path.Combine(BlobFolder(repository), etag) : throw new ArgumentException("The etag cannot be a file's name.", nameof(etag));

    internal string LockFile(HubRepository repository, string etag) => Path.Combine(Folder, ".locks", repository.FolderName, etag + ".lock");

    internal string RefFile(HubRepository repository, string revision) => Path.Combine([RepositoryFolder(repository), "refs", .. revision.Split('/')]);

    internal string TreePath(HubRepository repository, string commit) => Path.Combine(RepositoryFolder(repository), "trees", Commit(commit) + ".json");

    internal string AbsentFile(HubRepository repository, string commit, string file) => Path.Combine([RepositoryFolder(repository), ".no_exist", Commit(commit), .. file.Split('/')]);

    /// <summary>Bytes of a plain file behind its links; null: there is none, or it cannot be looked at.</summary>
    internal static long? FileLength(string path)
    {
        try
        {
            return FileFacts.Of(path) is { Kind: FileNodeKind.File or FileNodeKind.Unknown } facts ? facts.Length : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The text of a small file; null where there is none or it is larger.</summary>
    internal static string? ReadSmall(string path, int most)
    {
        try
        {
            if (FileLength(path) is not { } length || length > most)
            {
                return null;
            }

            byte[] bytes = new byte[most + 1];
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return read > most ? null : Encoding.UTF8.GetString(bytes, 0, read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Commit(string commit) =>
        HubPaths.IsCommit(commit) ? commit : throw new ArgumentException($"\"{commit}\" is no commit: expected 40 lower-case hexadecimal digits.", nameof(commit));

    private static bool Quietly(Func<bool> question)
    {
        try
        {
            return question();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
