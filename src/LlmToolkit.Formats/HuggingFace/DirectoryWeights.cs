using System.Globalization;
using System.Text.RegularExpressions;
using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>Weights that lie in a directory: one file, or the files of a set.</summary>
/// <param name="Entry">The file to open: the index of a set, else its first file.</param>
/// <param name="Format">Their format.</param>
/// <param name="Files">The weight files themselves, in order.</param>
/// <param name="Reason">What speaks for them.</param>
internal sealed record DirectoryWeights(ArtifactFile Entry, string Format, IReadOnlyList<ArtifactFile> Files, string Reason)
{
    /// <summary>Names of parts that the numbering promises and that are not there.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>Bytes of all files.</summary>
    public long Bytes => Files.Sum(f => f.Length);

    /// <summary>True when the entry is a list of shards.</summary>
    public bool HasIndex => Entry.Name.EndsWith(".json", StringComparison.Ordinal);
}

/// <summary>Groups the weight files of a directory into models, by names alone.</summary>
internal static partial class DirectoryWeightSets
{
    public const string PyTorch = "pytorch";
    public const string Gguf = "gguf";
    public const string Onnx = "onnx";

    private const int MostShards = 100_000;

    /// <summary>More lists of shards than any folder has: each is compared with every file.</summary>
    private const int MostIndexes = 64;

    /// <summary>The names that a model's weights have, in the order in which they are preferred.</summary>
    private static readonly (string Name, string Format)[] s_preferred =
    [
        ("model.safetensors", SafetensorsFormat.FormatName),
        ("model.safetensors.index.json", SafetensorsFormat.FormatName),
        ("pytorch_model.bin", PyTorch),
        ("pytorch_model.bin.index.json", PyTorch),
    ];

    /// <summary>Every set of safetensors and PyTorch weights, the preferred first. Optimizer states, adapters, original and other side files are none.</summary>
    public static List<DirectoryWeights> Checkpoints(ModelArtifact artifact)
    {
        List<DirectoryWeights> sets = [];
        HashSet<ArtifactFile> taken = [];
        ILookup<(string, string, string), ArtifactFile> numbered = artifact.Files.Where(f => Numbered().IsMatch(f.Name)).ToLookup(f => SetKey(f.Name));
        void Add(ArtifactFile entry, string format, string reason)
        {
            if (taken.Contains(entry))
            {
                return;
            }

            bool isIndex = entry.Name.EndsWith(".json", StringComparison.Ordinal);
            List<ArtifactFile> files = isIndex ? [.. artifact.Files.Where(f => IsShardOf(entry.Name, f.Name))] : Numbered().IsMatch(entry.Name) ? [.. numbered[SetKey(entry.Name)]] : [entry];
            taken.UnionWith(files);
            taken.Add(entry);
            sets.Add(new DirectoryWeights(entry, format, files, reason) { Missing = MissingOf(files.Count > 0 ? files[0] : entry, files) });
        }

        foreach ((string name, string format) in s_preferred)
        {
            if (artifact.Find(name) is { } file)
            {
                Add(file, format, name);
            }
        }

        // A variant such as model.fp16.safetensors, and shards without an index, count when nothing else is there.
        foreach (ArtifactFile file in artifact.Files.Where(f => SafetensorsIndex.IsIndexName(f.Name)).Take(MostIndexes))
        {
            Add(file, SafetensorsFormat.FormatName, file.Name);
        }

        foreach (ArtifactFile file in artifact.Files.Where(f => IsCheckpoint(f.Name)).OrderByDescending(f => Rank(f.Name)))
        {
            Add(file, file.Name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) ? SafetensorsFormat.FormatName : PyTorch, file.Name);
        }

