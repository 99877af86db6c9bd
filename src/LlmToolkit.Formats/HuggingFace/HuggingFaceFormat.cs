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

    /// <summary>Completes weights that were named directly with the configuration, tokenizer and settings of their folder; without a config.json there they are returned as they are.</summary>
    /// <param name="weights">Open weights; disposed with what is returned, and when this throws.</param>
    /// <exception cref="ModelException">A file of the folder is there and cannot be used.</exception>
    public static ModelContainer WithFolder(ModelContainer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        string folder = weights.Artifact.Directory;
        if (weights.Artifact.IsDirectory || weights.Naming != NamingScheme.HuggingFace || !HuggingFaceFolder.HasConfig(folder))
        {
            return weights;
        }

        try
        {
            return new HuggingFaceContainer(weights.Artifact, HuggingFaceFolder.Read(folder), weights, weights.Info.Format);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
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
        ModelContainer weights = OpenWeights(artifact, analysis, (format, file) => format.Open(file));
        return new HuggingFaceContainer(artifact, folder, weights, FormatName);
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
            DirectoryShapes.Diffusers or DirectoryShapes.OtherRuntime or DirectoryShapes.Consolidated or DirectoryShapes.Adapter =>
                throw new ModelException(HuggingFaceErrors.NotTransformers(artifact.Path, analysis.Reason)),
            _ => throw new ModelException(HuggingFaceErrors.NoWeights(artifact.Path, analysis.Reason)),
        };
    }

    private T OpenWeights<T>(ModelArtifact artifact, DirectoryAnalysis analysis, Func<IModelFormat, ModelArtifact, T> open)
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
        HuggingFaceFolder? folder = Try(() => HuggingFaceFolder.Read(artifact.Path), findings);
        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(artifact);
        ModelDescription? weights = analysis.WeightFormat is not null and not "gguf" && DirectoryAnalyzer.Entry(analysis) is not null
            ? Try(() => OpenWeights(artifact, analysis, (format, file) => format.Describe(file)), findings)
            : null;
        findings.AddRange(weights?.Findings.Where(f => !findings.Contains(f)) ?? []);
        ModelInfo bare = weights?.Info ?? new ModelInfo { Format = FormatName, FileBytes = weights?.Files.Sum(f => f.Length) ?? 0 };
        return new ModelDescription(artifact, findings, weights is null ? null : weights.TryRead)
        {
            Files = weights?.Files ?? [],
            Info = folder is null ? bare with { Format = FormatName } : HuggingFaceModelInfo.Read(folder, bare, FormatName),
            Metadata = folder?.Config ?? weights?.Metadata,
            Tensors = weights?.Tensors ?? [],
            Opaque = weights?.Opaque ?? [],
            Resource = weights,
        };
    }

    private static T? Try<T>(Func<T> read, List<Diagnostic> findings)
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
