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
        if (artifact.IsDirectory)
        {
            throw new ModelException(FileErrors.IsDirectory(artifact.Path));
        }

        SafetensorsSet set = SafetensorsSet.Read(artifact);
        if (set.Findings.Find(f => f.Severity >= Severity.High) is not { } fault)
        {
            return new ModelDescription(SafetensorsContainer.Open(set));
        }

        if (!set.IsSafetensors && set.Maps.Count > 0)
        {
            set.Dispose();
            throw new ModelException(fault);
        }

        return new ModelDescription(artifact, set.Findings, set.TryRead)
        {
            Files = [.. set.Maps.Select(m => m.File)],
            Info = set.Info,
            Metadata = set.Metadata,
            Tensors = set.Tensors,
            Resource = set,
        };
    }
}
