using System.Globalization;
using System.Text;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign;

/// <summary>The note that Git keeps in place of a large file. Specification: git-lfs, docs/spec.md.</summary>
internal sealed class GitLfsPointer : ForeignRecogniser
{
    /// <summary>Characters of a SHA-256.</summary>
    private const int HashLength = 64;

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ReadOnlySpan<byte> text = TextStart.Of(bytes.Head);
        if (!text.StartsWith("version https://git-lfs.github.com/spec/"u8) && !text.StartsWith("version https://hawser.github.com/spec/"u8))
        {
            return null;
        }

        string? size = long.TryParse(Value(text, "\nsize "u8), NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? Shown.Bytes(count) : null;
        string? hash = Value(text, "\noid sha256:"u8) is { Length: HashLength } hex && hex.All(char.IsAsciiHexDigit) ? hex : null;
        return new ForeignMatch("git-lfs-pointer", "begins with the line of a Git LFS pointer", ForeignErrors.LfsPointer(artifact.Path, size, hash));
    }

    /// <summary>What follows a word at the beginning of a line, up to its end.</summary>
    private static string? Value(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        int at = text.IndexOf(word);
        if (at < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = text[(at + word.Length)..];
        int end = rest.IndexOfAny("\r\n"u8);
        rest = end < 0 ? rest : rest[..end];
        return rest.Length <= HashLength ? Encoding.ASCII.GetString(rest) : null;
    }
}