        return sets;
    }

    /// <summary>True when a name alone tells that the file is the model and not something beside it.</summary>
    public static bool IsNamedModel(DirectoryWeights set) => set.HasIndex || s_preferred.Any(p => p.Name == set.Entry.Name) || Rank(set.Entry.Name) > 0;

    /// <summary>The GGUF models, split sets as one; projectors and other side files only when there is nothing else.</summary>
    public static List<DirectoryWeights> Ggufs(ModelArtifact artifact)
    {
        List<ArtifactFile> files = [.. artifact.Files.Where(f => f.Name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))];
        List<ArtifactFile> models = [.. files.Where(f => !IsGgufSideFile(f.Name))];
        return
        [
            .. (models.Count > 0 ? models : files).GroupBy(f => Part().Replace(f.Name, "")).Select(group =>
            {
                List<ArtifactFile> parts = [.. group.OrderBy(f => f.Name, StringComparer.Ordinal)];
                return new DirectoryWeights(parts[0], Gguf, parts, parts[0].Name) { Missing = MissingOf(parts[0], parts) };
            }),
        ];
    }

    /// <summary>True for projectors, vocabularies and importance matrices.</summary>
    public static bool IsGgufSideFile(string name) => GgufSideFile().IsMatch(name);

    /// <summary>True for files with the ending of weights, also states of an optimizer and adapters.</summary>
    public static bool LooksLikeWeights(string name) => WeightFile().IsMatch(name);

    /// <summary>True for files that are weights of a model, of whatever set.</summary>
    public static bool IsWeights(string name) => WeightFile().IsMatch(name) && !SideFile().IsMatch(name);

    private static bool IsCheckpoint(string name) => CheckpointFile().IsMatch(name) && !SideFile().IsMatch(name);

    private static int Rank(string name) => name.StartsWith("model", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal) ? 2 : name.StartsWith("pytorch_model", StringComparison.Ordinal) ? 1 : 0;

    /// <summary><c>model.safetensors.index.json</c> lists files that begin with <c>model-</c>; what it lists in truth, its reader says.</summary>
    private static bool IsShardOf(string index, string name) =>
        name.StartsWith(index[..index.IndexOf('.', StringComparison.Ordinal)] + "-", StringComparison.Ordinal) && IsWeights(name);

    /// <summary>What the parts of one set have in common.</summary>
    private static (string Stem, string Count, string End) SetKey(string name)
    {
        Match part = Numbered().Match(name);
        return (part.Groups["stem"].Value, part.Groups["count"].Value, part.Groups["end"].Value);
    }

    private static List<string> MissingOf(ArtifactFile file, IReadOnlyList<ArtifactFile> present)
    {
        if (Numbered().Match(file.Name) is not { Success: true } part || int.Parse(part.Groups["count"].ValueSpan, CultureInfo.InvariantCulture) is not (> 0 and <= MostShards and var count))
        {
            return [];
        }

        HashSet<string> names = [.. present.Select(f => f.Name)];
        return [.. Enumerable.Range(1, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{part.Groups["stem"].Value}-{i:D5}-of-{count:D5}{part.Groups["end"].Value}")).Where(n => !names.Contains(n))];
    }

    [GeneratedRegex(@"^(?<stem>.*)-\d{5}-of-(?<count>\d{5})(?<end>\.(safetensors|bin|pt|pth|gguf))$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Numbered();

    [GeneratedRegex(@"\.(safetensors|bin|pth?|gguf|ckpt)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex WeightFile();

    [GeneratedRegex(@"\.(safetensors|bin|pth?|ckpt)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex CheckpointFile();

    [GeneratedRegex(@"^(adapter_model|consolidated|optimizer|diffusion_pytorch_model|training_args|scheduler|rng_state|random_states|openvino_|imatrix|tokenizer)|\.mtp\.|_mtp|imatrix", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SideFile();

    [GeneratedRegex(@"^(mmproj|mtp|ggml-vocab|imatrix)|mmproj|imatrix", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex GgufSideFile();

    [GeneratedRegex(@"-\d{5}-of-\d{5}\.gguf$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Part();
}
