using System.Text;

namespace LlmToolkit.Formats.Foreign;

/// <summary>The note that Git keeps in place of a large file. Specification: git-lfs, docs/spec.md.</summary>
internal sealed class GitLfsPointer : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (!bytes.Head.StartsWith("version https://git-lfs.github.com/spec/"u8))
        {
            return null;
        }

        // "size" and digits on a line of their own.
        int at = bytes.Head.IndexOf("\nsize "u8);
        ReadOnlySpan<byte> digits = at < 0 ? [] : bytes.Head[(at + 6)..];
        int end = digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = end < 0 ? digits : digits[..end];
        string? size = digits.Length is > 0 and < 20 ? Encoding.ASCII.GetString(digits) : null;
        return new ForeignMatch("git-lfs-pointer", "begins with the line of a Git LFS pointer", ForeignErrors.LfsPointer(artifact.Path, size));
    }
}
