namespace LlmToolkit.Formats.Foreign;

/// <summary>A tar: "ustar" at offset 257.</summary>
internal sealed class TarArchive : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        bool isTar = bytes.Head.Length >= 262 && bytes.Head[257..].StartsWith("ustar"u8);
        return isTar ? new ForeignMatch("tar", "\"ustar\" at offset 257", ForeignErrors.Tar(artifact.Path)) : null;
    }
}
