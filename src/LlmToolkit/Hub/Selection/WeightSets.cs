using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmToolkit.Hub;

/// <summary>The container that weights lie in.</summary>
internal enum WeightKind
{
    /// <summary>safetensors.</summary>
    Safetensors,

    /// <summary>GGUF.</summary>
    Gguf,

    /// <summary>PyTorch.</summary>
    PyTorch,

    /// <summary>A file that was asked for by its name.</summary>
    Other,
}

/// <summary>Weights of one model: a file, or the parts of a set.</summary>
/// <param name="Kind">Their container.</param>
/// <param name="Files">The parts, in order.</param>
internal sealed record WeightSet(WeightKind Kind, IReadOnlyList<HubFile> Files)
{
    /// <summary>The first part.</summary>
    public HubFile Entry => Files[0];

    /// <summary>Bytes of all parts.</summary>
    public long Bytes => Files.Sum(f => f.Size);

    /// <summary>The folder they lie in, with its slash; empty for the root.</summary>
    public string Folder => Entry.Path[..(Entry.Path.LastIndexOf('/') + 1)];

    /// <summary>True for a list of shards that is theirs: <c>model.safetensors.index.json</c> of <c>model-00001-of-00002.safetensors</c>.</summary>
    public bool IsIndexed(string path)
    {
        string name = Path.GetFileName(path);
        string stem = Path.GetFileName(Entry.Path);
        return path.StartsWith(Folder, StringComparison.Ordinal) && stem.EndsWith(Path.GetExtension(name.Split(".index", 2)[0]), StringComparison.Ordinal) && stem.StartsWith(name.Split('.', 2)[0], StringComparison.Ordinal) && Files.Count > 1;
    }

    /// <summary>True for a file of the same container.</summary>
    public bool IsOfKind(string path) => Kind switch
    {
        WeightKind.Safetensors => path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase),
        WeightKind.PyTorch => path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".pt", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".pth", StringComparison.OrdinalIgnoreCase),
        WeightKind.Gguf => WeightSets.IsGguf(path),
        _ => false,
    };
}

/// <summary>Groups a listing's weight files into models, by their names.</summary>
internal static partial class WeightSets
{
    /// <summary>Checkpoints in the repository's root, the preferred first: full before variants before other names, safetensors before PyTorch.</summary>
    public static List<WeightSet> Checkpoints(IReadOnlyList<HubFile> files)
    {
        List<HubFile> root = [.. files.Where(f => !f.Path.Contains('/', StringComparison.Ordinal))];
        List<WeightSet> sets = [];
        foreach ((WeightKind kind, Regex ending) in (ReadOnlySpan<(WeightKind, Regex)>)[(WeightKind.Safetensors, SafetensorsFile()), (WeightKind.PyTorch, PyTorchFile())])
        {
            List<HubFile> candidates = [.. root.Where(f => ending.IsMatch(f.Path) && !SideFile().IsMatch(f.Path))];
            sets.AddRange(candidates
                .GroupBy(f => Part().Replace(f.Path, ""), StringComparer.Ordinal)
                .Select(g => new WeightSet(kind, [.. g.OrderBy(f => f.Path, StringComparer.Ordinal)])));
        }

        // What bears a model's name comes before what does not, whatever its kind.
        return [.. sets.OrderBy(s => Rank(s.Entry.Path)).ThenBy(s => s.Kind).ThenBy(s => s.Entry.Path, StringComparer.Ordinal)];
    }

    /// <summary>GGUF models in any folder, split ones as one; projectors and other side files only where there is nothing else.</summary>
    public static List<WeightSet> Ggufs(IReadOnlyList<HubFile> files) =>
        Grouped(files, isSide: false) is { Count: > 0 } models ? models : Grouped(files, isSide: true);

    private static List<WeightSet> Grouped(IReadOnlyList<HubFile> files, bool isSide) =>
    [
        .. files.Where(f => IsGguf(f.Path) && IsGgufSideFile(Path.GetFileName(f.Path)) == isSide)
            .GroupBy(f => Part().Replace(f.Path, ""), StringComparer.Ordinal)
            .Select(g => new WeightSet(WeightKind.Gguf, [.. g.OrderBy(f => f.Path, StringComparer.Ordinal)])),
    ];

    /// <summary>The file that a selector names, with the other parts of its set; null: it names none.</summary>
    public static WeightSet? Named(HubListing listing, string selector)
    {
        HubFile? file = listing.Files.FirstOrDefault(f => f.Path == selector)
            ?? (listing.Files.Where(f => Path.GetFileName(f.Path) == selector).Take(2).ToArray() is [HubFile only] ? only : null);
        if (file is null)
        {
            return null;
        }

        WeightKind kind = IsGguf(file.Path) ? WeightKind.Gguf : SafetensorsFile().IsMatch(file.Path) ? WeightKind.Safetensors : PyTorchFile().IsMatch(file.Path) ? WeightKind.PyTorch : WeightKind.Other;
        string stem = Part().Replace(file.Path, "");
        return stem == file.Path ? new WeightSet(kind, [file])
            : new WeightSet(kind, [.. listing.Files.Where(f => Part().Replace(f.Path, "") == stem && Part().IsMatch(f.Path)).OrderBy(f => f.Path, StringComparer.Ordinal)]);
    }

    public static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    /// <summary>Projectors, drafts and calibration data (llama.cpp, <c>common/download.cpp</c>).</summary>
    public static bool IsGgufSideFile(string name) => GgufSideFile().IsMatch(name);

    /// <summary>True for names that the weights of a model have.</summary>
    public static bool IsNamedWeights(string name) => NamedWeights().IsMatch(name);

    private static int Rank(string path) => Full().IsMatch(path) ? 0 : NamedWeights().IsMatch(path) ? 1 : 2;

    [GeneratedRegex(@"-\d{5}-of-\d{5}(?=\.[^./]+$)", RegexOptions.CultureInvariant)]
    private static partial Regex Part();

    [GeneratedRegex(@"\.safetensors$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SafetensorsFile();

    [GeneratedRegex(@"\.(bin|pth?)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex PyTorchFile();

    [GeneratedRegex(@"^(model|pytorch_model|adapter_model)(-\d{5}-of-\d{5})?\.(safetensors|bin|pth?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Full();

    /// <summary>Variants too: <c>model.fp16.safetensors</c>.</summary>
    [GeneratedRegex(@"^(model|pytorch_model|adapter_model)([.\-][^/]*)?\.(safetensors|bin|pth?)$", RegexOptions.CultureInvariant)]
    private static partial Regex NamedWeights();

    [GeneratedRegex(@"^(consolidated|optimizer|training_args|scheduler|rng_state|random_states|scaler|openvino_|imatrix|tokenizer|diffusion_pytorch_model)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SideFile();

    [GeneratedRegex(@"mmproj|imatrix|(^|[-_.])(mtp|eagle3|dflash|dspark)-|^ggml-vocab", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex GgufSideFile();
}
