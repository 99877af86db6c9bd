namespace LlmToolkit;

/// <summary>An engine that can run models. It judges itself; the router only ranks.</summary>
public interface IModelBackend
{
    /// <summary>Name used by <c>--backend</c>, lower case.</summary>
    string Name { get; }

    /// <summary>Whether it can work on this machine at all.</summary>
    BackendStatus Diagnose();

    /// <summary>Judges a model on a machine: pure, reads nothing.</summary>
    BackendFit Assess(ModelInfo model, HardwareInfo hardware, LoadOptions options);

    /// <summary>Loads what the plan says.</summary>
    Task<ILanguageModel> LoadAsync(LoadPlan plan, LoadInput input, IProgress<LoadProgress>? progress, CancellationToken cancellationToken);
}

/// <summary>The state of a backend on this machine.</summary>
/// <param name="Usable">True when it can run.</param>
/// <param name="Reason">Why, or why not.</param>
/// <param name="Fixes">What would make it usable.</param>
/// <param name="Variant">For example the SIMD level or the GPU build.</param>
public sealed record BackendStatus(bool Usable, string Reason, IReadOnlyList<string> Fixes, string? Variant = null);

/// <summary>A reason of a backend's verdict, with the cheapest remedy where there is one.</summary>
/// <param name="Code">Diagnostic code.</param>
/// <param name="Message">The reason.</param>
/// <param name="Remedy">What would change it; null: nothing.</param>
/// <param name="Kind">What kind of obstacle it is; null: it is none.</param>
public sealed record BackendReason(string Code, string Message, string? Remedy = null, FaultKind? Kind = null);

/// <summary>Speed relative to other backends on the same machine.</summary>
public enum SpeedClass
{
    /// <summary>Slower than reading speed may be.</summary>
    Slow,

    /// <summary>A CPU engine at its best.</summary>
    Cpu,

    /// <summary>A GPU engine.</summary>
    Gpu,

    /// <summary>Another machine.</summary>
    Remote,
}

/// <summary>A backend's judgement of one model on one machine.</summary>
public sealed record BackendFit
{
    /// <summary>The backend.</summary>
    public required string Backend { get; init; }

    /// <summary>True when it would run the model.</summary>
    public required bool Accepted { get; init; }

    /// <summary>Every reason for and against.</summary>
    public IReadOnlyList<BackendReason> Reasons { get; init; } = [];

    /// <summary>The memory it would take.</summary>
    public MemoryEstimate? Memory { get; init; }

    /// <summary>How fast it would be.</summary>
    public SpeedClass SpeedClass { get; init; } = SpeedClass.Cpu;
}

/// <summary>Which backend runs the model, which others could, and why. Pure: the same facts give the same plan.</summary>
public sealed record LoadPlan
{
    /// <summary>The backend that is taken; null: none.</summary>
    public string? Winner { get; init; }

    /// <summary>Every backend's judgement, the best first.</summary>
    public required IReadOnlyList<BackendFit> Fits { get; init; }

    /// <summary>Context length of the plan, in tokens.</summary>
    public int Context { get; init; }

    /// <summary>The next backends to try when loading fails for a reason that another one cures.</summary>
    public IReadOnlyList<string> Fallbacks { get; init; } = [];

    /// <summary>What the user asked for.</summary>
    public required LoadOptions Options { get; init; }

    /// <summary>The machine.</summary>
    public required HardwareInfo Hardware { get; init; }
}

/// <summary>The machine, as far as plans depend on it.</summary>
public sealed record HardwareInfo
{
    /// <summary>Name of the CPU.</summary>
    public string Cpu { get; init; } = "unknown";

    /// <summary>Cores that may be used, within affinity and quota.</summary>
    public int Cores { get; init; } = 1;

    /// <summary>Memory of the machine or the container, the smaller, in bytes.</summary>
    public long TotalMemory { get; init; }

    /// <summary>Memory that can still be had, page cache not counted as used, in bytes.</summary>
    public long AvailableMemory { get; init; }

    /// <summary>What limits memory: <c>machine</c> or <c>cgroup</c>.</summary>
    public string MemoryLimit { get; init; } = "machine";

    /// <summary>GPUs and their like.</summary>
    public IReadOnlyList<string> Accelerators { get; init; } = [];
}

/// <summary>Something that knows a part of the machine.</summary>
public interface IHardwareSource
{
    /// <summary>Adds what it knows.</summary>
    HardwareInfo Probe(HardwareInfo known);
}
