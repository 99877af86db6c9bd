namespace LlmToolkit.Formats.Foreign;

/// <summary>A compiled program of torch.jit: a zip with constants.pkl.</summary>
internal sealed class TorchScript : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        bool isScript = ZipArchive.IsZip(bytes) && ZipArchive.Names(bytes, "/constants.pkl"u8);
        return isScript ? new ForeignMatch("torchscript", "a zip with constants.pkl", ForeignErrors.TorchScript(artifact.Path)) : null;
    }
}
