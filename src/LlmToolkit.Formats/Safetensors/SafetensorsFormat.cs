using System.Buffers.Binary;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>safetensors, the weight files of Hugging Face: a file, an index, or any shard of a set.</summary>
internal sealed class SafetensorsFormat : IModelFormat
{
    public const string FormatName = "safetensors";

    /// <inheritdoc/>
    public string Name => FormatName;

    /// <inheritdoc/>
    public string Summary => "safetensors weights, single files and sharded sets";

    /// <inheritdoc/>
    public FormatMatch Probe(ModelArtifact artifact, ProbeBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        if (artifact.IsDirectory)
        {
            return FormatMatch.None;
        }

        ArtifactFile file = artifact.Files[0];
        if (SafetensorsIndex.IsIndexName(file.Name) && bytes.Head.TrimStart(" \t\r\n"u8).StartsWith("{"u8))
        {
            return new(0.9, "a JSON object with the name of a safetensors index", "every file of weight_map must be present");
        }

        if (bytes.Head.Length < SafetensorsConstants.LengthBytes)
        {
            return FormatMatch.None;
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Head);
        if (length is < 2 or > SafetensorsConstants.MaxHeaderBytes || !bytes.Head[SafetensorsConstants.LengthBytes..].TrimStart(" \t\r\n"u8).StartsWith("{"u8))
        {
            return FormatMatch.None;
        }

        return length <= (ulong)Math.Max(file.Length - SafetensorsConstants.LengthBytes, 0)
            ? new(0.98, $"a header length of {length} bytes and the start of a JSON object")
            : new(0.6, $"a header length of {length} bytes and the start of a JSON object, but the file ends inside the header", "the file is cut");
    }

    /// <inheritdoc/>
    public ModelContainer Open(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        return artifact.IsDirectory ? throw new ModelException(FileErrors.IsDirectory(artifact.Path)) : SafetensorsContainer.Open(artifact);
    }

    /// <inheritdoc/>
    public ModelDescription Describe(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        try
        {
            return new ModelDescription(Open(artifact));
        }
        catch (ModelException e) when (!artifact.IsDirectory && !SafetensorsIndex.IsIndexName(artifact.Files[0].Name))
        {
            return Describe(artifact, e);
        }
    }

    private static ModelDescription Describe(ModelArtifact artifact, ModelException fault)
    {
        MappedFile map = MappedFile.Open(artifact.Files[0]);
        SafetensorsHeader header = SafetensorsHeader.Read(map);
        if (header.DataStart == 0)
        {
            map.Release();
            throw fault;
        }

        List<Diagnostic> findings = [.. header.Findings.All];
        if (!findings.Exists(f => f.Code == fault.Diagnostic.Code && f.Message == fault.Diagnostic.Message))
        {
            findings.Insert(0, fault.Diagnostic);
        }

        return new ModelDescription(artifact, findings, tensor => map.Holds(tensor) ? map.Tensor(tensor) : null)
        {
            Files = [map.File],
            Info = SafetensorsModelInfo.Read(header.Tensors, [map.File]),
            Metadata = new SafetensorsMetadata(header.Metadata),
            Tensors = header.Tensors,
            Resource = new MappingLease(map),
        };
    }
}
