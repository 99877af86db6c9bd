namespace LlmToolkit.Formats.Foreign;

/// <summary>A file of 0 bytes, or a directory without files.</summary>
internal sealed class EmptyFile : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (artifact.IsDirectory)
        {
            bool isEmpty = artifact.Files.Count == 0 && !Directory.EnumerateDirectories(artifact.Path).Any();
            return isEmpty ? new ForeignMatch("empty", "a directory without files", ForeignErrors.EmptyDirectory(artifact.Path)) : null;
        }

        return artifact.Files[0].Length == 0 ? new ForeignMatch("empty", "0 bytes", ForeignErrors.Empty(artifact.Path)) : null;
    }
}
