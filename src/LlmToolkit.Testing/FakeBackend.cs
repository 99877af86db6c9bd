namespace LlmToolkit.Testing;

/// <summary>A backend for tests: it accepts every model and loads a <see cref="FakeModel"/>, unless it is told to do otherwise.</summary>
/// <remarks>
/// <code>
/// FakeBackend backend = new() { Failure = new ModelException(diagnostic) };
/// registry.Backends.Add(backend);
///
/// await Assert.ThrowsAsync&lt;ModelException&gt;(() => loader.LoadAsync("model.gguf"));
///
/// Assert.Equal(1, backend.Loads);
/// </code>
/// </remarks>
public sealed class FakeBackend : IModelBackend
{
    private readonly List<LoadPlan> _plans = [];
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public string Name { get; init; } = "fake";

    /// <summary>Makes the model of a load. Default: a <see cref="FakeModel"/> that says <c>Hello!</c></summary>
    public Func<LoadInput, ILanguageModel> Model { get; init; } = _ => new FakeModel("Hello!");

    /// <summary>Why it refuses every model; null: it accepts. Default: null.</summary>
    public BackendReason? Refusal { get; set; }

    /// <summary>What every load throws; null: none does. Default: null.</summary>
    public ModelException? Failure { get; set; }

    /// <summary>What <see cref="Diagnose"/> answers. Default: usable.</summary>
    public BackendStatus Status { get; set; } = new(true, "It is a fake.", []);

    /// <summary>The memory that it says it needs. Default: unknown.</summary>
    public MemoryEstimate? Memory { get; set; }

    /// <summary>Time that a load takes. Default: none.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Number of loads that were begun.</summary>
    public int Loads => Plans.Count;

    /// <summary>The plans of the loads, the oldest first.</summary>
    public IReadOnlyList<LoadPlan> Plans
    {
        get
        {
            lock (_lock)
            {
                return [.. _plans];
            }
        }
    }

    /// <inheritdoc/>
    public BackendStatus Diagnose() => Status;

    /// <inheritdoc/>
    public BackendFit Assess(ModelInfo model, HardwareInfo hardware, LoadOptions options) => new()
    {
        Backend = Name,
        Accepted = Refusal is null,
        Reasons = Refusal is null ? [] : [Refusal],
        Memory = Memory,
    };

    /// <inheritdoc/>
    public async Task<ILanguageModel> LoadAsync(LoadPlan plan, LoadInput input, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        lock (_lock)
        {
            _plans.Add(plan);
        }

        progress?.Report(new LoadProgress("load", 0));
        await Task.Delay(Delay, cancellationToken).ConfigureAwait(false);
        if (Failure is { } failure)
        {
            throw failure;
        }

        progress?.Report(new LoadProgress("load", 1));
        return Model(input);
    }
}
