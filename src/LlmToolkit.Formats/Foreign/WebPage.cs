using System.Net;
using System.Text;
using LlmToolkit.Formats.Shared;

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
            return new ForeignMatch(name, $"begins like {name}", ForeignErrors.Html(artifact.Path, name, Between(text, "<title") ?? Between(text, "<Message") ?? Between(text, "<Code")));
        }

        bool begins = TextStart.BeginsWith(text, "<!doctype html") || TextStart.BeginsWith(text, "<html") || TextStart.BeginsWith(text, "<head") || TextStart.BeginsWith(text, "<body")
            || TextStart.BeginsWith(text, "<!--");
        return begins ? new ForeignMatch("html", "begins like an HTML page", ForeignErrors.Html(artifact.Path, "html", Between(text, "<title"))) : null;
    }

    /// <summary>The text of the first element of that name; null: there is none in what is seen.</summary>
    private static string? Between(ReadOnlySpan<byte> text, string begin)
    {
        string all = Encoding.UTF8.GetString(text);
        int at = all.IndexOf(begin, StringComparison.OrdinalIgnoreCase);
        int from = at < 0 ? -1 : all.IndexOf('>', at);
        int to = from < 0 ? -1 : all.IndexOf("</", from, StringComparison.Ordinal);
        if (to < 0)
        {
            return null;
        }

        string words = string.Join(' ', WebUtility.HtmlDecode(all[(from + 1)..to]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return words.Length == 0 ? null : Shown.Text(words);
    }
}
