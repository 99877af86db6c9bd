using LlmToolkit.Hub;
using LlmToolkit.Memory;

namespace LlmToolkit.Loading;

/// <summary>Stop 3 for what is not on this disk: brings what a load needs here, or as much as a verdict needs.</summary>
internal sealed class RemoteSources(HubClient? given, ToolkitRegistry registry, IProgress<HubProgress>? progress) : IDisposable
{
    /// <summary>Beside its weights a model takes this much: context, buffers, runtime.</summary>
    private const long BesideWeights = 512L << 20;

    private HubClient? _own;

    private HubClient Client => given ?? (_own ??= new HubClient());

    /// <summary>Path of what a load opens: the source itself, or what was downloaded of it.</summary>
    public async Task<string> DownloadAsync(string source, LoadOptions? options, CancellationToken cancellationToken)
    {
        switch (SourceResolver.Resolve(source))
        {
            case ModelSource.Local local:
                return local.FullPath;
            case ModelSource.Hub { Id: var id }:
                return (await AskingAsync(source, () => SnapshotAsync(id, options, cancellationToken)).ConfigureAwait(false)).Entry;
            case ModelSource.Url { Address: var address }:
                return await new UrlDownload(Client, progress).GetAsync(address, cancellationToken).ConfigureAwait(false);
            default:
                throw LoadingErrors.EndpointNotSupported(source);
        }
    }

    /// <summary>As much of a source as describing it needs.</summary>
    public async Task<JudgedModel> JudgeAsync(ModelSource source, string text, LoadOptions? options, CancellationToken cancellationToken)
    {
        switch (source)
        {
            case ModelSource.Hub { Id: var id }:
                return await AskingAsync(text, () => JudgeAsync(id, options, cancellationToken)).ConfigureAwait(false);
            case ModelSource.Url { Address: var address }:
                return await JudgedModel.OfAsync(Client, address, cancellationToken).ConfigureAwait(false);
            default:
                throw LoadingErrors.EndpointNotSupported(text);
        }
    }

    public void Dispose() => _own?.Dispose();

    private async Task<HubSnapshot> SnapshotAsync(HubModelId id, LoadOptions? options, CancellationToken cancellationToken)
    {
        HubDownloadRequest request = new()
        {
            Repository = new HubRepository(id.Repository),
            Revision = id.Revision,
            Select = listing => HubSelection.ForModel(listing, id, Fits(options)),
        };
        HubSnapshot snapshot = await new HubDownloader(Client).DownloadAsync(request, progress, cancellationToken).ConfigureAwait(false);
        if (snapshot.Note is { } note)
        {
            progress?.Report(new HubProgress { Note = note, State = HubProgressState.Done });
        }

        return snapshot;
    }

    private async Task<JudgedModel> JudgeAsync(HubModelId id, LoadOptions? options, CancellationToken cancellationToken)
    {
        HubRepository repository = new(id.Repository);
        HubCache cache = new(Client.Settings);
        HubListing listing = await new HubDownloader(Client, cache).ListAsync(repository, id.Revision, progress, cancellationToken).ConfigureAwait(false);
        HubSelectionResult selection = HubSelection.ForModel(listing, id, Fits(options));
        if (selection.Note is { } note)
        {
            progress?.Report(new HubProgress { Note = note, State = HubProgressState.Done });
        }

        bool isHere = selection.Files.All(f => cache.PathOf(repository, listing.Commit, f.Path) is { } path && HubCache.FileLength(path) == f.Size);
        return isHere
            ? new JudgedModel(selection.Entry is { } entry ? cache.PathOf(repository, listing.Commit, entry.Path)! : cache.SnapshotFolder(repository, listing.Commit))
            : await JudgedModel.OfAsync(Client, cache, listing, selection, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A text that is also a path by its look: where the Hub has no such repository, both readings are told.</summary>
    private static async Task<T> AskingAsync<T>(string text, Func<Task<T>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (ModelException e) when (e.Diagnostic.Code is "LT6150" or "LT6175" or "LT6157" && !text.Contains("://", StringComparison.Ordinal))
        {
            throw LoadingErrors.NeitherPathNorHub(text, PathAdvice.For(text), e);
        }
    }

    private Func<long, bool> Fits(LoadOptions? options)
    {
        long most = options?.MemoryBudget ?? new HardwareProbe().Probe(registry.Hardware).AvailableMemory;
        return bytes => bytes <= most - BesideWeights;
    }
}
