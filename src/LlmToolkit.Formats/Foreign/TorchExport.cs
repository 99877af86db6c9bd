namespace LlmToolkit.Formats.Foreign;

/// <summary>An archive of torch.export (.pt2) or torch.package.</summary>
internal sealed class TorchExport : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        bool isExport = ZipArchive.IsZip(bytes) && (ZipArchive.Names(bytes, "/archive_format"u8) || ZipArchive.Names(bytes, "serialized_exported_program.json"u8) || ZipArchive.Names(bytes, ".data/extern_modules"u8));
        return isExport ? new ForeignMatch("torch-export", "a zip with a program of torch.export or torch.package", ForeignErrors.TorchExport(artifact.Path)) : null;
    }
}
