namespace LlmToolkit.Formats.Foreign;

/// <summary>A page or an XML error document that was saved under a model's name.</summary>
internal sealed class WebPage : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ReadOnlySpan<byte> text = TextStart.Of(bytes.Head);
        if (TextStart.BeginsWith(text, "<?xml") || TextStart.BeginsWith(text, "<error"))
        {
            bool isPage = text.IndexOf("<html"u8) >= 0 || text.IndexOf("<!DOCTYPE html"u8) >= 0;
            string name = isPage ? "html" : "xml";
            return new ForeignMatch(name, $"begins like {name}", ForeignErrors.Html(artifact.Path, name));
        }

        bool begins = TextStart.BeginsWith(text, "<!doctype html") || TextStart.BeginsWith(text, "<html") || TextStart.BeginsWith(text, "<head") || TextStart.BeginsWith(text, "<body")
            || TextStart.BeginsWith(text, "<!--");
        return begins ? new ForeignMatch("html", "begins like an HTML page", ForeignErrors.Html(artifact.Path, "html")) : null;
    }
}
