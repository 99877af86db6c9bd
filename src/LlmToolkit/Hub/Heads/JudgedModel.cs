namespace LlmToolkit.Hub;

/// <summary>A model of the network as a folder of this disk: small files whole, of the weights what is asked for. Gone when it is disposed.</summary>
internal sealed class JudgedModel : IDisposable
{
    private readonly List<RemoteFile> _files = [];
    private const string TemporaryPrefix = "llmtk-heads-";

    /// <summary>Repositories of more files show only those that are needed.</summary>
    private const int MostNames = 1_000;

    private readonly string? _temporary;
    private readonly string? _folder;
    private readonly IDisposable? _standIn;
    private readonly RemoteTally? _tally;
    private IDisposable? _other;

    /// <summary>A model that is on this disk anyway.</summary>
    public JudgedModel(string path) => Path = path;

    /// <param name="folderName">Name of the folder: some facts are taken from it where the model tells none.</param>
    /// <param name="name">What the folder stands for.</param>
    /// <param name="tally">Adds up what is fetched.</param>
    private JudgedModel(string folderName, string name, RemoteTally tally)
    {
        Clear();
        _temporary = Directory.CreateTempSubdirectory(TemporaryPrefix).FullName;
        _folder = System.IO.Path.Combine(_temporary, folderName);
        Directory.CreateDirectory(_folder);
        (_tally, Path) = (tally, _folder);
        _standIn = StandIns.Add(_folder, name);
    }

    /// <summary>What to open.</summary>
    public string Path { get; private set; }

    private (long Bytes, long Missing, (long Free, long Reserve)? Disk, string? Note)? _cost;

    /// <summary>What a download would cost; null for what is on this disk.</summary>
    public DownloadCost? Cost() => _cost is { } cost ? new DownloadCost(cost.Bytes, cost.Missing, cost.Disk?.Free, cost.Disk?.Reserve ?? 0, _tally!.Rate, _tally.Bytes, cost.Note) : null;

    /// <summary>Disposes something along with this.</summary>
    public void KeepUntilDisposed(IDisposable other) => _other = other;

