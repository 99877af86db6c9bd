namespace LlmToolkit.Formats.Foreign;

/// <summary>A file whose space was reserved and never filled.</summary>
internal sealed class ZeroBytes : ForeignRecogniser
{
    private const int Fewest = 16;

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes) =>
        bytes.Head.Length >= Fewest && !bytes.Head.ContainsAnyExcept((byte)0)
            ? new ForeignMatch("zeros", $"the first {bytes.Head.Length} bytes are 0", ForeignErrors.Zeros(artifact.Path, bytes.Head.Length, File.Exists(artifact.Path + ".aria2")))
            : null;
}
