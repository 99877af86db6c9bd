using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmToolkit.Hub;

/// <summary>Which files of a repository are needed, and why the others are not. By names and sizes alone: neither network nor disk is asked.</summary>
/// <remarks>Weights come in one kind: safetensors, which the directory's configuration and tokenizer go with; else GGUF; else PyTorch. Several quantizations are several models, of which one is chosen.</remarks>
public static partial class HubSelection
{
    private const string NotNeeded = "not needed to run the model";

    /// <summary>Beside its weights a model takes about this much: context, buffers, runtime.</summary>
    private const long BesideWeights = 512L << 20;

    /// <summary>Whether weights of so many bytes fit a memory.</summary>
    /// <param name="memory">Bytes of memory. Null: what this machine has to give now.</param>
    /// <param name="hardware">Sources of facts about the machine, beyond ours; null: none.</param>
    public static Func<long, bool> Fits(long? memory = null, IEnumerable<IHardwareSource>? hardware = null)
    {
        long most = memory ?? new Memory.HardwareProbe().Probe(hardware ?? []).AvailableMemory;
        return bytes => bytes <= most - BesideWeights;
    }

    /// <summary>What is only needed to run a model.</summary>
    /// <param name="listing">The repository's files.</param>
    /// <param name="id">What was asked for; its selector names a file or a quantization.</param>
    /// <param name="fits">True where weights of so many bytes fit this machine's memory; null: everything does.</param>
    /// <exception cref="ModelException">There is no model of a known format, no such file or quantization.</exception>
    public static HubSelectionResult ForModel(HubListing listing, HubModelId id, Func<long, bool>? fits = null)
    {
        ArgumentNullException.ThrowIfNull(listing);
        ArgumentNullException.ThrowIfNull(id);
        if (Choose(listing, id, fits, out string? note) is not { } chosen)
        {
            return WithoutWeights(listing) ?? throw SelectionErrors.NoModel(listing);
        }

        List<HubFile> files = [];
        List<HubSkipped> skipped = [];
        foreach (HubFile file in listing.Files)
        {
            string? reason = chosen.Files.Contains(file) || IsCompanion(file, chosen) ? null : Alternate(file, chosen) ?? NotNeeded;
            Sort(file, reason, files, skipped);
        }

        return new HubSelectionResult(files, skipped, note, Entry(listing, chosen, id));
    }

    /// <summary>A model's configuration or list of shards without the weights: whoever opens the folder can say what is missing. Null: there is none.</summary>
    private static HubSelectionResult? WithoutWeights(HubListing listing)
    {
        if (!listing.Files.Any(f => f.Path == "config.json" || (WeightIndex().IsMatch(f.Path) && !f.Path.Contains('/', StringComparison.Ordinal))))
        {
            return null;
        }

        List<HubFile> files = [];
        List<HubSkipped> skipped = [];
        foreach (HubFile file in listing.Files)
        {
            Sort(file, Companion().IsMatch(file.Path) ? null : NotNeeded, files, skipped);
        }

        return new HubSelectionResult(files, skipped);
    }

    /// <summary>The files of <see cref="ForModel"/> and whatever else is no second copy of the weights: what <c>hub download</c> fetches. Of a repository without a model, everything.</summary>
    /// <param name="id">What was asked for.</param>
    /// <param name="fits">True where weights of so many bytes fit this machine's memory; null: everything does.</param>
    public static Func<HubListing, HubSelectionResult> ForDownload(HubModelId id, Func<long, bool>? fits = null) => listing =>
    {
        WeightSet? chosen = Choose(listing, id, fits, out string? note);
        if (chosen is null)
        {
            return new HubSelectionResult(listing.Files, []);
        }

        // Whoever names a file wants that file.
        bool isNamed = id.Selector is { } selector && WeightSets.Named(listing, selector) is not null;
        List<HubFile> files = [];
        List<HubSkipped> skipped = [];
        foreach (HubFile file in listing.Files)
        {
            Sort(file, chosen.Files.Contains(file) ? null : isNamed ? "not asked for" : Alternate(file, chosen), files, skipped);
        }

        return new HubSelectionResult(files, skipped, note, Entry(listing, chosen, id));
    };

    /// <summary>What a tokenizer and a chat template are built from.</summary>
    /// <param name="listing">The repository's files.</param>
    /// <param name="id">What was asked for.</param>
    /// <returns>Null: the tokenizer lies within the weights (GGUF), or there is none.</returns>
    public static HubSelectionResult? ForTokenizer(HubListing listing, HubModelId id)
    {
        ArgumentNullException.ThrowIfNull(listing);
        ArgumentNullException.ThrowIfNull(id);
        if (id.Selector is not null || !listing.Files.Any(f => TokenizerFile().IsMatch(f.Path)))
        {
            return null;
        }

        List<HubFile> files = [];
        List<HubSkipped> skipped = [];
        foreach (HubFile file in listing.Files)
        {
            Sort(file, Companion().IsMatch(file.Path) && !WeightIndex().IsMatch(file.Path) ? null : "not needed for the tokenizer", files, skipped);
        }

        return new HubSelectionResult(files, skipped);
    }

