namespace LlmToolkit.Formats.Foreign;

/// <summary>A file packed by a compressor.</summary>
internal sealed class CompressedFile : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        (string Name, string Tool)? found = bytes.Head switch
        {
            [0x1F, 0x8B, ..] => ("gzip", "gzip"),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => ("zstd", "zstd"),
            [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', ..] => ("bzip2", "bzip2"),
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => ("xz", "xz"),
            [(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C, ..] => ("7z", "7-Zip"),
            [(byte)'R', (byte)'a', (byte)'r', (byte)'!', 0x1A, 0x07, ..] => ("rar", "unrar"),
            [0x04, 0x22, 0x4D, 0x18, ..] => ("lz4", "lz4"),
            _ => null,
        };
        return found is { } match ? new ForeignMatch(match.Name, $"begins with the signature of {match.Name}", ForeignErrors.Compressed(artifact.Path, match.Tool)) : null;
    }
}
