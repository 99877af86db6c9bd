namespace LlmToolkit.Formats.Foreign;

/// <summary>ONNX: a protobuf whose first field is the version of the format. Source: onnx, onnx/onnx.proto (ModelProto).</summary>
internal sealed class Onnx : ForeignRecogniser
{
    /// <summary>Versions of the format reach 13 today; a byte value up to this is taken for one.</summary>
    private const int MaxVersion = 64;

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (artifact.IsDirectory)
        {
            bool isExport = artifact.Files.Any(f => f.Name.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)) && !artifact.Files.Any(f => f.Name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase));
            return isExport ? new ForeignMatch("onnx", "a directory with .onnx files", ForeignErrors.Onnx(artifact.Path)) : null;
        }

        if (BeginsWithVersion(bytes.Head))
        {
            return new ForeignMatch("onnx", "begins like ONNX's protobuf (ir_version)", ForeignErrors.Onnx(artifact.Path));
        }

        bool isNamed = artifact.Path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);
        return isNamed ? new ForeignMatch("onnx", "the name ends in .onnx", ForeignErrors.Onnx(artifact.Path)) : null;
    }

    /// <summary>ir_version (field 1, a varint), then one of the model's fields: producer (2, 3), domain (4), version (5), doc (6), graph (7), opsets (8).</summary>
    private static bool BeginsWithVersion(ReadOnlySpan<byte> head)
    {
        if (head is not [0x08, > 0 and <= MaxVersion, var tag, ..])
        {
            return false;
        }

        if (tag == 0x28)
        {
            return true;
        }

        if (tag is not (0x12 or 0x1A or 0x22 or 0x32 or 0x3A or 0x42))
        {
            return false;
        }

        // The producer's name is short and plain text; the graph and the rest are any length.
        return tag is not 0x12 || (head.Length > 4 && head[3] < 0x80 && head.Length >= 4 + head[3] && !head.Slice(4, head[3]).ContainsAnyExceptInRange((byte)0x20, (byte)0x7E));
    }
}
