using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>A directory as Hugging Face lays it out: config.json, weights, tokenizer and settings.</summary>
public sealed class HuggingFaceFormat : IModelFormat
{
    internal const string FormatName = "huggingface";

    private readonly IReadOnlyList<IModelFormat> _weightFormats;

    /// <summary>Makes the format.</summary>
    /// <param name="weightFormats">The formats that weights may have, found by <see cref="IModelFormat.Name"/>: <c>safetensors</c>, <c>pytorch</c>.</param>
    public HuggingFaceFormat(IReadOnlyList<IModelFormat> weightFormats) => _weightFormats = weightFormats;

    /// <inheritdoc/>
    public string Name => FormatName;

    /// <inheritdoc/>
    public string Summary => "a model's directory: config.json with safetensors or PyTorch weights, also sentence-transformers";

    /// <summary>Opens a model to be used: weights that were named directly get the configuration, tokenizer and settings of the folder they lie in, when it has a config.json.</summary>
    /// <param name="format">The format of <paramref name="artifact"/>.</param>
    /// <param name="artifact">A file, an index, any shard, or a directory.</param>
    /// <exception cref="ModelException">The weights are refused, or a file of the folder is there and cannot be used.</exception>
    public static ModelContainer OpenWithFolder(IModelFormat format, ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(artifact);
        if (artifact.IsDirectory || !HuggingFaceFolder.HasConfig(artifact.Directory))
        {
            return format.Open(artifact);
        }

        ModelContainer weights = OpenWeights(format, artifact);
        if (weights.Naming != NamingScheme.HuggingFace)
        {
            return weights;
        }

        return Complete(artifact, weights, () => HuggingFaceFolder.Read(artifact.Directory), weights.Info.Format);
    }

    /// <inheritdoc/>
    public FormatMatch Probe(ModelArtifact artifact, ProbeBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        if (!artifact.IsDirectory)
        {
            return FormatMatch.None;
        }

        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(artifact);
        return analysis.Shape switch
        {
            DirectoryShapes.Transformers or DirectoryShapes.SentenceTransformers => new(0.95, analysis.Reason),
            DirectoryShapes.ConfigOnly => new(0.6, analysis.Reason, "the weights are missing"),
            DirectoryShapes.WeightsOnly => new(0.5, analysis.Reason, "config.json is missing"),
            DirectoryShapes.Adapter => new(0.6, analysis.Reason, "needs its base model"),
            DirectoryShapes.Consolidated => new(0.4, analysis.Reason, "the original layout is not loaded"),
            DirectoryShapes.SeveralWeights => new(0.4, analysis.Reason, "which file is meant is not known"),
            _ => FormatMatch.None,
        };
    }

    /// <inheritdoc/>
    public ModelContainer Open(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        if (!artifact.IsDirectory)
        {
            throw new ModelException(HuggingFaceErrors.NotTransformers(artifact.Path, "it is a file, a directory was expected"));
        }

        DirectoryAnalysis analysis = Analyse(artifact);
        HuggingFaceFolder folder = HuggingFaceFolder.Read(artifact.Path);
        return Complete(artifact, OfWeights(artifact, analysis, OpenWeights), () => folder, FormatName);
    }

    /// <inheritdoc/>
    public ModelDescription Describe(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        try
        {
            return new ModelDescription(Open(artifact));
        }
        catch (ModelException e) when (artifact.IsDirectory)
        {
            return Describe(artifact, e);
        }
    }

    private static DirectoryAnalysis Analyse(ModelArtifact artifact)
    {
        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(artifact);
        return analysis.Shape switch
        {
            DirectoryShapes.Transformers or DirectoryShapes.SentenceTransformers => analysis,
            DirectoryShapes.WeightsOnly => throw new ModelException(HuggingFaceErrors.NoConfig(artifact.Path)),
            DirectoryShapes.Adapter => throw new ModelException(HuggingFaceErrors.Adapter(artifact.Path, analysis.Reason)),
            DirectoryShapes.Diffusers or DirectoryShapes.OtherRuntime or DirectoryShapes.Onnx or DirectoryShapes.Consolidated =>
                throw new ModelException(HuggingFaceErrors.NotTransformers(artifact.Path, analysis.Reason)),
            _ => throw new ModelException(HuggingFaceErrors.NoWeights(artifact.Path, analysis.Reason)),
        };
    }

    private static ModelContainer OpenWeights(IModelFormat format, ModelArtifact file) =>
        format is IWeightFormat weights ? weights.OpenWeights(file) : format.Open(file);

    private static HuggingFaceContainer Complete(ModelArtifact artifact, ModelContainer weights, Func<HuggingFaceFolder> folder, string format)
    {
        try
        {
            return new HuggingFaceContainer(artifact, folder(), weights, format);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private T OfWeights<T>(ModelArtifact artifact, DirectoryAnalysis analysis, Func<IModelFormat, ModelArtifact, T> open)
    {
        string path = ModelFolder.File(artifact.Path, DirectoryAnalyzer.Entry(analysis)!.Name).Path;
        IModelFormat format = _weightFormats.FirstOrDefault(f => f.Name == analysis.WeightFormat)
            ?? throw new ModelException(HuggingFaceErrors.NoReader(path, analysis.WeightFormat ?? "unknown"));
        try
        {
            return open(format, ModelArtifact.FromPath(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException(HuggingFaceErrors.WeightsUnreadable(path, e.Message), e);
        }
    }

    /// <summary>Configuration and weights may each be damaged: what the other tells is told.</summary>
    private ModelDescription Describe(ModelArtifact artifact, ModelException fault)
    {
        List<Diagnostic> findings = [fault.Diagnostic];
        HuggingFaceFolder? folder = HuggingFaceFolder.HasConfig(artifact.Path) ? Try(() => HuggingFaceFolder.Read(artifact.Path), findings) : null;
        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(artifact);
        ModelDescription? weights = analysis.WeightFormat is not null and not "gguf" && DirectoryAnalyzer.Entry(analysis) is not null
            ? Try(() => OfWeights(artifact, analysis, (format, file) => format.Describe(file)), findings)
            : null;
        findings.AddRange(weights?.Findings.Where(f => !findings.Exists(x => x.Code == f.Code && x.Message == f.Message)) ?? []);
        ModelInfo bare = weights?.Info ?? new ModelInfo { Format = FormatName, FileBytes = weights?.Files.Sum(f => f.Length) ?? 0 };
        if (analysis.Shape == DirectoryShapes.Adapter)
        {
            bare = bare with { AdapterOf = Try(() => HuggingFaceFolder.AdapterBase(artifact.Path), findings) };
        }

        return new ModelDescription(artifact, findings, weights is null ? null : weights.TryRead)
        {
            Files = weights?.Files ?? [],
            Info = folder is null ? bare with { Format = FormatName } : HuggingFaceModelInfo.Read(folder, bare, weights?.Tensors ?? [], FormatName),
            Metadata = folder?.Config ?? weights?.Metadata,
            Tensors = weights?.Tensors ?? [],
            Opaque = weights?.Opaque ?? [],
            Imports = weights?.Imports ?? [],
            Resource = weights,
        };
    }

    private static T? Try<T>(Func<T?> read, List<Diagnostic> findings)
        where T : class
    {
        try
        {
            return read();
        }
        catch (ModelException e)
        {
            if (!findings.Exists(f => f.Code == e.Diagnostic.Code && f.Message == e.Diagnostic.Message))
            {
                findings.Add(e.Diagnostic);
            }

            return null;
        }
    }
}
