using LlmToolkit.Formats.Shared;
using LlmToolkit.Hub;
using LlmToolkit.Loading;
using LlmToolkit.Memory;
using LlmToolkit.Routing;

namespace LlmToolkit;

/// <summary>The path from a source to a loaded model. Each stop can be used alone; a failure is a <see cref="ModelException"/> that names cause, evidence and cure.</summary>
/// <remarks>A source is a path, a Hub ID (<c>owner/name@revision:Q4_K_M</c>) or the https address of a file. To load, what is needed is downloaded into the cache; to describe, validate and plan, only the heads of the files are fetched.</remarks>
/// <param name="registry">Formats, backends and checks; null: the default ones.</param>
public sealed class ModelLoader(ToolkitRegistry? registry = null)
{
    /// <summary>What this loader works with.</summary>
    public ToolkitRegistry Registry { get; } = registry ?? new ToolkitRegistry();

    /// <summary>Makes what asks the Hub, when it is needed; disposed after use. Default: as the environment says.</summary>
    public Func<HubClient> Hub { get; init; } = () => new HubClient();

    /// <summary>Short names of sources. A path of the same name stands above them. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>();

    /// <summary>Told of downloads; null: nobody is.</summary>
    public IProgress<HubProgress>? Downloads { get; init; }

    /// <summary>Brings a source onto this disk: what a load would read.</summary>
    /// <param name="source">A path, a Hub ID or the https address of a file.</param>
    /// <param name="options">The memory that a quantization is chosen for; null: this machine's.</param>
    /// <param name="cancellationToken">Stops the download; what came stays for the next one.</param>
    /// <returns>Absolute path of a file or a directory; of what is a path already, that.</returns>
    /// <exception cref="ModelException">Nothing lies there, or it cannot be downloaded.</exception>
    public async Task<string> DownloadAsync(string source, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        using RemoteSources remote = new(Hub, Registry, Downloads);
        return await remote.DownloadAsync(Named(source), options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Path of what a tokenizer and a chat template are built from, without the weights where they lie apart.</summary>
    /// <param name="source">A path, or a Hub ID of which the tokenizer's files alone are downloaded.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    /// <returns>A path; null: they lie within the weights of a remote source, and <see cref="DescribeAsync"/> reads them there.</returns>
    public async Task<string?> DownloadTokenizerAsync(string source, CancellationToken cancellationToken = default)
    {
        source = Named(source);
        switch (SourceResolver.Resolve(source))
        {
            case ModelSource.Local local:
                return local.FullPath;
            case ModelSource.Hub { Id: var id }:
                using (RemoteSources remote = new(Hub, Registry, Downloads))
                {
                    return await remote.TokenizerAsync(id, source, cancellationToken).ConfigureAwait(false);
                }

            default:
                return null;
        }
    }

    /// <summary>Loads a model and makes it ready to generate.</summary>
    /// <param name="source">A file, a directory, or any part of a set.</param>
    /// <param name="options">How; null: chosen by the toolkit.</param>
    /// <param name="progress">Told of each stop.</param>
    /// <param name="cancellationToken">Stops between two steps; nothing stays loaded.</param>
    /// <exception cref="ModelException">A stop refused, with reasons.</exception>
    public async Task<ILanguageModel> LoadAsync(string source, LoadOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new LoadOptions();
        progress?.Report(new LoadProgress("open", 0));
        using ModelContainer container = await OpenAsync(source, options, cancellationToken).ConfigureAwait(false);
        Require(container, progress);
        progress?.Report(new LoadProgress("plan", 0.1));
        LoadPlan plan = Plan(container.Info, options);
        return await LoadCheckedAsync(plan, container, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops 7 and 10: checks an open container and loads it as planned. The container may be disposed afterwards.</summary>
    /// <exception cref="ModelException">The plan has no winner, a check refuses the model, or every backend in the plan failed.</exception>
    public async Task<ILanguageModel> LoadAsync(LoadPlan plan, ModelContainer container, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(container);
        Require(container, progress);
        return await LoadCheckedAsync(plan, container, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="LoadAsync(string, LoadOptions?, IProgress{LoadProgress}?, CancellationToken)"/>, with the failure as a value.</summary>
    public async Task<LoadResult> TryLoadAsync(string source, LoadOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        try
        {
            return new LoadResult(await LoadAsync(source, options, progress, cancellationToken).ConfigureAwait(false), null);
        }
        catch (ModelException e)
        {
            return new LoadResult(null, e.Diagnostic);
        }
    }

    /// <summary>Stops 3-4: what lies at a path. Never throws for a file that can be read.</summary>
    /// <exception cref="ModelException">The path does not exist or cannot be read.</exception>
    public Task<Detection> DetectAsync(string path, CancellationToken cancellationToken = default) =>
        Task.Run(() => Judge(path, LoadStop.Detect, keep: false, (artifact, _) => FormatDetector.Detect(artifact, Registry.Formats), cancellationToken), cancellationToken);

    /// <summary>Stops 3-6: opens strictly. What is returned is valid; dispose it.</summary>
    /// <remarks>A weight file that lies beside a config.json is opened with that configuration and tokenizer.</remarks>
    public async Task<ModelContainer> OpenAsync(string source, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        string path = await DownloadAsync(source, options, cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => Explained(() => FormatDetector.Open(FormatDetector.Artifact(path), options?.Format, Registry.Formats), path, LoadStop.Open), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops 3-7, tolerant: what can be known of a file or set as it is named, damaged or not; dispose it.</summary>
    /// <exception cref="ModelException">Nothing at all can be read.</exception>
    public Task<ModelDescription> DescribeAsync(string source, string? format = null, CancellationToken cancellationToken = default) =>
        Task.Run(
            () => Judge(source, LoadStop.Open, keep: true, (artifact, judged) =>
            {
                ModelDescription description = new ModelValidator(Registry).Describe(artifact, format);
                if (judged is not null)
                {
                    description.KeepUntilDisposed(judged);
                }

                return description;
            }, cancellationToken),
            cancellationToken);

    /// <summary>Stops 3-8: the verdict on a path.</summary>
    /// <exception cref="ModelException">The path does not exist or cannot be read.</exception>
    public Task<ValidationReport> ValidateAsync(string path, string? format = null, CancellationToken cancellationToken = default) =>
        ValidateAsync(path, format, deep: false, null, cancellationToken);

    /// <summary>As <see cref="ValidateAsync(string, string?, CancellationToken)"/>, and every value is read too, if asked: as long as reading the file takes.</summary>
    /// <param name="path">A file, a directory, or any part of a set.</param>
    /// <param name="format">Judge it as this format; null: by its content.</param>
    /// <param name="deep">Read every value too.</param>
    /// <param name="progress">Told which share of the values was read (stage <c>scan</c>).</param>
    /// <param name="cancellationToken">Stops between two pieces of a tensor.</param>
    /// <exception cref="ModelException">The path does not exist or cannot be read.</exception>
    public Task<ValidationReport> ValidateAsync(string path, string? format, bool deep, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Validate(new ModelValidator(Registry), path, format, deep, progress, cancellationToken), cancellationToken);

    /// <summary>Detects many paths, a few at a time, in their order; the input is read as far as it is worked on. A path that cannot be read gives its error, and the rest goes on.</summary>
    /// <param name="paths">Files or folders.</param>
    /// <param name="options">How; null: the defaults.</param>
    /// <param name="progress">Told of each finished path.</param>
    /// <param name="cancellationToken">Ends the enumeration at once.</param>
    public IAsyncEnumerable<BatchResult<Detection>> DetectAllAsync(IEnumerable<string> paths, BatchOptions? options = null, IProgress<BatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return Batch.RunAsync(paths, (options ?? new BatchOptions()).Concurrency, (path, token) => Judge(path, LoadStop.Detect, keep: false, (artifact, _) => FormatDetector.Detect(artifact, Registry.Formats), token), progress, cancellationToken);
    }

    /// <summary>Validates many paths, a few at a time, in their order; the input is read as far as it is worked on. A path that cannot be read gives its error, and the rest goes on.</summary>
    /// <param name="paths">Files or folders.</param>
    /// <param name="options">How; null: the defaults.</param>
    /// <param name="progress">Told of each finished path.</param>
    /// <param name="cancellationToken">Ends the enumeration at once.</param>
    public IAsyncEnumerable<BatchResult<ValidationReport>> ValidateAllAsync(IEnumerable<string> paths, BatchOptions? options = null, IProgress<BatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        BatchOptions how = options ?? new BatchOptions();
        ModelValidator validator = new(Registry);
        return Batch.RunAsync(paths, how.Concurrency, (path, token) => Validate(validator, path, how.Format, how.Deep, how.Scan, token), progress, cancellationToken);
    }

    /// <summary>Stops 3-9: which backend would run the model, and why.</summary>
    public async Task<LoadPlan> PlanAsync(string source, LoadOptions? options = null, CancellationToken cancellationToken = default) =>
        (await ForecastAsync(source, options, cancellationToken).ConfigureAwait(false)).Plan;

    /// <summary>Stops 3-9 and what follows from them: whether the model runs here, with what settings, and what its download would cost.</summary>
    public Task<ModelForecast> ForecastAsync(string source, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new LoadOptions();
        return Task.Run(
            () => Judge(source, LoadStop.Plan, keep: false, (artifact, judged) =>
            {
                using ModelContainer container = FormatDetector.Open(artifact, options.Format, Registry.Formats);
                return ModelForecast.Of(container.Info, Plan(container.Info, options), o => Plan(container.Info, o), judged?.Cost());
            }, cancellationToken, options),
            cancellationToken);
    }

    /// <summary>Stops 8-9 for facts that are known already.</summary>
    public LoadPlan Plan(ModelInfo info, LoadOptions options) =>
        BackendRouter.Plan(info, new HardwareProbe().Probe(Registry.Hardware), options, Registry.Backends);

    private void Require(ModelContainer container, IProgress<LoadProgress>? progress)
    {
        progress?.Report(new LoadProgress("validate", 0.05));
        new ModelValidator(Registry).Require(container);
    }

    private async Task<ILanguageModel> LoadCheckedAsync(LoadPlan plan, ModelContainer container, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        if (plan.Winner is null)
        {
            throw RoutingErrors.NoBackend(container.Artifact.Path, plan);
        }

        foreach (string name in (IEnumerable<string>)[plan.Winner, .. plan.Fallbacks])
        {
            IModelBackend backend = Registry.Backends.First(b => b.Name == name);
            try
            {
                return await backend.LoadAsync(plan, new LoadInput { Container = container }, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                ModelException failure = Explained(e, new LoadContext { File = container.Artifact.Path, Format = container.Info.Format, Backend = name, Stop = LoadStop.Load });
                // Another backend of the same plan may cure this; the last one's failure is the caller's.
                if (name == plan.Fallbacks.LastOrDefault(plan.Winner) || failure.Diagnostic.Kind is not (FaultKind.Unsupported or FaultKind.DoesNotFit))
                {
                    throw failure;
                }
            }
        }

        throw RoutingErrors.NoBackend(container.Artifact.Path, plan);
    }

    /// <summary>A stop of which every failure is a <see cref="ModelException"/>.</summary>
    private T Explained<T>(Func<T> step, string source, LoadStop stop)
    {
        try
        {
            return step();
        }
        catch (FilePartsException e)
        {
            throw e.Cause;
        }
        catch (Exception e) when (e is not (ModelException or OperationCanceledException or ArgumentNullException))
        {
            throw Explained(e, new LoadContext { File = source, Stop = stop });
        }
    }

    private ModelException Explained(Exception exception, LoadContext context) =>
        exception as ModelException ?? new ModelException(new ErrorReporter(Registry.Explainers).Explain(exception, context), exception);

    private ValidationReport Validate(ModelValidator validator, string path, string? format, bool deep, IProgress<LoadProgress>? progress, CancellationToken cancellationToken) =>
        Judge(path, LoadStop.Validate, keep: false, (artifact, judged) => deep && judged is not null
            ? throw HeadErrors.NeedsAll(path, "--deep")
            : validator.Validate(artifact, format, deep, progress, cancellationToken), cancellationToken);

    private string Named(string source) => source is not null && Aliases.TryGetValue(source, out string? model) && !Path.Exists(source) ? model : source!;

    /// <summary>Looks at what a source names; of the network it fetches what the look needs. On a thread that may wait.</summary>
    /// <param name="source">A path, a Hub ID or an address.</param>
    /// <param name="stop">The stop that looks.</param>
    /// <param name="keep">True: the result needs what was fetched, and disposes it; it is passed on to the look.</param>
    /// <param name="look">Looks; told of the model of the network, null for one on this disk.</param>
    /// <param name="cancellationToken">Stops the fetching.</param>
    /// <param name="options">The memory that a quantization is chosen for; null: this machine's.</param>
    private T Judge<T>(string source, LoadStop stop, bool keep, Func<ModelArtifact, JudgedModel?, T> look, CancellationToken cancellationToken, LoadOptions? options = null)
    {
        source = Named(source);
        ModelSource resolved = Explained(() => SourceResolver.Resolve(source), source, LoadStop.Resolve);
        if (resolved is ModelSource.Local local)
        {
            return Explained(() => look(FormatDetector.Artifact(local.FullPath), null), source, stop);
        }

        RemoteSources remote = new(Hub, Registry, Downloads);
        JudgedModel? judged = null;
        try
        {
            judged = remote.JudgeAsync(resolved, source, options, cancellationToken).GetAwaiter().GetResult();
            T result = Explained(
                () =>
                {
                    judged.Probe();
                    return look(FormatDetector.Artifact(judged.Path), judged.Cost() is null ? null : judged);
                },
                source,
                stop);
            if (keep)
            {
                judged.KeepUntilDisposed(remote);
                (judged, remote) = (null, null!);
            }

            return result;
        }
        finally
        {
            judged?.Dispose();
            remote?.Dispose();
        }
    }
}

/// <summary>The outcome of <see cref="ModelLoader.TryLoadAsync"/>: a model or a diagnostic.</summary>
/// <param name="Model">The model, when it loaded.</param>
/// <param name="Error">Why it did not.</param>
public sealed record LoadResult(ILanguageModel? Model, Diagnostic? Error)
{
    /// <summary>True when the model loaded.</summary>
    public bool Success => Model is not null;
}
