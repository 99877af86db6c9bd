using System.Text.Unicode;

namespace LlmToolkit.Formats.Foreign;

/// <summary>Text of any other kind.</summary>
internal sealed class PlainText : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ReadOnlySpan<byte> head = bytes.Head;
        if (head.IsEmpty || head.ContainsAnyInRange((byte)0x00, (byte)0x08) || head.ContainsAnyInRange((byte)0x0E, (byte)0x1A))
        {
            return null;
        }

        // The last character may be cut by the end of what is seen.
        for (int cut = 0; cut < 4 && cut < head.Length; cut++)
        {
            if (Utf8.IsValid(head[..^cut]))
            {
                return new ForeignMatch("text", "plain text", ForeignErrors.Text(artifact.Path));
            }
        }

        return null;
    }
}
