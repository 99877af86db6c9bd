using System.Text.RegularExpressions;

namespace LlmToolkit.Formats.Foreign;

/// <summary>A piece of a file that was cut by bytes for the upload; only the first piece begins like a model.</summary>
internal sealed partial class SplitPart : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes) =>
        !artifact.IsDirectory && Piece().IsMatch(artifact.Path)
            ? new ForeignMatch("split-part", "the name is that of a piece of a file", ForeignErrors.Piece(artifact.Path, Piece().Replace(Path.GetFileName(artifact.Path), "")))
            : null;

    [GeneratedRegex(@"(\.part-?\d+of\d+|\.(gguf|safetensors|bin)?-?(part|split)[-_.]?([a-z]{1,2}|\d{1,4})|(?<=\.(gguf|safetensors|bin))\.\d{2,3})$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Piece();
}
