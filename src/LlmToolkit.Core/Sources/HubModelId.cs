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
        if (selector is "" || revision is "" || !IsRepository(rest))
        {
            return false;
        }

        id = new HubModelId(rest, revision, selector);
        return true;
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

    private static bool IsRepository(string text) =>
        text.All(char.IsAscii)
        && Name().IsMatch(text)
        && !text.Contains("--", StringComparison.Ordinal)
        && !text.Contains("..", StringComparison.Ordinal)
        && !text.EndsWith(".git", StringComparison.Ordinal);

    [GeneratedRegex(@"^(\b[\w\-.]+\b/)?\b[\w\-.]{1,96}\b\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