    /// <summary>A directory with a configuration is opened as one; a GGUF file, a file without one, and a file that was asked for, by itself.</summary>
    private static HubFile? Entry(HubListing listing, WeightSet chosen, HubModelId id)
    {
        bool hasConfig = listing.Files.Any(f => f.Path is "config.json" or "adapter_config.json");
        return chosen.Kind == WeightKind.Gguf || id.Selector is not null || (!hasConfig && chosen.Files.Count == 1) ? chosen.Entry : null;
    }

    private static void Sort(HubFile file, string? reason, List<HubFile> files, List<HubSkipped> skipped)
    {
        if (reason is null)
        {
            files.Add(file);
        }
        else
        {
            skipped.Add(new HubSkipped(file.Path, reason));
        }
    }

    private static WeightSet? Choose(HubListing listing, HubModelId id, Func<long, bool>? fits, out string? note)
    {
        note = null;
        List<WeightSet> ggufs = WeightSets.Ggufs(listing.Files);
        if (id.Selector is { } selector)
        {
            return WeightSets.Named(listing, selector) ?? Quantization(listing, ggufs, selector, out note);
        }

        List<WeightSet> checkpoints = WeightSets.Checkpoints(listing.Files);
        bool hasConfig = listing.Files.Any(f => f.Path is "config.json" or "adapter_config.json");
        WeightSet? checkpoint = checkpoints.Count > 0 ? checkpoints[0] : null;
        if (checkpoint is not null && (hasConfig || ggufs.Count == 0))
        {
            bool isTooLarge = fits is not null && !fits(checkpoint.Bytes);
            if (isTooLarge && ggufs.Where(g => fits!(g.Bytes)).MaxBy(g => g.Bytes) is { } smaller)
            {
                note = $"{smaller.Entry.Path} ({Size(smaller.Bytes)}) is taken: {checkpoint.Entry.Path} ({Size(checkpoint.Bytes)}) does not fit this memory.";
                return smaller;
            }

            return checkpoint;
        }

        return ggufs.Count == 0 ? null : Preferred(ggufs, fits, out note);
    }

    /// <summary>Q4_K_M where it fits, else the largest that does, said aloud.</summary>
    private static WeightSet Preferred(List<WeightSet> ggufs, Func<long, bool>? fits, out string? note)
    {
        note = null;
        if (ggufs.Count == 1)
        {
            return ggufs[0];
        }

        bool Fits(WeightSet set) => fits is null || fits(set.Bytes);
        if (ggufs.Where(g => Matches(g, "Q4_K_M") && Fits(g)).MinBy(g => g.Entry.Path.Length) is { } usual)
        {
            note = $"{usual.Entry.Path} ({Size(usual.Bytes)}) is taken of {ggufs.Count} GGUF models; name another by its quantization, as in owner/name:Q8_0.";
            return usual;
        }

        if (ggufs.Where(Fits).OrderByDescending(g => g.Bytes).ThenBy(g => g.Entry.Path, StringComparer.Ordinal).FirstOrDefault() is { } largest)
        {
            string why = ggufs.Any(g => Matches(g, "Q4_K_M")) ? "Q4_K_M does not fit this memory" : "there is no Q4_K_M";
            note = $"{largest.Entry.Path} ({Size(largest.Bytes)}) is taken, the largest of {ggufs.Count} GGUF models that fits this memory: {why}.";
            return largest;
        }

        WeightSet smallest = ggufs.OrderBy(g => g.Bytes).ThenBy(g => g.Entry.Path, StringComparer.Ordinal).First();
        note = $"None of {ggufs.Count} GGUF models fits this memory; {smallest.Entry.Path} ({Size(smallest.Bytes)}) is the smallest.";
        return smallest;
    }

    private static WeightSet Quantization(HubListing listing, List<WeightSet> ggufs, string name, out string? note)
    {
        note = null;
        WeightSet[] found = [.. ggufs.Where(g => Matches(g, name)).OrderBy(g => g.Entry.Path.Length).ThenBy(g => g.Entry.Path, StringComparer.Ordinal)];
        if (found.Length == 0)
        {
            string[] names = [.. ggufs.Select(g => QuantizationOf(g.Entry.Path)).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)];
            throw SelectionErrors.NoSuchSelector(listing, name, names.Length > 0 ? names : [.. NearNames.Of(name, listing.Files.Select(f => f.Path), 5)]);
        }

        if (found.Length > 1)
        {
            note = $"{found[0].Entry.Path} is taken; {string.Join(", ", found.Skip(1).Take(3).Select(g => g.Entry.Path))} {(found.Length == 2 ? "has" : "have")} that quantization too.";
        }

