using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace LlmToolkit;

/// <summary>A repository on the Hub: <c>[owner/]name[@revision][:file-or-quantization]</c>.</summary>
/// <remarks>Rules of the name: huggingface_hub, <c>utils/_validators.py</c>.</remarks>
public sealed partial record HubModelId
{
    private HubModelId(string repository, string? revision, string? selector) =>
        (Repository, Revision, Selector) = (repository, revision, selector);

    /// <summary><c>owner/name</c>, or <c>name</c> alone for the oldest models.</summary>
    public string Repository { get; }

    /// <summary>Branch, tag or commit after <c>@</c>; null: <c>main</c>.</summary>
    public string? Revision { get; }

    /// <summary>A file or a quantization after <c>:</c>; null: chosen by the toolkit.</summary>
    public string? Selector { get; }

    /// <summary>Reads an ID; false when the text cannot be one.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out HubModelId? id)
    {
        id = null;
        if (string.IsNullOrEmpty(text) || text.Length > 512)
        {
            return false;
        }

        string rest = text;
        string? selector = Cut(ref rest, ':');
        string? revision = Cut(ref rest, '@');
        if (selector is "" || revision is "" || (selector is not null && !IsPath(selector)) || !IsRepository(rest))
        {
            return false;
        }

        id = new HubModelId(rest, revision, selector);
        return true;
    }

    /// <summary>Reads an ID, or one of the forms in which people copy it: <c>hf://owner/name@revision/file</c>, <c>hf.co/owner/name:Q4_K_M</c>, <c>https://huggingface.co/owner/name/resolve/main/file</c>.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="endpoint">A mirror whose addresses mean the same; null: none.</param>
    /// <param name="id">The ID.</param>
    public static bool TryParseAny(string? text, Uri? endpoint, [NotNullWhen(true)] out HubModelId? id)
    {
        id = null;
        if (string.IsNullOrEmpty(text) || text.Length > 2048)
        {
            return false;
        }

        foreach (string start in (ReadOnlySpan<string>)["hf://models/", "hf://", "hf.co/", "huggingface.co/"])
        {
            if (text.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            {
                return TryParsePlace(text[start.Length..], isPage: !start.StartsWith("hf://", StringComparison.Ordinal), out id);
            }
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "https" or "http")
        {
            bool isHub = address.IdnHost is "huggingface.co" or "hf.co" || (endpoint is not null && address.IdnHost == endpoint.IdnHost && address.Port == endpoint.Port);
            string prefix = endpoint is not null && address.IdnHost == endpoint.IdnHost ? endpoint.AbsolutePath.TrimEnd('/') + "/" : "/";
            return isHub && address.AbsolutePath.StartsWith(prefix, StringComparison.Ordinal) && TryParsePlace(Uri.UnescapeDataString(address.AbsolutePath[prefix.Length..]), isPage: true, out id);
        }

        return TryParse(text, out id);
    }

    /// <summary><c>owner/name[@revision][/file]</c>, and of a page <c>owner/name/tree|blob|resolve/revision[/file]</c>.</summary>
    private static bool TryParsePlace(string place, bool isPage, [NotNullWhen(true)] out HubModelId? id)
    {
        string[] parts = place.TrimEnd('/').Split('/');
        id = null;
        if (parts.Length <= 2)
        {
            return TryParse(string.Join('/', parts), out id);
        }

        if (isPage && parts.Length >= 4 && parts[2] is "tree" or "blob" or "resolve" or "raw")
        {
            string file = string.Join('/', parts[4..]);
            return TryParse($"{parts[0]}/{parts[1]}@{parts[3]}{(file.Length > 0 && parts[2] != "tree" ? ":" + file : "")}", out id);
        }

        return !isPage && TryParse($"{parts[0]}/{parts[1]}:{string.Join('/', parts[2..])}", out id);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Repository + (Revision is null ? "" : "@" + Revision) + (Selector is null ? "" : ":" + Selector);

    private static string? Cut(ref string text, char separator)
    {
        int at = text.IndexOf(separator, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        string tail = text[(at + 1)..];
        text = text[..at];
        return tail;
    }

    /// <summary>A file's path stays within the repository, under the rules of every system; a quantization is one word.</summary>
    private static bool IsPath(string text) => !text.Contains('\\', StringComparison.Ordinal) && text.Split('/').All(part => part is not ("" or "." or ".."));

    private static bool IsRepository(string text) =>
        text.All(char.IsAscii)
        && Name().IsMatch(text)
        && !text.Contains("--", StringComparison.Ordinal)
        && !text.Contains("..", StringComparison.Ordinal)
        && !text.EndsWith(".git", StringComparison.Ordinal);

    [GeneratedRegex(@"^(\b[\w\-.]+\b/)?\b[\w\-.]{1,96}\b\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
