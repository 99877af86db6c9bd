using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine;

/// <summary>How the managed engine judges a model: pure, from its facts, the machine's and what was asked for.</summary>
internal static class EngineFit
{
    private const int ContextByDefault = 2048;

    /// <summary>Endings of the classes that put a head for another task on the same layers.</summary>
    private static readonly (string Ending, string? Task)[] OtherTasks =
    [
        ("ForSequenceClassification", "a score or a label for a text"),
        ("ForTokenClassification", "a label for each token"),
        ("ForQuestionAnswering", "the place of an answer in a text"),
        ("ForMultipleChoice", "a choice among answers"),
        ("ForRewardModeling", "a score for an answer"),
        ("RewardModel", "a score for an answer"),
    ];

    /// <summary>Beginnings of the names that packed checkpoints have for their quantization.</summary>
    private static readonly string[] PackedMethods =
        ["gptq", "awq", "bnb", "bitsandbytes", "nf4", "fp4", "fp8", "int8", "compressed", "mxfp4", "hqq", "quanto", "aqlm", "eetq", "bitnet", "vptq", "spqr", "torchao", "fbgemm", "higgs", "exl"];

    /// <summary>The verdict with every reason.</summary>
    public static BackendFit Assess(ModelInfo model, HardwareInfo hardware, LoadOptions options, IReadOnlyList<string> architectures, bool transposed)
    {
        (KvType kv, int threads) = (KvOf(options), ThreadsOf(hardware, options));
        MemoryEstimate memory = EngineMemory.Estimate(model, ContextOf(model, options), kv, threads, transposed);
        List<BackendReason> reasons = [.. ArchitectureReasons(model, architectures), .. TypeReasons(model), .. OptionReasons(options)];
        if (options.ContextLength is null && !model.IsEncoder && EngineMemory.LargestContext(memory, RoomFor(memory, hardware, options)) is { } context && context < memory.Context)
        {
            reasons.Add(new BackendReason("LT5003", $"The model's whole context of {memory.Context} tokens would take {Size(memory.PeakBytes)}; {context} tokens are taken, which fit.", "Name a context with --context, or give more memory."));
            memory = EngineMemory.Estimate(model, context, kv, threads, transposed);
        }

        if (memory.WeightsPrivate > 0)
        {
            reasons.Add(new BackendReason("LT4029", $"{Size(memory.WeightsPrivate)} of the weights cannot be used where the file has them and are copied once.", null));
        }

        reasons.AddRange(MemoryReasons(memory, hardware, options));
        return new BackendFit
        {
            Backend = EngineBackend.BackendName,
            Accepted = reasons.TrueForAll(r => r.Kind is null),
            Reasons = reasons,
            Memory = memory,
            SpeedClass = SpeedClass.Cpu,
        };
    }

    /// <summary>Type of the cache.</summary>
    public static KvType KvOf(LoadOptions options) => options.KvType ?? (options.Exact ? KvType.F32 : KvType.F16);

    /// <summary>The context that is meant: what was asked for, else the model's own.</summary>
    public static int ContextOf(ModelInfo model, LoadOptions options) => options.ContextLength ?? (model.ContextLength is > 0 ? model.ContextLength.Value : ContextByDefault);

    /// <summary>Workers.</summary>
    public static int ThreadsOf(HardwareInfo hardware, LoadOptions options) => Math.Max(1, options.Threads ?? hardware.Cores);

    /// <summary>True for a checkpoint whose weights are packed by a quantization method, known or not.</summary>
    public static bool IsPacked(ModelInfo model)
    {
        // A checkpoint's word is the type of its weights, or else the method in its config.json.
        string quantization = model.Quantization ?? "";
        return (model.ModelClass is not null && quantization.Length > 0 && DTypes.Find(quantization) is null)
            || PackedMethods.Any(m => quantization.StartsWith(m, StringComparison.OrdinalIgnoreCase));
    }

    private static IEnumerable<BackendReason> ArchitectureReasons(ModelInfo model, IReadOnlyList<string> known)
    {
        string? name = model.Architecture;
        if (name is null || !known.Contains(name, StringComparer.Ordinal))
        {
            yield return new BackendReason("LT4010", EngineErrors.UnknownArchitectureText(name, known), EngineErrors.UnknownArchitectureRemedy(name, known), FaultKind.Unsupported);
        }
    }

