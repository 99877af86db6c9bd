using System.Text;
using System.Text.Unicode;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign;

/// <summary>Text of any other kind, in UTF-8 or with the mark of UTF-16.</summary>
internal sealed class PlainText : ForeignRecogniser
{
    private const int ShownBytes = 160;

    /// <summary>Files that lie beside the weights, and what they are.</summary>
    private static readonly (string Name, string Part)[] s_parts =
    [
        ("README.md", "a description"), ("LICENSE", "a licence"), ("LICENSE.txt", "a licence"), ("merges.txt", "a part of the tokenizer"), ("vocab.txt", "the tokenizer's vocabulary"),
        ("chat_template.jinja", "the chat template"), ("Modelfile", "a recipe of Ollama, which names the model in its FROM line"), (".gitattributes", "a list of Git"),
    ];

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ReadOnlySpan<byte> head = bytes.Head;
        if (head is [0xFF, 0xFE, _, _, ..] or [0xFE, 0xFF, _, _, ..])
        {
            Encoding encoding = head[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode;
            string text = encoding.GetString(head[2..(Math.Min(head.Length, ShownBytes) & ~1)]);
            bool isText = !text.Any(c => char.IsControl(c) && c is not ('\t' or '\r' or '\n')) && !text.Contains('\uFFFD', StringComparison.Ordinal);
            return isText ? new ForeignMatch("text", "text in UTF-16", ForeignErrors.Text(artifact.Path, "UTF-16: " + Shown.Text(text))) : null;
        }

        if (head.IsEmpty || head.ContainsAnyInRange((byte)0x00, (byte)0x08) || head.ContainsAnyInRange((byte)0x0E, (byte)0x1A))
        {
            return null;
        }

        // The last character may be cut by the end of what is seen.
        for (int cut = 0; cut < 4 && cut < head.Length; cut++)
        {
            if (!Utf8.IsValid(head[..^cut]))
            {
                continue;
            }

            string name = Path.GetFileName(artifact.Path);
            string? part = Array.Find(s_parts, p => name.Equals(p.Name, StringComparison.OrdinalIgnoreCase)).Part;
            string begin = Shown.Text(Encoding.UTF8.GetString(TextStart.Of(head)[..Math.Min(ShownBytes, TextStart.Of(head).Length)]).Split('\n')[0].TrimEnd('\r', '\uFFFD'));
            return new ForeignMatch("text", "plain text", part is null ? ForeignErrors.Text(artifact.Path, begin) : ForeignErrors.PartOfModel(artifact.Path, part, artifact.Directory));
        }

        return null;
    }
}
