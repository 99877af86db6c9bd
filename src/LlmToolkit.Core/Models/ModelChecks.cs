namespace LlmToolkit;

/// <summary>One rule that a model should keep.</summary>
public interface IModelCheck
{
    /// <summary>A short name, for lists.</summary>
    string Name { get; }

    /// <summary>True for a rule that builds something out of the file, such as its tokenizer: then only validation applies it, not a load or a look. Default: false.</summary>
    bool IsThorough => false;

    /// <summary>What breaks the rule; empty when nothing does.</summary>
    IEnumerable<Diagnostic> Check(ModelDescription description);
}

/// <summary>The verdict on a file.</summary>
public enum Verdict
{
    /// <summary>Nothing found.</summary>
    Ok,

    /// <summary>Usable, with findings of low or medium severity.</summary>
    Warnings,

    /// <summary>Broken, hostile or no model.</summary>
    Refused,

    /// <summary>Valid, but nothing here can run it.</summary>
    Unsupported,
}

/// <summary>The outcome of validation.</summary>
public sealed record ValidationReport
{
    /// <summary>What was validated.</summary>
    public required string Path { get; init; }

    /// <summary>Name of the format, <c>unknown</c> when none fits.</summary>
    public required string Format { get; init; }

    /// <summary>Version of the container.</summary>
    public string? Version { get; init; }

    /// <summary>The known layout that was used for a newer version; else null.</summary>
    public string? CompatibilityMode { get; init; }

    /// <summary>Everything that was found.</summary>
    public required IReadOnlyList<Diagnostic> Findings { get; init; }

    /// <summary>For PyTorch: every global that the file's pickles name, as <c>module.name</c>, in the order met. Default: none.</summary>
    public IReadOnlyList<string> Imports { get; init; } = [];

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>True when anything of critical severity was found.</summary>
    public bool HasCriticalErrors => Findings.Any(f => f.Severity == Severity.Critical);

    /// <summary>High and critical findings refuse (or make it unsupported where that is all they say); lower ones are warnings.</summary>
    public Verdict Verdict
    {
        get
        {
            List<Diagnostic> errors = [.. Findings.Where(f => f.Severity >= Severity.High)];
            return errors.Count > 0
                ? errors.All(f => f.Kind == FaultKind.Unsupported) ? Verdict.Unsupported : Verdict.Refused
                : Findings.Count > 0 ? Verdict.Warnings : Verdict.Ok;
        }
    }
}

/// <summary>What lies in a directory and which of it is used.</summary>
public sealed record DirectoryAnalysis
{
    /// <summary>The shape in a word: <c>transformers</c>, <c>sentence-transformers</c>, <c>gguf</c>, <c>adapter</c>, <c>consolidated</c>, <c>diffusers</c>, <c>onnx</c>,
    /// <c>other-runtime</c>, <c>weights-only</c>, <c>several-weights</c>, <c>config-only</c>, <c>tokenizer-only</c>, <c>none</c>.</summary>
    public required string Shape { get; init; }

    /// <summary>The weight files that are used, in order.</summary>
    public IReadOnlyList<ArtifactFile> Weights { get; init; } = [];

    /// <summary>The index that names the shards, if one does.</summary>
    public ArtifactFile? Index { get; init; }

    /// <summary>Format of the weights: <c>safetensors</c>, <c>pytorch</c>, <c>gguf</c>; null: none.</summary>
    public string? WeightFormat { get; init; }

    /// <summary>Why these, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>Other weight files that lie there and are not used.</summary>
    public IReadOnlyList<ArtifactFile> Unused { get; init; } = [];

    /// <summary>Every model that the directory holds, the used one first.</summary>
    public IReadOnlyList<DirectoryCandidate> Candidates { get; init; } = [];

    /// <summary>Names of shards that belong to the used weights, by their numbering, and are not there.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>Names of unfinished downloads.</summary>
    public IReadOnlyList<string> Unfinished { get; init; } = [];

    /// <summary>Folders inside that hold a model of their own, when this one holds none.</summary>
    public IReadOnlyList<string> Nested { get; init; } = [];
}

/// <summary>One of the models in a directory.</summary>
/// <param name="Name">Its file, its index, or the first part of its set.</param>
/// <param name="Format">Format of its files: <c>safetensors</c>, <c>pytorch</c>, <c>gguf</c>, <c>onnx</c> or the name of another runtime.</param>
/// <param name="Files">How many files it has.</param>
/// <param name="Bytes">Bytes of its files.</param>
/// <param name="Chosen">True for the one that is used.</param>
/// <param name="Reason">Why it is used or not, for people.</param>
public sealed record DirectoryCandidate(string Name, string Format, int Files, long Bytes, bool Chosen, string Reason);
