namespace LlmToolkit.Formats.Foreign;

/// <summary>TensorFlow's SavedModel: a directory with saved_model.pb, or that file.</summary>
internal sealed class TensorFlowSavedModel : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        bool isModel = artifact.IsDirectory ? artifact.Find("saved_model.pb") is not null : Path.GetFileName(artifact.Path) == "saved_model.pb" && bytes.Head.StartsWith((ReadOnlySpan<byte>)[0x08, 0x01, 0x12]);
        return isModel ? new ForeignMatch("tensorflow-savedmodel", "saved_model.pb", ForeignErrors.TensorFlow(artifact.Path, "SavedModel")) : null;
    }
}
