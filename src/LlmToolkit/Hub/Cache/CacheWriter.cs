using System.Collections.Concurrent;
using System.Text;

namespace LlmToolkit.Hub;

/// <summary>Puts things into the cache so that whoever reads at the same time sees them whole or not at all.</summary>
internal sealed class CacheWriter(HubCache cache)
{
    /// <summary>First line by which backup tools know a cache (bford.info/cachedir); the words are huggingface_hub's.</summary>
    public static ReadOnlySpan<byte> Tag =>
        "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag created by huggingface_hub.\n# For information about cache directory tags, see:\n#\thttps://bford.info/cachedir/\n"u8;

    /// <summary>Whether a cache folder takes links: found out once, before anyone is told.</summary>
    private static readonly ConcurrentDictionary<string, Lazy<bool>> s_links = new(StringComparer.Ordinal);

    /// <summary>Makes the folders of a repository; <c>refs</c> too, because the npm client's scan fails without it.</summary>
    public void Prepare(HubRepository repository)
    {
        string folder = cache.RepositoryFolder(repository);
        Writing(folder, () =>
        {
            if (!Directory.Exists(cache.Folder))
            {
                Directory.CreateDirectory(cache.Folder);
            }

            string tag = Path.Combine(cache.Folder, "CACHEDIR.TAG");
            if (!File.Exists(tag))
            {
                WriteWhole(tag, Tag);
            }

            foreach (string part in (string[])["blobs", "refs", "snapshots"])
            {
                Directory.CreateDirectory(Path.Combine(folder, part));
            }
        });
    }

    /// <summary>Gives a finished and verified file its final name. What appeared there in the meantime with the right size stays.</summary>
    /// <returns>False when the file was not there any more: another process has claimed it.</returns>
    public static bool Publish(string finished, string target, long size) => Writing(target, () =>
    {
        if (HubCache.FileLength(target) == size && !Quietly(() => File.Move(finished, target, overwrite: true)))
        {
            // On Windows a file that someone maps cannot be replaced; it is the same content.
            Quietly(() => File.Delete(finished));
            return true;
        }

        try
        {
            if (File.Exists(finished))
            {
                File.Move(finished, target, overwrite: true);
            }
        }
        catch (FileNotFoundException)
        {
            // Claimed between the two lines.
        }

        return HubCache.FileLength(target) == size;
    });

    /// <summary>Gives a blob its name in a snapshot.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file's path in it.</param>
    /// <param name="blob">The blob, which is there.</param>
    /// <param name="isFresh">True when this process has just made the blob: without links it is moved, else copied.</param>
    public void Link(HubRepository repository, string commit, string file, string blob, bool isFresh)
    {
        string path = cache.SnapshotFile(repository, commit, file);
        Writing(path, () =>
        {
            string folder = Path.GetDirectoryName(path)!;
            Directory.CreateDirectory(folder);
            if (!TakesLinks())
            {
                PlaceWithoutLink(path, blob, isFresh);
                return;
            }

            string target = Path.GetRelativePath(folder, blob);
            if (new FileInfo(path) is { LinkTarget: { } old } && old == target)
            {
                return;
            }

            // Made beside and renamed: a reader never finds nothing.
            string beside = $"{path}.{Random()}.incomplete";
            File.CreateSymbolicLink(beside, target);
            try
            {
                File.Move(beside, path, overwrite: true);
            }
            catch
            {
                Quietly(() => File.Delete(beside));
                throw;
            }
        });
    }

    /// <summary>Keeps what a name stands for, if that is new. A cache that cannot be written keeps its old word.</summary>
    public void Ref(HubRepository repository, string revision, string commit)
    {
        if (HubPaths.IsCommit(revision) || !HubPaths.IsSafeRevision(revision) || cache.CommitOf(repository, revision) == commit)
        {
            return;
        }

        Quietly(() => WriteWhole(cache.RefFile(repository, revision), Encoding.ASCII.GetBytes(commit)));
    }

    /// <summary>Keeps a listing. Only time is lost where that fails.</summary>
    public void Tree(HubListing listing)
    {
        string path = cache.TreePath(listing.Repository, listing.Commit);
        if (!File.Exists(path) || TreeFile.Read(path, listing.Repository, listing.Commit) is null)
        {
            Quietly(() => WriteWhole(path, TreeFile.Write(listing)));
        }
    }

    /// <summary>Keeps that a commit has no such file.</summary>
    public void Absent(HubRepository repository, string commit, string file) => Quietly(() =>
    {
        string path = cache.AbsentFile(repository, commit, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Open(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
    });

    /// <summary>Writes a small file beside its place and renames it.</summary>
    public static void WriteWhole(string path, ReadOnlySpan<byte> bytes)
    {
        string folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        string beside = $"{path}.{Random()}.incomplete";
        try
        {
            using (FileStream file = new(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            Quietly(() => File.Delete(beside));
            throw;
        }
    }

    /// <summary>Eight hexadecimal digits that no other process has.</summary>
    public static string Random() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4));

    /// <summary>A write of which every failure names the place.</summary>
    public static void Writing(string path, Action write) => Writing(path, () =>
    {
        write();
        return true;
    });

    private static T Writing<T>(string path, Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CacheErrors.CannotWrite(path, e);
        }
    }

    private static bool Quietly(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void PlaceWithoutLink(string path, string blob, bool isFresh)
    {
        if (isFresh)
        {
            File.Move(blob, path, overwrite: true);
            return;
        }

        string beside = $"{path}.{Random()}.incomplete";
        try
        {
            File.Copy(blob, beside);
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            Quietly(() => File.Delete(beside));
            throw;
        }
    }

    private bool TakesLinks() => cache.Settings.UseSymlinks && s_links.GetOrAdd(cache.Folder, static folder => new Lazy<bool>(() => Probe(folder))).Value;

    /// <summary>Windows without developer mode, FAT and some network shares have no links: any failure means that.</summary>
    private static bool Probe(string folder)
    {
        string probe = Path.Combine(folder, $".probe.{Random()}.incomplete");
        try
        {
            File.CreateSymbolicLink(probe, "CACHEDIR.TAG");
            return new FileInfo(probe).LinkTarget is not null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return false;
        }
        finally
        {
            Quietly(() => File.Delete(probe));
        }
    }
}
