namespace LlmToolkit.Formats.Foreign;

/// <summary>A SentencePiece model (tokenizer.model): a protobuf of pieces, each a text and a score. Source: sentencepiece, src/sentencepiece_model.proto.</summary>
internal sealed class SentencePieceVocabulary : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        // pieces (field 1): { piece (1): text, score (2): four bytes }. The first is nearly always <unk>.
        ReadOnlySpan<byte> head = bytes.Head;
        bool isPiece = head.Length > 16 && head[0] == 0x0A && head[1] is > 2 and < 0x80 && head[2] == 0x0A && head[3] is > 0 and < 0x70
            && head[1] >= head[3] + 2 && head.Length > 4 + head[3] && head[4 + head[3]] is 0x15 or 0x18;
        return isPiece && !artifact.Path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)
            ? new ForeignMatch("sentencepiece", "begins like the pieces of a SentencePiece model", ForeignErrors.Tokenizer(artifact.Path, "SentencePiece"))
            : null;
    }
}
