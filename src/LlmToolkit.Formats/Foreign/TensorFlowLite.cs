namespace LlmToolkit.Formats.Foreign;

/// <summary>A FlatBuffer with the identifier TFL3.</summary>
internal sealed class TensorFlowLite : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        bool isLite = bytes.Head.Length >= 8 && bytes.Head[4..8].SequenceEqual("TFL3"u8);
        return isLite ? new ForeignMatch("tflite", "the identifier TFL3 at offset 4", ForeignErrors.TensorFlow(artifact.Path, "TensorFlow Lite")) : null;
    }
}
