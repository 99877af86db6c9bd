using System.Text.RegularExpressions;
using LlmToolkit.Formats.Safetensors;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>The shapes of directories, as <see cref="DirectoryAnalysis.Shape"/> names them.</summary>
internal static class DirectoryShapes
{
    /// <summary>config.json and weights.</summary>
    public const string Transformers = "transformers";

    /// <summary>As <see cref="Transformers"/>, with the steps of an embedding model in modules.json.</summary>
    public const string SentenceTransformers = "sentence-transformers";

    /// <summary>config.json without weights.</summary>
    public const string ConfigOnly = "config-only";

    /// <summary>Weights without config.json.</summary>
    public const string WeightsOnly = "weights-only";

    /// <summary>GGUF files and no other weights.</summary>
    public const string Gguf = "gguf";

    /// <summary>A PEFT adapter: weights that change another model.</summary>
    public const string Adapter = "adapter";

    /// <summary>Meta's or Mistral's own layout: params.json and consolidated weights.</summary>
    public const string Consolidated = "consolidated";

    /// <summary>A diffusers pipeline: an image or audio model.</summary>
    public const string Diffusers = "diffusers";

    /// <summary>A model of another runtime: ONNX, OpenVINO, Core ML, TensorFlow …</summary>
    public const string OtherRuntime = "other-runtime";

    /// <summary>Nothing that is known.</summary>
    public const string None = "none";
}

/// <summary>Says which model a directory holds, and which of its files are the weights. Looks at names only.</summary>
public static partial class DirectoryAnalyzer
{
    private const string PyTorch = "pytorch";

    /// <summary>Weights in the order in which they are preferred.</summary>
    private static readonly (string Name, string Format)[] s_preferred =
    [
        ("model.safetensors", SafetensorsFormat.FormatName),
        ("model.safetensors.index.json", SafetensorsFormat.FormatName),
        ("pytorch_model.bin", PyTorch),
        ("pytorch_model.bin.index.json", PyTorch),
    ];

    private static readonly string[] s_preferredQuantizations = ["Q4_K_M", "Q4_K_S", "Q5_K_M", "Q4_0", "Q6_K", "Q8_0"];

    private static readonly string[] s_otherRuntimes =
    [
        "genai_config.json", "openvino_model.xml", "tf_model.h5", "flax_model.msgpack", "rust_model.ot", "model.ckpt.index", "model.onnx",
    ];

    /// <summary>Analyses a directory.</summary>
    public static DirectoryAnalysis Analyze(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        bool Has(string name) => artifact.Find(name) is not null;
        if (Has("model_index.json"))
        {
            return Nothing(DirectoryShapes.Diffusers, "model_index.json: a diffusers pipeline, not a language model");
        }

        (ArtifactFile File, string Format, string Why)? weights = FindWeights(artifact);
        ArtifactFile? adapter = artifact.Find("adapter_model.safetensors") ?? artifact.Find("adapter_model.bin");
        if (Has("adapter_config.json") && (weights is null || (adapter is not null && !Has("config.json"))))
        {
            return new DirectoryAnalysis
            {
                Shape = DirectoryShapes.Adapter,
                Weights = adapter is null ? [] : [adapter],
                WeightFormat = adapter is null ? null : adapter.Name.EndsWith(".bin", StringComparison.Ordinal) ? PyTorch : SafetensorsFormat.FormatName,
                Reason = "adapter_config.json: a PEFT adapter, which needs its base model",
            };
        }

        bool hasConfig = Has("config.json");
        if (weights is { } found)
        {
            bool isIndex = found.File.Name.EndsWith(".json", StringComparison.Ordinal);
            List<ArtifactFile> used = isIndex ? [.. artifact.Files.Where(f => IsShardOf(found.File.Name, f.Name))] : [found.File];
            return new DirectoryAnalysis
            {
                Shape = hasConfig ? Has("modules.json") ? DirectoryShapes.SentenceTransformers : DirectoryShapes.Transformers : Has("params.json") ? DirectoryShapes.Consolidated : DirectoryShapes.WeightsOnly,
                Weights = used,
                Index = isIndex ? found.File : null,
                WeightFormat = found.Format,
                Reason = hasConfig ? $"config.json and {found.Why}" : $"{found.Why}, but no config.json",
                Unused = [.. artifact.Files.Where(f => IsWeights(f.Name) && !used.Contains(f))],
            };
        }

        List<ArtifactFile> ggufs = GgufFiles(artifact);
        if (ggufs.Count > 0)
        {
            return ChooseGguf(ggufs);
        }

        if (Has("params.json") && artifact.Files.Any(f => f.Name.StartsWith("consolidated", StringComparison.Ordinal)))
        {
            return Nothing(DirectoryShapes.Consolidated, "params.json and consolidated weights: the original layout of Meta or Mistral");
        }

        if (s_otherRuntimes.FirstOrDefault(Has) is { } other)
        {
            return Nothing(DirectoryShapes.OtherRuntime, $"{other}: a model of another runtime");
        }

        return hasConfig
            ? Nothing(DirectoryShapes.ConfigOnly, "config.json without weights")
            : Nothing(DirectoryShapes.None, artifact.Files.Count == 0 ? "the directory is empty" : $"none of its {artifact.Files.Count} files is a model's configuration or weights");
    }

