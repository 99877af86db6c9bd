using System.Globalization;
using System.Text;

namespace LlmToolkit.Hub;

/// <summary>A folder of the user's: plain files under their names, and beside them <c>.cache/huggingface/download/PATH.metadata</c>, which tells the commit and etag of each.</summary>
/// <remarks>Form: huggingface_hub, <c>_local_folder.py</c>; its tools go on with what lies here, and the reverse.</remarks>
internal sealed class LocalFolderStore(HubCache cache, HubListing listing, string folder, bool isReadOnly) : FileStore
{
    private const int MaxMetadataBytes = 1024;

    /// <summary>Clocks of file systems round.</summary>
    private static readonly TimeSpan s_tolerance = TimeSpan.FromSeconds(1);

    private readonly string _own = Path.Combine(Path.GetFullPath(folder), ".cache", "huggingface");

    public override string Folder { get; } = Path.GetFullPath(folder);

    public override string Volume => Folder;

    public override string PathOf(HubFile file) => Path.Combine([Folder, .. file.Path.Split('/')]);

    public override string? Find(HubFile file, CancellationToken cancellationToken)
    {
        string path = PathOf(file);
        if (HubCache.FileLength(path) == file.Size && IsCurrent(file, path, cancellationToken))
        {
            return path;
        }

        if (isReadOnly || cache.PathOf(listing.Repository, listing.Commit, file.Path) is not { } cached || HubCache.FileLength(cached) != file.Size)
        {
            return null;
        }

        Prepare();
        return Copy(file, cached);
    }

    public override long BytesHere(HubFile file) => Unfinished(Path.Combine(_own, "download"), file.Etag);

    public override void Prepare() => CacheWriter.Writing(_own, () =>
    {
        Directory.CreateDirectory(Path.Combine(_own, "download"));
        string ignore = Path.Combine(_own, ".gitignore");
        if (!File.Exists(ignore))
        {
            CacheWriter.WriteWhole(ignore, "*"u8);
            CacheWriter.WriteWhole(Path.Combine(_own, "CACHEDIR.TAG"), CacheWriter.Tag);
        }
    });

    public override (string Blob, string? LockFile) Place(HubFile file, string etag) =>
        (Path.Combine(_own, "download", HubPaths.IsSafeEtag(etag) ? etag : throw new ArgumentException("The etag cannot be a file's name.", nameof(etag))), Metadata(file, ".lock"));

    public override void Forget(string blob) => CacheWriter.Writing(blob, () => File.Delete(blob));

    public override string Publish(HubFile file, string blob, string etag, bool isFresh)
    {
        string path = PathOf(file);
        if (Directory.Exists(path))
        {
            throw CacheErrors.NotAFile(path);
        }

        CacheWriter.Writing(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(blob, path, overwrite: true);
        });
        Remember(file, path, etag);
        return path;
    }

    public override string Copy(HubFile file, string from)
    {
        string path = PathOf(file);
        string beside = Path.Combine(_own, "download", $"{CacheWriter.Random()}.incomplete");
        CacheWriter.Writing(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(from, beside);
            File.Move(beside, path, overwrite: true);
        });
        Remember(file, path, file.Etag);
        return path;
    }

    public override void Finish(HubListing whole)
    {
    }

    /// <summary>True when the file is the listing's, by its record, else by its hash.</summary>
    private bool IsCurrent(HubFile file, string path, CancellationToken cancellationToken)
    {
        if (Read(file) is { } record && File.GetLastWriteTimeUtc(path) <= record.Written + s_tolerance)
        {
            if (record.Commit == listing.Commit || record.Etag == file.Etag)
            {
                return true;
            }
        }

        if (file.Etag is not { } etag)
        {
            return false;
        }

        try
        {
            if (ContentHash.OfFile(path, etag, cancellationToken) != etag)
            {
                return false;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        if (!isReadOnly)
        {
            Remember(file, path, etag);
        }

        return true;
    }

    private (string Commit, string Etag, DateTime Written)? Read(HubFile file)
    {
        string[]? lines = HubCache.ReadSmall(Metadata(file, ".metadata"), MaxMetadataBytes)?.Split('\n');
        return lines is { Length: >= 3 }
            && double.TryParse(lines[2].Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 1e11
            ? (lines[0].Trim(), lines[1].Trim(), DateTime.UnixEpoch.AddSeconds(seconds))
            : null;
    }

    /// <summary>A record that cannot be written costs a hash the next time.</summary>
    private void Remember(HubFile file, string path, string? etag)
    {
        try
        {
            double seconds = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            CacheWriter.WriteWhole(Metadata(file, ".metadata"), Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{listing.Commit}\n{etag}\n{seconds:0.######}\n")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Found out again next time.
        }
    }

    private string Metadata(HubFile file, string ending) => Path.Combine([_own, "download", .. file.Path.Split('/')]) + ending;
}
