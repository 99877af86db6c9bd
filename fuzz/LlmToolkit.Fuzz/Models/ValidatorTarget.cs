using LlmToolkit.Loading;

namespace LlmToolkit.Fuzz;

/// <summary>Validation of what the other targets make, every value read: the checks over facts that a reader took from a changed file.</summary>
internal sealed class ValidatorTarget : FuzzTarget
{
    private readonly ModelValidator _validator = new(new ToolkitRegistry());

    /// <inheritdoc/>
    public override string Name => "validate";

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds()
    {
        using GgufTarget gguf = new();
        using SafetensorsTarget safetensors = new();
        using PyTorchTarget pytorch = new();
        using HuggingFaceTarget folders = new();
        // Sound containers, but most of them no whole models.
        return [.. gguf.All.Concat(folders.All).Concat(safetensors.All).Concat(pytorch.All).Select(s => new FuzzSeed(s.Name, s.Fields, s.Files) { IsSound = false })];
    }

    /// <inheritdoc/>
    protected override string Entry(string folder, string[] names) => names.Any(n => n.EndsWith("config.json", StringComparison.Ordinal)) ? folder : base.Entry(folder, names);

    /// <inheritdoc/>
    protected override bool Read(string path)
    {
        ModelArtifact artifact;
        try
        {
            artifact = ModelArtifact.FromPath(path);
        }
        catch (IOException)
        {
            return false;
        }

        ValidationReport report = _validator.Validate(artifact, deep: true);
        foreach (Diagnostic finding in report.Findings)
        {
            Rules.Require(finding);
        }

        Diagnostic? refusal = report.Findings.FirstOrDefault(f => f.Severity >= Severity.High && f.Kind != FaultKind.Unsupported);
        Rules.Require(report.Verdict == Verdict.Refused == refusal is not null, $"the verdict is {report.Verdict}, the refusal {refusal?.Code}");
        return refusal is null ? true : throw new ModelException(refusal);
    }
}
