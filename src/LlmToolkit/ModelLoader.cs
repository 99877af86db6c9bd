using LlmToolkit.Loading;
using LlmToolkit.Memory;
using LlmToolkit.Routing;

namespace LlmToolkit;

/// <summary>The path from a source to a loaded model. Each stop can be used alone; a failure is a <see cref="ModelException"/> that names cause, evidence and cure.</summary>
/// <param name="registry">Formats, backends and checks; null: the default ones.</param>
public sealed class ModelLoader(ToolkitRegistry? registry = null)
{
    /// <summary>What this loader works with.</summary>
    public ToolkitRegistry Registry { get; } = registry ?? new ToolkitRegistry();

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
        Task.Run(() => Explained(() => FormatDetector.Detect(Artifact(path), Registry.Formats), path, LoadStop.Detect), cancellationToken);

    /// <summary>Stops 3-6: opens strictly. What is returned is valid; dispose it.</summary>
    /// <remarks>A weight file that lies beside a config.json is opened with that configuration and tokenizer.</remarks>
    public Task<ModelContainer> OpenAsync(string source, LoadOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Explained(() => FormatDetector.Open(Artifact(source), options?.Format, Registry.Formats), source, LoadStop.Open), cancellationToken);

    /// <summary>Stops 3-7, tolerant: what can be known of a file or set as it is named, damaged or not; dispose it.</summary>
    /// <exception cref="ModelException">Nothing at all can be read.</exception>
    public Task<ModelDescription> DescribeAsync(string source, string? format = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Explained(() => new ModelValidator(Registry).Describe(Artifact(source), format), source, LoadStop.Open), cancellationToken);

    /// <summary>Stops 3-8: the verdict on a path.</summary>
    /// <exception cref="ModelException">The path does not exist or cannot be read.</exception>
    public Task<ValidationReport> ValidateAsync(string path, string? format = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Explained(() => new ModelValidator(Registry).Validate(Artifact(path), format, cancellationToken: cancellationToken), path, LoadStop.Validate), cancellationToken);

    /// <summary>As <see cref="ValidateAsync(string, string?, CancellationToken)"/>, and every value is read too, if asked: as long as reading the file takes.</summary>
    /// <param name="path">A file, a directory, or any part of a set.</param>
    /// <param name="format">Judge it as this format; null: by its content.</param>
    /// <param name="deep">Read every value too.</param>
    /// <param name="progress">Told which share of the values was read (stage <c>scan</c>).</param>
    /// <param name="cancellationToken">Stops between two pieces of a tensor.</param>
    /// <exception cref="ModelException">The path does not exist or cannot be read.</exception>
    public Task<ValidationReport> ValidateAsync(string path, string? format, bool deep, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Explained(() => new ModelValidator(Registry).Validate(Artifact(path), format, deep, progress, cancellationToken), path, LoadStop.Validate), cancellationToken);

    /// <summary>Detects many paths, a few at a time, in their order; the input is read as far as it is worked on. A path that cannot be read gives its error, and the rest goes on.</summary>
    /// <param name="paths">Files or folders.</param>
    /// <param name="options">How; null: the defaults.</param>
    /// <param name="progress">Told of each finished path.</param>
    /// <param name="cancellationToken">Ends the enumeration at once.</param>
    public IAsyncEnumerable<BatchResult<Detection>> DetectAllAsync(IEnumerable<string> paths, BatchOptions? options = null, IProgress<BatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return Batch.RunAsync(paths, (options ?? new BatchOptions()).Concurrency, (path, _) => Explained(() => FormatDetector.Detect(Artifact(path), Registry.Formats), path, LoadStop.Detect), progress, cancellationToken);
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
        return Batch.RunAsync(paths, how.Concurrency, (path, token) => Explained(() => validator.Validate(Artifact(path), how.Format, how.Deep, how.Scan, token), path, LoadStop.Validate), progress, cancellationToken);
    }

    /// <summary>Stops 3-9: which backend would run the model, and why.</summary>
    public async Task<LoadPlan> PlanAsync(string source, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new LoadOptions();
        using ModelContainer container = await OpenAsync(source, options, cancellationToken).ConfigureAwait(false);
        return Plan(container.Info, options);
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
        catch (Exception e) when (e is not (ModelException or OperationCanceledException or ArgumentNullException))
        {
            throw Explained(e, new LoadContext { File = source, Stop = stop });
        }
    }

    private ModelException Explained(Exception exception, LoadContext context) =>
        exception as ModelException ?? new ModelException(new ErrorReporter(Registry.Explainers).Explain(exception, context), exception);

    internal static ModelArtifact Artifact(string source) => SourceResolver.Resolve(source) switch
    {
        ModelSource.Local local => FormatDetector.Artifact(local.FullPath),
        ModelSource.Hub => throw LoadingErrors.NeitherPathNorHub(source, PathAdvice.For(source)),
        _ => throw LoadingErrors.RemoteNotSupported(source),
    };
}

/// <summary>The outcome of <see cref="ModelLoader.TryLoadAsync"/>: a model or a diagnostic.</summary>
/// <param name="Model">The model, when it loaded.</param>
/// <param name="Error">Why it did not.</param>
public sealed record LoadResult(ILanguageModel? Model, Diagnostic? Error)
{
    /// <summary>True when the model loaded.</summary>
    public bool Success => Model is not null;
}
