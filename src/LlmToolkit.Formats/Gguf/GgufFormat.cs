using LlmToolkit.Formats.HuggingFace;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>GGUF, the single-file format of llama.cpp: a file, any part of a split set, or a directory that holds nothing else.</summary>
internal sealed class GgufFormat : IModelFormat
{
    public const string FormatName = "gguf";

    /// <inheritdoc/>
    public string Name => FormatName;

    /// <inheritdoc/>
    public string Summary => "GGUF versions 1 to 3, little- and big-endian, single files and split sets";

    /// <inheritdoc/>
    public FormatMatch Probe(ModelArtifact artifact, ProbeBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        if (!artifact.IsDirectory)
        {
            // A later piece of a cut file has no signature; only its name tells, and joining the pieces is what helps.
            return bytes.Head.StartsWith("GGUF"u8) ? new(1, "starts with the bytes \"GGUF\"")
                : GgufSplit.Piece(artifact.Files[0].Name) is { Number: > 1 } ? new(0.3, "named like a later piece of a GGUF that was cut into pieces") : FormatMatch.None;
        }

        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(artifact);
        return analysis.Shape == DirectoryShapes.Gguf ? new(0.95, analysis.Reason)
            : DirectoryAnalyzer.AnalyzeGguf(artifact) is { } beside ? new(0.5, $"beside other weights, {beside.Reason}")
            : FormatMatch.None;
    }

    /// <inheritdoc/>
    public ModelContainer Open(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        return GgufContainer.Open(artifact, Choose(artifact));
    }

    /// <inheritdoc/>
    public ModelDescription Describe(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        ArtifactFile file = Choose(artifact);
        try
        {
            return new ModelDescription(GgufContainer.Open(artifact, file));
        }
        catch (ModelException e)
        {
            return Describe(artifact, file, e);
        }
    }

    private static ArtifactFile Choose(ModelArtifact artifact)
    {
        if (!artifact.IsDirectory)
        {
            return artifact.Files[0];
        }

        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(artifact);
        // Asked for by name, the GGUF files of a mixed directory are meant.
        DirectoryAnalysis? files = analysis.Shape == DirectoryShapes.Gguf ? analysis : DirectoryAnalyzer.AnalyzeGguf(artifact);
        return files is not null && DirectoryAnalyzer.Entry(files) is { } weights
            ? weights
            : throw new ModelException(HuggingFaceErrors.NoWeights(artifact.Path, analysis.Reason));
    }

    private static ModelDescription Describe(ModelArtifact artifact, ArtifactFile file, ModelException fault)
    {
        MappedFile map = MappedFile.Open(file);
        GgufHeader header = GgufHeader.Read(map);
        (int Number, int Count)? piece = GgufSplit.Piece(file.Name);
        if (!header.IsGguf)
        {
            map.Release();
            throw piece is var (later, all) && fault.Diagnostic.Code == GgufErrors.BadMagicCode ? new ModelException(GgufErrors.BytePart(file.Path, later, all)) : fault;
        }

        // The fault may lie in another part of the set: then this part's own findings do not have it.
        List<Diagnostic> findings = [.. header.Findings.All];
        if (!findings.Exists(f => f.Code == fault.Diagnostic.Code && f.Message == fault.Diagnostic.Message))
        {
            findings.Insert(0, fault.Diagnostic);
        }

        if (piece is var (number, count))
        {
            findings.Insert(0, GgufErrors.BytePart(file.Path, number, count));
        }

        return new ModelDescription(artifact, findings, tensor => map.Holds(tensor) ? GgufContainer.Read(map, tensor) : null)
        {
            Files = [map.File],
            Info = GgufModelInfo.Read(header, header.Tensors, [map.File]),
            Metadata = header.Metadata,
            Tensors = header.Tensors,
            CompatibilityMode = header.CompatibilityMode,
            Resource = new MappingLease(map),
        };
    }
}
