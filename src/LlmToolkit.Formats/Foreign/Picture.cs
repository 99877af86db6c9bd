namespace LlmToolkit.Formats.Foreign;

/// <summary>A picture or a document.</summary>
internal sealed class Picture : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        string? form = bytes.Head switch
        {
            [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => "PNG",
            [0xFF, 0xD8, 0xFF, ..] => "JPEG",
            [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => "GIF",
            [(byte)'%', (byte)'P', (byte)'D', (byte)'F', ..] => "PDF",
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] => "RIFF",
            _ => null,
        };
        return form is null ? null : new ForeignMatch("media", $"begins with the signature of {form}", ForeignErrors.Picture(artifact.Path, form));
    }
}