        return found[0];
    }

    /// <summary>The tag, followed by <c>.</c> or <c>-</c> (llama.cpp, <c>common/download.cpp</c>), as a whole word of the file's path.</summary>
    private static bool Matches(WeightSet set, string quantization)
    {
        string path = set.Entry.Path;
        for (int at = path.IndexOf(quantization, StringComparison.OrdinalIgnoreCase); at >= 0; at = path.IndexOf(quantization, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            int end = at + quantization.Length;
            if ((at == 0 || path[at - 1] is '.' or '-' or '/' or '_') && end < path.Length && path[end] is '.' or '-' or '/')
            {
                return true;
            }
        }

        return false;
    }

    private static string? QuantizationOf(string path) => QuantizationName().Match(Path.GetFileName(path)) is { Success: true } match ? match.Value : null;

    /// <summary>What lies beside weights and is read with them.</summary>
    private static bool IsCompanion(HubFile file, WeightSet chosen)
    {
        // A GGUF file holds all of it.
        if (chosen.Kind == WeightKind.Gguf)
        {
            return false;
        }

        string folder = chosen.Folder;
        if (!file.Path.StartsWith(folder, StringComparison.Ordinal))
        {
            return false;
        }

        string path = file.Path[folder.Length..];
        return WeightIndex().IsMatch(path) ? chosen.IsIndexed(file.Path) : Companion().IsMatch(path) || (Module().IsMatch(path) && (path.EndsWith(".json", StringComparison.Ordinal) || chosen.IsOfKind(path)));
    }

    /// <summary>Why a file is a second copy of the weights, or of what trained them; null: it is not.</summary>
    private static string? Alternate(HubFile file, WeightSet chosen)
    {
        string name = Path.GetFileName(file.Path);
        if (WeightSets.IsGguf(file.Path))
        {
            return WeightSets.IsGgufSideFile(name) ? "a projector, draft or calibration file, which this version does not use"
                : chosen.Kind == WeightKind.Gguf ? "another quantization" : $"the same weights as GGUF; {chosen.Entry.Path} is taken";
        }

        if (OtherFramework().Match(file.Path) is { Success: true })
        {
            return "weights of another framework";
        }

        if (TrainingState().IsMatch(name))
        {
            return "state of the training";
        }

        if (Original().IsMatch(file.Path))
        {
            return "the author's original form of the weights";
        }

        if (Module().IsMatch(file.Path) && chosen.IsOfKind(file.Path))
        {
            return null;
        }

        return WeightSets.IsNamedWeights(name) || (WeightIndex().IsMatch(name) && !chosen.IsIndexed(file.Path)) ? $"another copy of the weights; {chosen.Entry.Path} is taken" : null;
    }

    private static string Size(long bytes) => bytes >= 1_000_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB") : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB");

    [GeneratedRegex(@"^([^/]+\.json|tokenizer\.model(\.v\d+)?|[^/]+\.tiktoken|vocab\.txt|vocab\.bpe|merges\.txt|[^/]*(spiece|sentencepiece)[^/]*\.model|[^/]+\.jinja|additional_chat_templates/[^/]+\.jinja|tokenizer/[^/]+|[^/]*vocab[^/]*\.(txt|json|model))$", RegexOptions.CultureInvariant)]
    private static partial Regex Companion();

    [GeneratedRegex(@"^(tokenizer\.json|tokenizer\.model(\.v\d+)?|tekken\.json|[^/]+\.tiktoken|vocab\.(txt|json)|spiece\.model|sentencepiece\.bpe\.model)$", RegexOptions.CultureInvariant)]
    private static partial Regex TokenizerFile();

    [GeneratedRegex(@"\.index(\.[^./]+)?\.json$", RegexOptions.CultureInvariant)]
    private static partial Regex WeightIndex();

    /// <summary>Parts of a sentence-transformers model: <c>1_Pooling/config.json</c>, <c>2_Dense/model.safetensors</c>.</summary>
    [GeneratedRegex(@"^\d+_[A-Za-z]+/[^/]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Module();

    [GeneratedRegex(@"^(onnx|openvino|coreml|tensorrt|executorch|mlx|tf|flax)/|\.(h5|msgpack|ot|onnx|onnx_data|mlpackage|mlmodel|tflite|pdparams|engine|pte|ckpt\.(index|data-.*))$|\.mlpackage/|openvino_model|saved_model\.pb$|^weights\.npz$|^rust_model", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex OtherFramework();

    [GeneratedRegex(@"^(optimizer|scheduler|rng_state|random_states|training_args|trainer_state|scaler)[^/]*\.(pt|pth|bin|pkl)$|^global_step|zero_pp_rank|mp_rank_", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex TrainingState();

    [GeneratedRegex(@"^original/|(^|/)consolidated[^/]*\.(pth|pt|safetensors)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Original();

    [GeneratedRegex(@"(?<![A-Za-z0-9])((UD-)?I?Q\d(_[A-Z0-9]+)*|BF16|F16|F32|FP16|MXFP4)(?=[.\-])", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex QuantizationName();
}
