using System.Diagnostics.CodeAnalysis;

namespace LlmToolkit.Formats.Foreign.Onnx;

/// <summary>ONNX: a protobuf whose first field is the version of the format. Source: onnx, onnx/onnx.proto (ModelProto).</summary>
internal sealed class OnnxRecogniser : ForeignRecogniser
{
    private const string Ending = ".onnx";

    /// <summary>A byte value up to this is taken for a version of the format.</summary>
    private const int MaxVersion = 64;

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes) =>
        Reason(artifact, bytes) is { } reason
            ? new ForeignMatch(OnnxFormat.FormatName, reason, OnnxErrors.NotLoaded(artifact.Path, artifact.IsDirectory ? "The directory holds an ONNX model" : "The file is an ONNX model")) { Format = OnnxFormat.Instance }
            : null;

    /// <summary>What speaks for ONNX; null: nothing.</summary>
    public static string? Reason(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (artifact.IsDirectory)
        {
            return FilesIn(artifact).Count > 0 && !artifact.Files.Any(f => f.Name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)) ? "a directory with .onnx files" : null;
        }

        return BeginsWithVersion(bytes.Head) ? "begins like ONNX's protobuf (ir_version)"
            : artifact.Path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase) ? "the name ends in .onnx"
            : null;
    }

    /// <summary>The ONNX files of a folder, or those of its folder <c>onnx</c>, where exports for the web put them.</summary>
    [SuppressMessage("Performance", "CA1859", Justification = "A list is what callers search.")]
    internal static List<ArtifactFile> FilesIn(ModelArtifact artifact)
    {
        List<ArtifactFile> files = [.. artifact.Files.Where(IsNamed)];
        string inner = Path.Combine(artifact.Path, "onnx");
        try
        {
            return files.Count > 0 || !Directory.Exists(inner) || new DirectoryInfo(inner).LinkTarget is not null ? files : [.. ModelArtifact.FromPath(inner).Files.Where(IsNamed)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return files;
        }
    }

    private static bool IsNamed(ArtifactFile file) => file.Name.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);

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
