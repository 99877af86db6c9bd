namespace LlmToolkit.Formats.Foreign;

/// <summary>Models of other runtimes that begin with a signature of their own.</summary>
internal sealed class OtherRuntime : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ReadOnlySpan<byte> head = bytes.Head;
        ReadOnlySpan<byte> text = TextStart.Of(head);
        (string Name, string Form, string Runtime)? found = artifact.IsDirectory ? null
            : head.StartsWith("ftrt"u8) || head.StartsWith("ptrt"u8) ? ("tensorrt", "begins with the mark of a TensorRT engine", "TensorRT")
            : head.StartsWith("LITERTLM"u8) ? ("litert-lm", "begins with LITERTLM", "LiteRT-LM")
            : TextStart.BeginsWith(text, "7767517") ? ("ncnn", "begins with ncnn's number 7767517", "ncnn")
            : (TextStart.BeginsWith(text, "<?xml") || TextStart.BeginsWith(text, "<net")) && text.IndexOf("<net "u8) >= 0 && text.IndexOf("version="u8) >= 0 ? ("openvino", "an XML file with a <net> of OpenVINO", "OpenVINO")
            : null;
        return found is { } match ? new ForeignMatch(match.Name, match.Form, ForeignErrors.OtherRuntime(artifact.Path, match.Form, match.Runtime)) : null;
    }
}
