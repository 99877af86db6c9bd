using System.Text.RegularExpressions;
using LlmToolkit.Formats.Foreign;
using LlmToolkit.Formats.Safetensors;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>Says which model a directory holds, and which of its files are the weights. Looks at names and sizes only, and at an adapter's own configuration.</summary>
public static partial class DirectoryAnalyzer
{
    private static readonly string[] s_preferredQuantizations = ["Q4_K_M", "Q4_K_S", "Q5_K_M", "Q4_0", "Q6_K", "Q8_0"];

    /// <summary>Files of other runtimes, and the runtimes.</summary>
    private static readonly (string Name, string Runtime)[] s_otherRuntimes =
    [
        ("genai_config.json", "ONNX Runtime GenAI"), ("openvino_model.xml", "OpenVINO"), ("tf_model.h5", "TensorFlow"), ("flax_model.msgpack", "Flax"), ("rust_model.ot", "tch-rs (Rust)"),
        ("model.ckpt.index", "TensorFlow"), ("weights.npz", "an early version of MLX"), ("saved_model.pb", "TensorFlow"),
    ];

    private static readonly string[] s_tokenizers = ["tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model"];

    /// <summary>Analyses a directory.</summary>
    public static DirectoryAnalysis Analyze(ModelArtifact artifact) => Analyze(artifact, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>Analyses a directory for a machine with that much memory, in bytes.</summary>
    internal static DirectoryAnalysis Analyze(ModelArtifact artifact, long memory)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        if (!artifact.IsDirectory)
        {
            throw new ArgumentException($"{artifact.Path} is a file; a directory was expected.", nameof(artifact));
        }

        List<DirectoryWeights> checkpoints = DirectoryWeightSets.Checkpoints(artifact);
        List<DirectoryWeights> ggufs = DirectoryWeightSets.Ggufs(artifact);
        DirectoryAnalysis analysis = Shape(artifact, checkpoints, ggufs, memory);
        string[] unfinished = UnfinishedIn(artifact);
        string more = (analysis.Missing.Count > 0 ? $"; {Missing(analysis)}" : "")
            + (unfinished.Length > 0 ? $"; unfinished downloads lie there: {Shown.Names(unfinished, 3)}" : "");
        return analysis with
        {
            Reason = analysis.Reason + more,
            Unfinished = unfinished,
            Candidates = Candidates(artifact, analysis, [.. checkpoints, .. ggufs]),
            Unused = [.. artifact.Files.Where(f => DirectoryWeightSets.LooksLikeWeights(f.Name) && !analysis.Weights.Contains(f))],
        };
    }

    /// <summary>Which of a directory's GGUF files is meant, whatever lies beside them; null: there is none.</summary>
    internal static DirectoryAnalysis? AnalyzeGguf(ModelArtifact artifact) =>
        DirectoryWeightSets.Ggufs(artifact) is { Count: > 0 } choices && !DirectoryWeightSets.IsGgufSideFile(choices[0].Entry.Name) ? ChooseGguf(choices) : null;

    /// <summary>The file to open: the index of a sharded set, else the weights, or the first part of a split set; null: there is none.</summary>
    internal static ArtifactFile? Entry(DirectoryAnalysis analysis) => analysis.Index ?? (analysis.Weights.Count > 0 ? analysis.Weights[0] : null);

    private static DirectoryAnalysis Shape(ModelArtifact artifact, List<DirectoryWeights> checkpoints, List<DirectoryWeights> ggufs, long memory)
    {
        bool Has(string name) => artifact.Find(name) is not null;
        if (Has("model_index.json"))
        {
            return Nothing(DirectoryShapes.Diffusers, "model_index.json: a diffusers pipeline for images or video, not a language model");
        }

        bool hasConfig = Has("config.json");
        bool hasAdapter = artifact.Find("adapter_model.safetensors") is not null || artifact.Find("adapter_model.bin") is not null;
        if (Has("adapter_config.json") && !hasConfig && (hasAdapter || (checkpoints.Count == 0 && ggufs.Count == 0)))
        {
            return Adapter(artifact);
        }

        // With a configuration, or where names tell: a model. Else several files are several unknown things.
        DirectoryWeights? weights = checkpoints.Find(DirectoryWeightSets.IsNamedModel) ?? (checkpoints.Count == 1 ? checkpoints[0] : null);
        if (weights is not null && (hasConfig || ggufs.Count == 0))
        {
            bool isTooLarge = weights.Bytes > memory;
            return isTooLarge && ggufs.Find(g => g.Bytes <= memory && Quantized().IsMatch(g.Entry.Name)) is { } smaller
                ? Used(DirectoryShapes.Gguf, smaller, $"{smaller.Entry.Name} is taken because {weights.Entry.Name} ({Shown.Bytes(weights.Bytes)}) does not fit in the memory of this machine")
                : Checkpoint(artifact, weights, hasConfig, checkpoints, ggufs);
        }

        if (ggufs.Count > 0)
        {
            return ChooseGguf(ggufs);
        }

        if (Has("params.json") && artifact.Files.Any(f => f.Name.StartsWith("consolidated", StringComparison.Ordinal)))
        {
            return Nothing(DirectoryShapes.Consolidated, "params.json and consolidated weights: the original layout of Meta or Mistral");
        }

        if (checkpoints.Count > 1)
        {
            return Nothing(DirectoryShapes.SeveralWeights, $"{checkpoints.Count} weight files, none of which bears the name of a model (model.safetensors, pytorch_model.bin): {Shown.Names([.. checkpoints.Select(c => c.Entry.Name)])}");
        }

        return Empty(artifact, hasConfig);
    }

