using System.Buffers.Binary;

namespace LlmToolkit.Formats.Foreign;

/// <summary>llama.cpp's importance matrix before it became GGUF: a count, then a length and a tensor's name. Source: llama.cpp, tools/imatrix before July 2025.</summary>
internal sealed class OldImatrix : ForeignRecogniser
{
    private const int MostEntries = 100_000;

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ReadOnlySpan<byte> head = bytes.Head;
        if (head.Length < 16 || BinaryPrimitives.ReadInt32LittleEndian(head) is not (> 0 and < MostEntries) || BinaryPrimitives.ReadInt32LittleEndian(head[4..]) is not (> 3 and < 128))
        {
            return null;
        }

        ReadOnlySpan<byte> name = head[8..];
        return name.StartsWith("blk."u8) || name.StartsWith("output.weight"u8) || name.StartsWith("token_embd."u8)
            ? new ForeignMatch("imatrix", "a count and the name of a tensor, as in an importance matrix", ForeignErrors.OldImatrix(artifact.Path))
            : null;
    }
}
