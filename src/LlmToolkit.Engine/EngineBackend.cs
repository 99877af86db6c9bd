using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Model;
using LlmToolkit.Text;

namespace LlmToolkit.Engine;

/// <summary>The managed engine as a backend: CPU, any operating system, nothing to install.</summary>
/// <param name="more">Architectures beyond the built-in ones, asked first.</param>
internal sealed class EngineBackend(params IReadOnlyList<Architecture> more) : IModelBackend
{
    /// <summary>The name in plans and options.</summary>
    public const string BackendName = "managed";

    private const int ContextByDefault = 2048;

    private readonly Architecture[] _architectures = [.. more, .. DefaultArchitectures.All];

    public string Name => BackendName;

    /// <summary>Every architecture that it runs, by its names.</summary>
    public IEnumerable<string> ArchitectureNames => _architectures.SelectMany(a => a.GgufNames.Concat(a.HuggingFaceNames)).Distinct().Order(StringComparer.Ordinal);

    public BackendStatus Diagnose()
    {
        try
        {
            return new BackendStatus(true, "Runs on every machine that .NET runs on.", [], Variant(Simd.Level));
        }
        catch (TypeInitializationException e) when (e.InnerException is ModelException inner)
        {
            return new BackendStatus(false, inner.Message, inner.Diagnostic.Fixes);
        }
    }

    public BackendFit Assess(ModelInfo model, HardwareInfo hardware, LoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(hardware);
        ArgumentNullException.ThrowIfNull(options);
        int context = ContextOf(model, options);
        MemoryEstimate memory = EngineMemory.Estimate(model, context, KvOf(options), ThreadsOf(hardware, options));
        List<BackendReason> reasons = [.. ArchitectureReasons(model), .. TypeReasons(model), .. OptionReasons(options), .. MemoryReasons(memory, hardware, options)];
        return new BackendFit
        {
            Backend = Name,
            Accepted = reasons.TrueForAll(r => r.Kind is null),
            Reasons = reasons,
            Memory = memory,
            SpeedClass = SpeedClass.Cpu,
        };
    }

    public async Task<ILanguageModel> LoadAsync(LoadPlan plan, LoadInput input, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(input);
        ModelContainer container = input.Container ?? throw new ArgumentException("The managed engine loads containers, not endpoints.", nameof(input));
        if (input.Adapters.Count > 0)
        {
            throw EngineErrors.AdaptersUnsupported(input.Adapters[0].Artifact.Path);
        }

        progress?.Report(new LoadProgress("load", 0));
        ILanguageModel model = await Task.Run(() => Load(plan, container), cancellationToken).ConfigureAwait(false);
        progress?.Report(new LoadProgress("load", 1));
        return model;
    }

    /// <summary>The architecture that answers to a container's name for it.</summary>
    /// <exception cref="ModelException">None does.</exception>
    internal Architecture Find(ModelContainer container)
    {
        string? name = container.Info.Architecture;
        string? nested = container.Naming == NamingScheme.HuggingFace ? container.Metadata.Text("model_type") : null;
        return Find(container.Naming, name) ?? Find(container.Naming, nested)
            ?? throw EngineErrors.UnknownArchitecture(container.Artifact.Path, name, ArchitectureNames);
    }

    private static string Variant(SimdLevel level) => level switch
    {
        SimdLevel.V512 => "avx512",
        SimdLevel.V256 => "avx2",
        SimdLevel.V128 => "simd128",
        _ => "scalar",
    };

    private static KvType KvOf(LoadOptions options) => options.KvType ?? (options.Exact ? KvType.F32 : KvType.F16);

    private static int ContextOf(ModelInfo model, LoadOptions options) => options.ContextLength ?? model.ContextLength ?? ContextByDefault;

    private static int ThreadsOf(HardwareInfo hardware, LoadOptions options) => Math.Max(1, options.Threads ?? hardware.Cores);

    private Architecture? Find(NamingScheme scheme, string? name) => name is null ? null : Array.Find(
        _architectures, a => (scheme == NamingScheme.Gguf ? a.GgufNames : a.HuggingFaceNames).Contains(name, StringComparer.Ordinal));

    private ILanguageModel Load(LoadPlan plan, ModelContainer container)
    {
        LoadOptions options = plan.Options;
        int context = plan.Context > 0 ? plan.Context : ContextOf(container.Info, options);
        Architecture architecture = Find(container);
        DecoderModel model = DecoderModel.Load(container, architecture, new EngineSettings(context, KvOf(options), ThreadsOf(plan.Hardware, options), options.Exact, options.ContextLength is not null));
        TextAssets text = TextAssets.From(container, options, TokenizerFactory.Create, ChatTemplate.Parse);
        return architecture.IsEncoder ? new EngineEncoder(container.Info, model, text) : new EngineModel(container.Info, model, text);
    }

    private IEnumerable<BackendReason> ArchitectureReasons(ModelInfo model)
    {
        string? name = model.Architecture;
        if (name is null || !ArchitectureNames.Contains(name, StringComparer.Ordinal))
        {
            yield return new BackendReason("LT4010", EngineErrors.UnknownArchitectureText(name, ArchitectureNames), "Take a backend or a model that fits.", FaultKind.Unsupported);
        }
    }

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

        string quantization = model.Quantization ?? "";
        if (PackedMethods.FirstOrDefault(m => quantization.StartsWith(m, StringComparison.OrdinalIgnoreCase)) is not null)
        {
            yield return new BackendReason("LT4026", $"The checkpoint is quantized as {quantization}, which the managed engine does not unpack.", "Take the unquantized checkpoint, or a GGUF of the model.", FaultKind.Unsupported);
        }
    }

    private static readonly string[] PackedMethods =
        ["gptq", "awq", "bnb", "bitsandbytes", "nf4", "fp4", "fp8", "int8", "compressed", "mxfp4", "hqq", "quanto", "aqlm", "eetq", "bitnet", "vptq", "spqr", "torchao", "fbgemm", "higgs", "exl"];

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