    /// <summary>No weights of ours: what else is there.</summary>
    private static DirectoryAnalysis Empty(ModelArtifact artifact, bool hasConfig)
    {
        if (Foreign.Onnx.OnnxRecogniser.FilesIn(artifact) is { Count: > 0 } onnx)
        {
            return Nothing(DirectoryShapes.Onnx, $"{onnx[0].Name}: an ONNX model, of another runtime");
        }

        if (Array.Find(s_otherRuntimes, r => artifact.Find(r.Name) is not null) is { Name: not null } other)
        {
            return Nothing(DirectoryShapes.OtherRuntime, $"{other.Name}: a model of another runtime, {other.Runtime}");
        }

        string[] nested = Nested(artifact);
        string inside = nested.Length > 0 ? $"; the folder {Shown.Names(nested, 3)} inside holds a model" : "";
        string? otherCase = artifact.Files.FirstOrDefault(f => f.Name != "config.json" && f.Name.Equals("config.json", StringComparison.OrdinalIgnoreCase))?.Name;
        if (hasConfig)
        {
            return Nothing(DirectoryShapes.ConfigOnly, "config.json without weights" + inside) with { Nested = nested };
        }

        if (s_tokenizers.FirstOrDefault(t => artifact.Find(t) is not null) is { } tokenizer)
        {
            return Nothing(DirectoryShapes.TokenizerOnly, $"a tokenizer ({tokenizer}) without a model" + inside) with { Nested = nested };
        }

        string reason = otherCase is not null ? $"{otherCase} is not config.json: the name must have small letters"
            : artifact.Files.Count == 0 ? "the directory is empty"
            : $"none of its {artifact.Files.Count} files is a model's configuration or weights";
        return Nothing(DirectoryShapes.None, reason + inside) with { Nested = nested };
    }

    private static DirectoryAnalysis Adapter(ModelArtifact artifact)
    {
        ArtifactFile? weights = artifact.Find("adapter_model.safetensors") ?? artifact.Find("adapter_model.bin");
        string? model;
        try
        {
            model = HuggingFaceFolder.AdapterBase(artifact.Path);
        }
        catch (ModelException)
        {
            // Whoever opens it says what is wrong with it.
            model = null;
        }

        return new DirectoryAnalysis
        {
            Shape = DirectoryShapes.Adapter,
            Weights = weights is null ? [] : [weights],
            WeightFormat = weights is null ? null : weights.Name.EndsWith(".bin", StringComparison.Ordinal) ? DirectoryWeightSets.PyTorch : SafetensorsFormat.FormatName,
            Reason = $"adapter_config.json: a PEFT adapter, which needs its base model{(model is null ? "" : $" {Shown.Text(model)}")}{(weights is null ? "; its weights (adapter_model.safetensors) are missing" : "")}",
        };
    }

    private static DirectoryAnalysis Checkpoint(ModelArtifact artifact, DirectoryWeights weights, bool hasConfig, List<DirectoryWeights> checkpoints, List<DirectoryWeights> ggufs)
    {
        string[] others = [.. checkpoints.Where(c => c != weights).Concat(ggufs).Select(c => c.Entry.Name)];
        string why = others.Length == 0 ? $"{weights.Entry.Name}, the only weights" : $"{weights.Entry.Name} (preferred to {Shown.Names(others, 3)})";
        string shape = !hasConfig ? artifact.Find("params.json") is not null ? DirectoryShapes.Consolidated : DirectoryShapes.WeightsOnly
            : artifact.Find("modules.json") is not null ? DirectoryShapes.SentenceTransformers
            : DirectoryShapes.Transformers;
        return Used(shape, weights, hasConfig ? $"config.json and {why}" : $"{why}, but no config.json");
    }

