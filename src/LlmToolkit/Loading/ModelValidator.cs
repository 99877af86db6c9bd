using System.Diagnostics;
using LlmToolkit.Memory;

namespace LlmToolkit.Loading;

/// <summary>Stop 7: a tolerant description, the checks over it, and the verdict.</summary>
/// <param name="registry">Formats, checks and backends.</param>
public sealed class ModelValidator(ToolkitRegistry registry)
{
    private HardwareInfo? _hardware;

    /// <summary>The machine, asked once: a verdict is about what could run a model at all, not about the memory that is free at the moment.</summary>
    private HardwareInfo Hardware => _hardware ??= new HardwareProbe().Probe(registry.Hardware);

    /// <summary>What can be known of an artifact.</summary>
    /// <exception cref="ModelException">It is no model, or nothing can be read.</exception>
    public ModelDescription Describe(ModelArtifact artifact, string? format = null)
    {
        Detection detection = FormatDetector.Detect(artifact, registry.Formats);
        return FormatDetector.Choose(detection, format, registry.Formats).Describe(artifact);
    }

    /// <summary>Stop 7 of a load: an open container passes when no quick check refuses it. Tokenizer and template are built when they are needed; logits need neither.</summary>
    /// <exception cref="ModelException">The first finding that refuses.</exception>
    internal void Require(ModelContainer container)
    {
        // The description only looks: the container stays the caller's.
        ModelDescription description = new(container);
        Diagnostic? refusal = registry.Checks.Where(c => !c.IsThorough).SelectMany(c => c.Check(description)).FirstOrDefault(f => f.Severity >= Severity.High && f.Kind == FaultKind.Refused);
        if (refusal is not null)
        {
            throw new ModelException(refusal);
        }
    }

    /// <summary>Findings of the quick checks and, for a valid model, why nothing here could run it.</summary>
    public IReadOnlyList<Diagnostic> Check(ModelDescription description) => Check(description, thorough: false);

    /// <summary>Findings of the checks and, for a valid model, why nothing here could run it.</summary>
    /// <param name="description">What is known of the file.</param>
    /// <param name="thorough">Apply also the rules that build something out of the file: tokenizer, template.</param>
    public IReadOnlyList<Diagnostic> Check(ModelDescription description, bool thorough)
    {
        ArgumentNullException.ThrowIfNull(description);
        // What ended the open and what a part of the set found may be one fault: it is told once.
        List<Diagnostic> findings = [.. description.Findings.Concat(registry.Checks.Where(c => thorough || !c.IsThorough).SelectMany(c => c.Check(description))).DistinctBy(f => (f.Code, f.File, f.Message))];
        if (description is { Container: not null, Info: { Architecture: not null } info } && findings.All(f => f.Severity < Severity.High))
        {
            LoadPlan plan = Routing.BackendRouter.Plan(info, Hardware, new LoadOptions(), registry.Backends);
            if (plan.Winner is null && Routing.RoutingErrors.NoBackend(description.Artifact.Path, plan).Diagnostic is { Kind: FaultKind.Unsupported } unsupported)
            {
                findings.Add(unsupported);
            }
        }

        return findings;
    }

    /// <summary>The verdict on an artifact, whatever it is.</summary>
    /// <param name="artifact">What lies at the path.</param>
    /// <param name="format">Judge it as this format; null: by its content.</param>
    /// <param name="deep">Read every value too: as long as reading the file takes.</param>
    /// <param name="progress">Told which share of the values was read (stage <c>scan</c>); null: nobody is told.</param>
    /// <param name="cancellationToken">Stops between two pieces of a tensor.</param>
    public ValidationReport Validate(ModelArtifact artifact, string? format = null, bool deep = false, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        return Validate(FormatDetector.Detect(artifact, registry.Formats), null, format, deep, progress, cancellationToken: cancellationToken);
    }

    /// <summary>The verdict on what was detected already.</summary>
    /// <param name="detection">What lies at the path.</param>
    /// <param name="described">Told of the description while it is open; null: nobody wants it.</param>
    /// <param name="format">Judge it as this format; null: by its content.</param>
    /// <param name="deep">Read every value too.</param>
    /// <param name="progress">Told which share of the values was read; null: nobody is told.</param>
    /// <param name="thorough">Apply also the rules that build something out of the file; without them a folder of models is listed in the time of its headers.</param>
    /// <param name="cancellationToken">Stops between two pieces of a tensor.</param>
    internal ValidationReport Validate(
        Detection detection, Action<ModelDescription>? described, string? format = null, bool deep = false, IProgress<LoadProgress>? progress = null, bool thorough = true, CancellationToken cancellationToken = default)
    {
        ModelArtifact artifact = detection.Artifact;
        long start = Stopwatch.GetTimestamp();
        try
        {
            using ModelDescription description = FormatDetector.Choose(detection, format, registry.Formats).Describe(artifact);
            described?.Invoke(description);
            return new ValidationReport
            {
                Path = artifact.Path,
                Format = description.Info?.Format ?? detection.Format,
                Version = description.Info?.Version,
                CompatibilityMode = description.CompatibilityMode,
                Imports = description.Imports,
                Findings = deep ? [.. Check(description, thorough), .. new TensorScan(description).Run(progress, cancellationToken)] : Check(description, thorough),
                Elapsed = Stopwatch.GetElapsedTime(start),
            };
        }
        catch (ModelException e) when (e.Diagnostic.Kind is FaultKind.Refused or FaultKind.Unsupported)
        {
            return new ValidationReport { Path = artifact.Path, Format = detection.Format, Findings = [e.Diagnostic], Elapsed = Stopwatch.GetElapsedTime(start) };
        }
    }
}
