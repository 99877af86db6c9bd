namespace LlmToolkit.Formats.Foreign;

/// <summary>ONNX written as text: protobuf's text form, or ONNX's own (.onnxtxt).</summary>
internal sealed class TextOnnx : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ReadOnlySpan<byte> text = TextStart.Of(bytes.Head);
        bool begins = TextStart.BeginsWith(text, "ir_version:") || (text is [(byte)'<', ..] && TextStart.BeginsWith(TextStart.Of(text[1..]), "ir_version"));
        return begins ? new ForeignMatch("onnx-text", "begins with ir_version as text", ForeignErrors.TextOnnx(artifact.Path)) : null;
    }
}
