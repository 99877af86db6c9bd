using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Model;
using LlmToolkit.Text;

namespace LlmToolkit.Engine;

/// <summary>The managed engine as a backend: CPU, any operating system, nothing to install.</summary>
/// <param name="more">Architectures beyond the built-in ones, asked first; the list may grow later.</param>
internal sealed class EngineBackend(params IReadOnlyList<Architecture> more) : IModelBackend
{
    /// <summary>The name in plans and options.</summary>
    public const string BackendName = "managed";

    public string Name => BackendName;

    /// <summary>Every architecture that it runs, by its names.</summary>
    public IEnumerable<string> ArchitectureNames => Known.SelectMany(a => a.GgufNames.Concat(a.HuggingFaceNames)).Distinct().Order(StringComparer.Ordinal);

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
        // A class name comes from a config.json: then the container speaks the Hugging Face names.
        Architecture? architecture = model.ModelClass is null ? null : Find(NamingScheme.HuggingFace, model.Architecture);
        bool transposed = architecture?.Conventions(NamingScheme.HuggingFace).Transposed == true;
        BackendFit fit = EngineFit.Assess(model, hardware, options, [.. ArchitectureNames], transposed);
        // An encoder's head is left out and its embedding is whole without it; a decoder's answers without the head mean nothing.
        return architecture is { IsEncoder: false } && EngineFit.OtherTask(model) is { } other ? fit with { Accepted = false, Reasons = [other, .. fit.Reasons] } : fit;
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
        try
        {
            ILanguageModel model = await Task.Run(() => Load(plan, container), cancellationToken).ConfigureAwait(false);
            progress?.Report(new LoadProgress("load", 1));
            return model;
        }
        catch (TypeInitializationException e) when (e.InnerException is ModelException inner)
        {
            // A bad LLMTK_SIMD is first noticed by a static constructor.
            throw new ModelException(inner.Diagnostic, e);
        }
    }

    /// <summary>The architecture that answers to a container's name for it.</summary>
    /// <exception cref="ModelException">None does.</exception>
    internal Architecture Find(ModelContainer container) =>
        TryFind(container) ?? throw EngineErrors.UnknownArchitecture(container.Artifact.Path, container.Info.Architecture, ArchitectureNames);

    /// <summary>The architecture that answers to a container's name for it, or null.</summary>
    internal Architecture? TryFind(ModelContainer container)
    {
        string? nested = container.Naming == NamingScheme.HuggingFace ? container.Metadata.Text("model_type") : null;
        return Find(container.Naming, container.Info.Architecture) ?? Find(container.Naming, nested);
    }

    private IEnumerable<Architecture> Known => more.Concat(DefaultArchitectures.All);

    private static string Variant(SimdLevel level) => level switch
    {
        SimdLevel.V512 => "avx512",
        SimdLevel.V256 => "avx2",
        SimdLevel.V128 => "simd128",
        _ => "scalar",
    };

    private Architecture? Find(NamingScheme scheme, string? name) => name is null ? null : Known.FirstOrDefault(
        a => (scheme == NamingScheme.Gguf ? a.GgufNames : a.HuggingFaceNames).Contains(name, StringComparer.Ordinal));

    private ILanguageModel Load(LoadPlan plan, ModelContainer container)
    {
        LoadOptions options = plan.Options;
        int context = plan.Context > 0 ? plan.Context : EngineFit.ContextOf(container.Info, options);
        Architecture architecture = Find(container);
        DecoderModel model = DecoderModel.Load(container, architecture, new EngineSettings(context, EngineFit.KvOf(options), EngineFit.ThreadsOf(plan.Hardware, options), options.Exact, options.ContextLength is not null)
        {
            MeantContext = EngineFit.ContextOf(container.Info, options),
        });
        TextAssets text = TextAssets.From(container, options, TokenizerFactory.Create, ChatTemplate.Parse);
        return architecture.IsEncoder ? new EngineEncoder(container.Info, model, text) : new EngineModel(container.Info, model, text);
    }
}