    /// <summary>Why a checkpoint with a head for another task does not continue text; null: it has none.</summary>
    public static BackendReason? OtherTask(ModelInfo model) => OtherTasks.FirstOrDefault(t => model.ModelClass?.EndsWith(t.Ending, StringComparison.Ordinal) == true).Task is { } task
        ? new BackendReason("LT4034", $"The checkpoint is a {model.ModelClass}: it gives {task} and does not continue text.", "Take the language model that it was made from (…ForCausalLM).", FaultKind.Unsupported)
        : null;

    /// <summary>Types that carry weights must be known; integers and truths are buffers, or the parts of a quantization that the second rule names.</summary>
    private static IEnumerable<BackendReason> TypeReasons(ModelInfo model)
    {
        foreach (string name in model.BytesByType.Keys)
        {
            DType? type = DTypes.Find(name);
            bool weights = type is null || type.IsBlock || type.Name.StartsWith('F');
            if (weights && type != DTypes.F64 && (type is null || DefaultQuants.Find(type) is null))
            {
                yield return new BackendReason("LT4022", $"Weights are stored as {name}; {EngineErrors.TypesText}", "Take a file with another quantization, such as Q4_K_M or Q8_0.", FaultKind.Unsupported);
            }
        }

        if (IsPacked(model))
        {
            yield return new BackendReason("LT4026", $"The checkpoint is quantized as {model.Quantization}, which the managed engine does not unpack.", "Take the unquantized checkpoint, or a GGUF of the model.", FaultKind.Unsupported);
        }
    }

    private static IEnumerable<BackendReason> OptionReasons(LoadOptions options)
    {
        if (options.KvType == KvType.Q8_0)
        {
            yield return new BackendReason("LT4050", "The managed engine caches keys and values as F16 or F32, not Q8_0.", "Leave the cache type out.", FaultKind.Unsupported);
        }

        if (options.GpuLayers is { } layers and not 0)
        {
            yield return new BackendReason("LT4027", $"{(layers < 0 ? "All" : layers)} layers were asked to go on a GPU; the managed engine computes on the CPU.", "Leave --gpu-layers out, or take a backend with a GPU.");
        }
    }

    /// <summary>What cache and scratch may take: the budget without the weights, or what the machine has.</summary>
    private static long RoomFor(MemoryEstimate memory, HardwareInfo hardware, LoadOptions options)
    {
        long room = hardware.AvailableMemory > 0 ? hardware.AvailableMemory : long.MaxValue;
        return options.MemoryBudget is { } budget ? Math.Min(room, budget - memory.ShouldBytes) : room;
    }

    private static IEnumerable<BackendReason> MemoryReasons(MemoryEstimate memory, HardwareInfo hardware, LoadOptions options)
    {
        if (options.MemoryBudget is { } budget && memory.PeakBytes > budget)
        {
            yield return new BackendReason("LT5001", $"It needs {Size(memory.PeakBytes)} at the peak; the budget is {Size(budget)}.", Remedy(memory), FaultKind.DoesNotFit);
        }
        else if (hardware.AvailableMemory > 0 && memory.MustBytes > hardware.AvailableMemory)
        {
            yield return new BackendReason("LT5001", $"It needs {Size(memory.MustBytes)} beside the mapped weights; {Size(hardware.AvailableMemory)} are available.", Remedy(memory), FaultKind.DoesNotFit);
        }
        else if (hardware.AvailableMemory > 0 && memory.PeakBytes > hardware.AvailableMemory)
        {
            yield return new BackendReason("LT5002", $"Weights and cache together take {Size(memory.PeakBytes)}, more than the {Size(hardware.AvailableMemory)} available: weights will be read from disk again and again.", Remedy(memory));
        }
    }

    private static string Remedy(MemoryEstimate memory) => memory.Kv > memory.PeakBytes / 4
        ? $"Take a shorter context: each token of the {memory.Context} costs {Size(memory.Kv / Math.Max(1, memory.Context))}."
        : "Take a smaller quantization of the model, or a smaller model.";

    private static string Size(long bytes) => bytes >= 1L << 30 ? FormattableString.Invariant($"{bytes / (double)(1L << 30):0.0} GiB") : FormattableString.Invariant($"{bytes / (double)(1L << 20):0.0} MiB");
}