    /// <summary>Which of a directory's GGUF files is meant, whatever lies beside them; null: there is none.</summary>
    internal static DirectoryAnalysis? AnalyzeGguf(ModelArtifact artifact)
    {
        List<ArtifactFile> files = GgufFiles(artifact);
        return files.Exists(f => !GgufSideFile().IsMatch(f.Name)) ? ChooseGguf(files) : null;
    }

    /// <summary>The file to open: the index of a sharded set, else the weights, or the first part of a split set; null: there is none.</summary>
    internal static ArtifactFile? Entry(DirectoryAnalysis analysis) => analysis.Index ?? (analysis.Weights.Count > 0 ? analysis.Weights[0] : null);

    private static List<ArtifactFile> GgufFiles(ModelArtifact artifact) => [.. artifact.Files.Where(f => f.Name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))];

    private static DirectoryAnalysis Nothing(string shape, string reason) => new() { Shape = shape, Reason = reason };

    private static (ArtifactFile File, string Format, string Why)? FindWeights(ModelArtifact artifact)
    {
        foreach ((string name, string format) in s_preferred)
        {
            if (artifact.Find(name) is { } file)
            {
                string other = artifact.Files.FirstOrDefault(f => f.Name != name && s_preferred.Any(p => p.Name == f.Name))?.Name is { } passed ? $" (preferred to {passed})" : "";
                return (file, format, name + other);
            }
        }

        // A variant such as model.fp16.safetensors counts when it is alone; so does a shard without an index.
        ArtifactFile? index = artifact.Files.FirstOrDefault(f => SafetensorsIndex.IsIndexName(f.Name));
        ArtifactFile? single = index ?? artifact.Files.FirstOrDefault(f => f.Name.StartsWith("model", StringComparison.Ordinal) && f.Name.EndsWith(".safetensors", StringComparison.Ordinal));
        List<ArtifactFile> any = [.. artifact.Files.Where(f => f.Name.EndsWith(".safetensors", StringComparison.Ordinal) && !SideFile().IsMatch(f.Name))];
        single ??= any.Count == 1 ? any[0] : null;
        return single is null ? null : (single, SafetensorsFormat.FormatName, $"{single.Name}, the only weights");
    }

    private static DirectoryAnalysis ChooseGguf(List<ArtifactFile> files)
    {
        List<ArtifactFile> models = [.. files.Where(f => !GgufSideFile().IsMatch(f.Name))];
        List<List<ArtifactFile>> choices = [.. (models.Count > 0 ? models : files).GroupBy(f => Part().Replace(f.Name, "")).Select(g => g.OrderBy(f => f.Name, StringComparer.Ordinal).ToList())];
        (List<ArtifactFile> chosen, string reason) = Choose(choices);
        return new DirectoryAnalysis
        {
            Shape = DirectoryShapes.Gguf,
            Weights = chosen,
            WeightFormat = "gguf",
            Reason = reason,
            Unused = [.. files.Where(f => !chosen.Contains(f))],
        };
    }

    private static (List<ArtifactFile> Chosen, string Reason) Choose(List<List<ArtifactFile>> choices)
    {
        List<ArtifactFile> first = choices[0];
        if (choices.Count == 1)
        {
            return (first, first.Count == 1 ? $"one GGUF file, {first[0].Name}" : $"one split set of {first.Count} GGUF files");
        }

        foreach (string word in s_preferredQuantizations)
        {
            if (choices.Find(c => c[0].Name.Contains(word, StringComparison.OrdinalIgnoreCase)) is { } preferred)
            {
                return (preferred, $"{choices.Count} GGUF models; {preferred[0].Name} is taken because {word} is the most useful quantization among them");
            }
        }

        List<ArtifactFile> largest = choices.MaxBy(c => c.Sum(f => f.Length))!;
        return (largest, $"{choices.Count} GGUF models; {largest[0].Name} is taken because it is the largest");
    }

    /// <summary><c>model.safetensors.index.json</c> lists files that begin with <c>model-</c>; what it lists in truth, its reader says.</summary>
    private static bool IsShardOf(string index, string name) =>
        name.StartsWith(index[..index.IndexOf('.', StringComparison.Ordinal)] + "-", StringComparison.Ordinal) && IsWeights(name);

    private static bool IsWeights(string name) => WeightFile().IsMatch(name) && !SideFile().IsMatch(name);

    [GeneratedRegex(@"\.(safetensors|bin|pth?|gguf)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex WeightFile();

    [GeneratedRegex(@"^(adapter_model|consolidated|optimizer|diffusion_pytorch_model|training_args)|\.mtp\.|_mtp", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SideFile();

    [GeneratedRegex(@"^(mmproj|mtp|ggml-vocab|imatrix)|mmproj|imatrix", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex GgufSideFile();

    [GeneratedRegex(@"-\d{5}-of-\d{5}\.gguf$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Part();
}