    private static DirectoryAnalysis ChooseGguf(List<DirectoryWeights> choices)
    {
        DirectoryWeights first = choices[0];
        if (choices.Count == 1)
        {
            return Used(DirectoryShapes.Gguf, first, first.Files.Count == 1 ? $"one GGUF file, {first.Entry.Name}" : $"one split set of {first.Files.Count} GGUF files");
        }

        foreach (string word in s_preferredQuantizations)
        {
            if (choices.Find(c => c.Entry.Name.Contains(word, StringComparison.OrdinalIgnoreCase)) is { } preferred)
            {
                return Used(DirectoryShapes.Gguf, preferred, $"{choices.Count} GGUF models; {preferred.Entry.Name} is taken because {word} is the most useful quantization among them");
            }
        }

        DirectoryWeights largest = choices.MaxBy(c => c.Bytes)!;
        return Used(DirectoryShapes.Gguf, largest, $"{choices.Count} GGUF models; {largest.Entry.Name} is taken because it is the largest");
    }

    private static DirectoryAnalysis Used(string shape, DirectoryWeights weights, string reason) => new()
    {
        Shape = shape,
        Weights = weights.Files,
        Index = weights.HasIndex ? weights.Entry : null,
        WeightFormat = weights.Format,
        Reason = reason,
        Missing = weights.Missing,
    };

    private static DirectoryAnalysis Nothing(string shape, string reason) => new() { Shape = shape, Reason = reason };

    private static List<DirectoryCandidate> Candidates(ModelArtifact artifact, DirectoryAnalysis analysis, List<DirectoryWeights> sets)
    {
        ArtifactFile? used = Entry(analysis);
        List<DirectoryCandidate> all = [.. sets.Select(s => new DirectoryCandidate(s.Entry.Name, s.Format, s.Files.Count, s.Bytes, s.Entry == used, s.Entry == used ? "used" : "name it to use it"))];
        if (analysis.Shape == DirectoryShapes.Adapter && used is not null)
        {
            all.Add(new DirectoryCandidate(used.Name, analysis.WeightFormat!, 1, used.Length, true, "an adapter, used together with its base model"));
        }
        else if (artifact.Find("adapter_config.json") is not null)
        {
            ArtifactFile? adapter = artifact.Find("adapter_model.safetensors") ?? artifact.Find("adapter_model.bin");
            all.Add(new DirectoryCandidate(adapter?.Name ?? "adapter_config.json", "adapter", adapter is null ? 0 : 1, adapter?.Length ?? 0, false, "an adapter beside the model; it is not applied"));
        }

        ArtifactFile[] original = [.. artifact.Files.Where(f => f.Name.StartsWith("consolidated", StringComparison.Ordinal) && DirectoryWeightSets.LooksLikeWeights(f.Name))];
        if (original.Length > 0)
        {
            all.Add(new DirectoryCandidate(original[0].Name, original[0].Name.EndsWith(".safetensors", StringComparison.Ordinal) ? SafetensorsFormat.FormatName : DirectoryWeightSets.PyTorch, original.Length, original.Sum(f => f.Length), false, "the original layout of Meta or Mistral"));
        }

        all.AddRange(Foreign.Onnx.OnnxRecogniser.FilesIn(artifact).Select(f => new DirectoryCandidate(f.Name, DirectoryWeightSets.Onnx, 1, f.Length, false, "of another runtime")));
        all.AddRange(s_otherRuntimes.Where(r => artifact.Find(r.Name) is not null).Select(r => new DirectoryCandidate(r.Name, r.Runtime, 1, artifact.Find(r.Name)!.Length, false, "of another runtime")));
        return [.. all.OrderByDescending(c => c.Chosen)];
    }

    private static string Missing(DirectoryAnalysis analysis) =>
        FormattableString.Invariant($"{analysis.Missing.Count} of {analysis.Missing.Count + analysis.Weights.Count} parts are missing: {Shown.Names(analysis.Missing, 3)}");

    /// <summary>Files that downloads leave: beside the model, or where huggingface_hub keeps them for a local folder.</summary>
    private static string[] UnfinishedIn(ModelArtifact artifact)
    {
        IEnumerable<string> beside = artifact.Files.Select(f => f.Name).Where(IncompleteDownload.IsNamed);
        string cache = Path.Combine(artifact.Path, ".cache", "huggingface", "download");
        try
        {
            return [.. beside, .. Directory.Exists(cache) ? Directory.EnumerateFiles(cache, "*.incomplete").Select(p => Path.GetFileName(p)!) : []];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [.. beside];
        }
    }

    /// <summary>Folders inside with a model of their own; only one level down, and only the first ones of very many.</summary>
    private static string[] Nested(ModelArtifact artifact)
    {
        const int most = 200;
        try
        {
            return [.. new DirectoryInfo(artifact.Path).EnumerateDirectories().Take(most).Where(d => d.LinkTarget is null && HoldsModel(d)).Select(d => d.Name).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool HoldsModel(DirectoryInfo folder)
    {
        try
        {
            // A folder of the Hub cache holds its models deeper, and is known by its name.
            return folder.Name.StartsWith("models--", StringComparison.Ordinal) || folder.EnumerateFiles().Any(f => DirectoryWeightSets.IsWeights(f.Name) || f.Name.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"I?Q\d|TQ\d|MXFP4", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Quantized();
}
