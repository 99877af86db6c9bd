namespace LlmToolkit.Formats.Foreign;

/// <summary>A download that is not finished: told by the name, for the bytes are those of the model.</summary>
internal sealed class IncompleteDownload : ForeignRecogniser
{
    private static readonly string[] s_suffixes = [".incomplete", ".part", ".partial", ".crdownload", ".download", ".aria2"];

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        string? suffix = artifact.IsDirectory ? null : Array.Find(s_suffixes, s => artifact.Path.EndsWith(s, StringComparison.OrdinalIgnoreCase));
        return suffix is null ? null : new ForeignMatch("incomplete-download", $"the name ends in {suffix}", ForeignErrors.Incomplete(artifact.Path, suffix));
    }
}