    /// <summary>Lays a selection of a repository out.</summary>
    public static async Task<JudgedModel> OfAsync(HubClient client, HubCache cache, HubListing listing, HubSelectionResult selection, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        RemoteTally tally = new(client);
        JudgedModel model = new(listing.Repository.Id.Split('/')[^1], listing.Repository.ToString(), tally);
        try
        {
            // What is small and is read whole anyway is a download like any other, and the model's own needs it not again.
            List<HubFile> small = [.. selection.Files.Where(f => !IsWeights(f.Path))];
            HubSnapshot? texts = small.Count == 0 ? null : await new HubDownloader(client, cache).DownloadAsync(
                new HubDownloadRequest { Repository = listing.Repository, Revision = listing.Commit, Files = [.. small.Select(f => f.Path)] }, progress, cancellationToken).ConfigureAwait(false);
            foreach (HubSnapshotFile text in texts?.Files ?? [])
            {
                string target = model.Place(text.File.Path);
                File.Copy(text.FullPath, target);
            }

            // The others are there by name and size, as in a folder that holds everything; whoever looks into one gets it then.
            HashSet<string> whole = [.. small.Select(f => f.Path)];
            HashSet<string> wanted = [.. selection.Files.Select(f => f.Path)];
            foreach (HubFile file in listing.Files.Where(f => !whole.Contains(f.Path) && (wanted.Contains(f.Path) || (listing.Files.Count <= MostNames && !f.Path.Contains('/', StringComparison.Ordinal)))))
            {
                BlobSource source = new(client, listing.Repository, listing.Commit, file, file.Etag ?? "");
                model._files.Add(new RemoteFile(model.Place(file.Path), file.Size, source.What, (range, token) => source.OpenAsync(range, token), tally, cancellationToken) { IsWanted = wanted.Contains(file.Path) });
            }

            long missing = selection.Files.Where(f => cache.PathOf(listing.Repository, listing.Commit, f.Path) is not { } here || HubCache.FileLength(here) != f.Size).Sum(f => f.Size);
            model._cost = (selection.Files.Sum(f => f.Size), missing, DiskSpace.Of(cache.RepositoryFolder(listing.Repository)), selection.Note);
            model.Path = selection.Entry is { } entry ? System.IO.Path.Combine([model._folder!, .. entry.Path.Split('/')]) : model._folder!;
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Lays a file behind an address out.</summary>
    public static async Task<JudgedModel> OfAsync(HubClient client, Uri address, CancellationToken cancellationToken)
    {
        RemoteTally tally = new(client);
        string name = HubFaults.What(address);
        (long length, string? etag) = await LengthAsync(client, address, name, cancellationToken).ConfigureAwait(false);
        string file = Uri.UnescapeDataString(System.IO.Path.GetFileName(address.AbsolutePath));
        file = HubPaths.IsSafeFile(file) && !file.Contains('/', StringComparison.Ordinal) ? file : "model";
        JudgedModel model = new("url", name[..^System.IO.Path.GetFileName(name).Length].TrimEnd('/'), tally);
        try
        {
            model.Path = model.Place(file);
            model._files.Add(new RemoteFile(model.Path, length, name, async (range, token) =>
            {
                HubContent content = await client.OpenUrlAsync(address, range, null, token).ConfigureAwait(false);
                if ((content.Total is { } total && total != length) || (etag is not null && content.Etag is { } now && now != etag))
                {
                    await content.DisposeAsync().ConfigureAwait(false);
                    throw HeadErrors.Changed(name);
                }

                return content;
            }, tally, cancellationToken));
            model._cost = (length, length, DiskSpace.Of(client.Settings.CacheFolder), null);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The first bytes that every format is known by, and the last ones of a zip, which are read past the mapping.</summary>
    public void Probe()
    {
        const int head = 4 << 10;
        const int tail = 66 << 10;
        foreach (RemoteFile file in _files.Where(f => f.IsWanted))
        {
            file.Probe(head, tail);
        }
    }

    public void Dispose()
    {
        foreach (RemoteFile file in _files)
        {
            file.Dispose();
        }

        _other?.Dispose();
        _standIn?.Dispose();
        if (_temporary is not null)
        {
            try
            {
                Directory.Delete(_temporary, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The system clears its temporary folder.
            }
        }
    }

    /// <summary>Removes what a process that was killed has left, a day ago or more.</summary>
    private static void Clear()
    {
        foreach (DirectoryInfo left in new DirectoryInfo(System.IO.Path.GetTempPath()).EnumerateDirectories(TemporaryPrefix + "*").Where(d => d.LastWriteTimeUtc < DateTime.UtcNow.AddDays(-1)))
        {
            try
            {
                left.Delete(recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another user's.
            }
        }
    }

    private static bool IsWeights(string path) => System.IO.Path.GetExtension(path).ToUpperInvariant() is ".GGUF" or ".SAFETENSORS" or ".BIN" or ".PT" or ".PTH" or ".ONNX" or ".CKPT";

    private static async Task<(long Length, string? Etag)> LengthAsync(HubClient client, Uri address, string name, CancellationToken cancellationToken) =>
        await client.RetryAsync(
            async (_, token) =>
            {
                HubContent content = await client.OpenUrlAsync(address, new HubRange(0, 1), null, token).ConfigureAwait(false);
                await using (content.ConfigureAwait(false))
                {
                    return (content.Total ?? throw HeadErrors.NoLength(name), content.Etag);
                }
            },
            null,
            cancellationToken).ConfigureAwait(false);

    private string Place(string path)
    {
        string full = System.IO.Path.Combine([_folder!, .. path.Split('/')]);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        return full;
    }
}
