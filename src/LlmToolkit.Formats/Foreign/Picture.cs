namespace LlmToolkit.Formats.Foreign;

/// <summary>A picture, a sound or a document.</summary>
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
            [(byte)'O', (byte)'g', (byte)'g', (byte)'S', ..] => "Ogg",
            [(byte)'f', (byte)'L', (byte)'a', (byte)'C', ..] => "FLAC",
            [(byte)'I', (byte)'D', (byte)'3', >= 2 and <= 4, ..] => "MP3",
            [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => "MP4",
            [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, ..] => "Microsoft Office",
            [(byte)'I', (byte)'I', 0x2A, 0, ..] or [(byte)'M', (byte)'M', 0, 0x2A, ..] => "TIFF",
            _ => null,
        };
        return form is null ? null : new ForeignMatch("media", $"begins with the signature of {form}", ForeignErrors.Picture(artifact.Path, form));
    }
}
