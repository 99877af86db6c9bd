namespace LlmToolkit.Diagnosis.Explainers;

/// <summary>What an address of the Hub is about. Its query is never looked at: a signature or token may stand there.</summary>
/// <param name="Repository"><c>owner/name</c>; for an address of another form its host and path.</param>
/// <param name="Revision">The revision named; null: none is.</param>
/// <param name="File">The file named; null: none is.</param>
internal sealed record HubAddress(string Repository, string? Revision = null, string? File = null)
{
    private static readonly string[] s_kinds = ["models", "datasets", "spaces"];
    private static readonly string[] s_ofFiles = ["resolve", "raw", "blob"];
    private static readonly string[] s_ofRevisions = ["revision", "tree", "paths-info", "xet-read-token"];

    /// <summary>Reads an address; null: what was asked for is not known.</summary>
    public static HubAddress Of(Uri? address)
    {
        if (address is null)
        {
            return new("what was asked for");
        }

        if (!address.IsAbsoluteUri)
        {
            return new(address.OriginalString.Split('?')[0]);
        }

        string[] parts = [.. address.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];
        int api = Array.IndexOf(parts, "api");
        if (api >= 0 && api + 2 < parts.Length && s_kinds.Contains(parts[api + 1], StringComparer.Ordinal))
        {
            int end = Array.FindIndex(parts, api + 3, p => s_ofRevisions.Contains(p, StringComparer.Ordinal));
            string repository = string.Join('/', parts[(api + 2)..Math.Min(api + 4, end < 0 ? parts.Length : end)]);
            return new(repository, end < 0 || end + 1 >= parts.Length ? null : parts[end + 1]);
        }

        int at = Array.FindIndex(parts, p => s_ofFiles.Contains(p, StringComparer.Ordinal));
        return at > 0 && at + 2 < parts.Length
            ? new(string.Join('/', parts[Math.Max(0, at - 2)..at]), parts[at + 1], string.Join('/', parts[(at + 2)..]))
            : new(address.Host + address.AbsolutePath);
    }
}
