namespace LlmToolkit.Formats.Foreign;

/// <summary>Models of phones and of ONNX Runtime that are FlatBuffers: their identifier stands at offset 4.</summary>
internal sealed class FlatBufferModel : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (bytes.Head.Length < 8)
        {
            return null;
        }

        (string Name, string Form, string Runtime)? found = bytes.Head[4..8] switch
        {
            [(byte)'T', (byte)'F', (byte)'L', (byte)'3'] => ("tflite", "identifier TFL3", "TensorFlow Lite"),
            [(byte)'O', (byte)'R', (byte)'T', (byte)'M'] => ("ort", "identifier ORTM", "ONNX Runtime in its own form (.ort)"),
            [(byte)'E', (byte)'T', >= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9'] => ("executorch", "identifier ET", "ExecuTorch"),
            _ => null,
        };
        return found is { } match ? new ForeignMatch(match.Name, $"the {match.Form} at offset 4", ForeignErrors.OtherRuntime(artifact.Path, match.Form, match.Runtime)) : null;
    }
}
