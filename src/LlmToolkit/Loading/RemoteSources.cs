using LlmToolkit.Hub;
using LlmToolkit.Memory;
using LlmToolkit.Routing;

namespace LlmToolkit.Loading;

/// <summary>Stop 3 for what is not on this disk: brings what a load needs here, or as much as a verdict needs.</summary>
internal sealed class RemoteSources(Func<HubClient> make, ToolkitRegistry registry, IProgress<HubProgress>? progress) : IDisposable
{
    /// <summary>Below this the download is done before a verdict would be.</summary>
    private const long WorthAsking = 64L << 20;

    private HubClient? _own;

    private HubClient Client => _own ??= make();

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

    /// <summary>Path of a folder with what a tokenizer and a template are built from; null: they lie within the weights.</summary>
    public async Task<string?> TokenizerAsync(HubModelId id, string text, CancellationToken cancellationToken)
    {
        HubCache cache = new(Client.Settings);
        HubDownloader downloader = new(Client, cache);
        HubListing listing = await AskingAsync(text, () => downloader.ListAsync(new HubRepository(id.Repository), id.Revision, progress, cancellationToken)).ConfigureAwait(false);
        if (HubSelection.ForTokenizer(listing, id) is not { } selection)
        {
            return null;
        }

        HubDownloadRequest request = new() { Repository = listing.Repository, Revision = id.Revision, Listing = listing, Select = _ => selection };
        return (await downloader.DownloadAsync(request, progress, cancellationToken).ConfigureAwait(false)).Folder;
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
        Chosen chosen = await ChooseAsync(id, options, cancellationToken).ConfigureAwait(false);
        if (chosen.Missing > WorthAsking)
        {
            await RequireAsync(chosen, options ?? new LoadOptions(), cancellationToken).ConfigureAwait(false);
        }

        HubDownloadRequest request = new() { Repository = chosen.Listing.Repository, Revision = id.Revision, Listing = chosen.Listing, Select = _ => chosen.Selection };
        return await new HubDownloader(Client, chosen.Cache).DownloadAsync(request, progress, cancellationToken).ConfigureAwait(false);
    }

    private async Task<JudgedModel> JudgeAsync(HubModelId id, LoadOptions? options, CancellationToken cancellationToken)
    {
        Chosen chosen = await ChooseAsync(id, options, cancellationToken).ConfigureAwait(false);
        return chosen.Missing == 0 ? new JudgedModel(chosen.Path) : await JudgedModel.OfAsync(Client, chosen.Cache, chosen.Listing, chosen.Selection, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Which files of a repository are meant, and how much of them is not here.</summary>
    private async Task<Chosen> ChooseAsync(HubModelId id, LoadOptions? options, CancellationToken cancellationToken)
    {
        HubCache cache = new(Client.Settings);
        HubListing listing = await new HubDownloader(Client, cache).ListAsync(new HubRepository(id.Repository), id.Revision, progress, cancellationToken).ConfigureAwait(false);
        HubSelectionResult selection = HubSelection.ForModel(listing, id, HubSelection.Fits(options?.MemoryBudget, registry.Hardware));
        if (selection.Note is { } note)
        {
            progress?.Report(new HubProgress { Note = note, State = HubProgressState.Done });
        }

        return new Chosen(cache, listing, selection);
    }

    /// <summary>Before gigabytes are fetched: a model that nothing here can run is refused by what its heads say.</summary>
    private async Task RequireAsync(Chosen chosen, LoadOptions options, CancellationToken cancellationToken)
    {
        using JudgedModel judged = await JudgedModel.OfAsync(Client, chosen.Cache, chosen.Listing, chosen.Selection, progress, cancellationToken).ConfigureAwait(false);
        await Task.Run(
            () =>
            {
                judged.Probe();
                using ModelContainer container = FormatDetector.Open(FormatDetector.Artifact(judged.Path), options.Format, registry.Formats);
                LoadPlan plan = BackendRouter.Plan(container.Info, new HardwareProbe().Probe(registry.Hardware), options, registry.Backends);
                if (plan.Winner is null)
                {
                    throw RoutingErrors.NoBackend(chosen.Listing.Repository.ToString(), plan);
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A text that is also a path by its look: where the Hub shows no such repository, or cannot be asked, both readings are told.</summary>
    private static async Task<T> AskingAsync<T>(string text, Func<Task<T>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (ModelException e) when (!text.Contains("://", StringComparison.Ordinal) && (e.Diagnostic.Code is "LT6150" or "LT6157" or "LT6159" or "LT6175" || (e.Diagnostic.Kind == FaultKind.Network && HubFaults.IsOutage(e))))
        {
            throw LoadingErrors.NeitherPathNorHub(text, PathAdvice.For(text), e.Diagnostic.Message, e.Diagnostic.Evidence, e.Diagnostic.Fixes, e);
        }
    }

    /// <summary>What was chosen of a repository.</summary>
    private sealed record Chosen(HubCache Cache, HubListing Listing, HubSelectionResult Selection)
    {
        /// <summary>Bytes that are not on this disk.</summary>
        public long Missing { get; } = Selection.Files.Where(f => Cache.PathOf(Listing.Repository, Listing.Commit, f.Path) is not { } path || HubCache.FileLength(path) != f.Size).Sum(f => Math.Max(f.Size, 1));

        /// <summary>What is opened where nothing is missing.</summary>
        public string Path => Selection.Entry is { } entry ? Cache.PathOf(Listing.Repository, Listing.Commit, entry.Path)! : Cache.SnapshotFolder(Listing.Repository, Listing.Commit);
    }
}
