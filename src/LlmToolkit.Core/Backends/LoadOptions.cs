namespace LlmToolkit;

/// <summary>Type of the cached keys and values.</summary>
public enum KvType
{
    /// <summary>Half precision; the default.</summary>
    F16,

    /// <summary>Single precision; what <see cref="LoadOptions.Exact"/> uses.</summary>
    F32,

    /// <summary>8-bit blocks.</summary>
    Q8_0,
}

/// <summary>How to load a model. Null means: chosen by the toolkit.</summary>
public sealed record LoadOptions
{
    /// <summary>Name of the format to take; checked, never overridden silently.</summary>
    public string? Format { get; init; }

    /// <summary>Name of the backend to take; checked, never overridden silently.</summary>
    public string? Backend { get; init; }

    /// <summary>Longest sequence, in tokens. Null: the model's own context length.</summary>
    public int? ContextLength { get; init => field = value is null or > 0 ? value : throw new ArgumentOutOfRangeException(nameof(ContextLength), value, "ContextLength must be positive."); }

    /// <summary>Most memory to use at the peak, in bytes. Null: what the machine has.</summary>
    public long? MemoryBudget { get; init; }

    /// <summary>Type of the KV cache. Null: F16, or F32 with <see cref="Exact"/>.</summary>
    public KvType? KvType { get; init; }

    /// <summary>Worker threads. Null: the physical cores within the quota.</summary>
    public int? Threads { get; init => field = value is null or > 0 ? value : throw new ArgumentOutOfRangeException(nameof(Threads), value, "Threads must be positive."); }

    /// <summary>Activations stay F32 and nothing but the file's own weights is quantized: results can be compared with references.</summary>
    public bool Exact { get; init; }

    /// <summary>Layers to put on a GPU; null: none, −1: as many as fit. The managed engine has no GPU and says so.</summary>
    public int? GpuLayers { get; init; }

    /// <summary>Overrides the pre-tokenizer's name of a GGUF.</summary>
    public string? Pre { get; init; }
}

/// <summary>A step of a load.</summary>
/// <param name="Stage">What is done: <c>detect</c>, <c>open</c>, <c>validate</c>, <c>plan</c>, <c>load</c>.</param>
/// <param name="Fraction">0 to 1 within the whole load.</param>
public sealed record LoadProgress(string Stage, double Fraction);

/// <summary>What a backend is given to load.</summary>
public sealed record LoadInput
{
    /// <summary>The open container; null for an endpoint. The model takes its own references to what it reads; the caller still disposes the container.</summary>
    public ModelContainer? Container { get; init; }

    /// <summary>The endpoint; null for a container.</summary>
    public ModelSource.Endpoint? Endpoint { get; init; }

    /// <summary>Adapters to apply.</summary>
    public IReadOnlyList<ModelContainer> Adapters { get; init; } = [];
}
