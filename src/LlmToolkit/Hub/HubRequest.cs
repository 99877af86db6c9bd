using System.Globalization;
using System.Net.Http.Headers;

namespace LlmToolkit.Hub;

/// <summary>One request, whatever number of hops it takes.</summary>
/// <param name="Method">GET or HEAD.</param>
/// <param name="Address">Where it begins.</param>
internal sealed record HubRequest(HttpMethod Method, Uri Address)
{
    /// <summary>False: no token, wherever it goes. Default: one to the endpoint.</summary>
    public bool Authorize { get; init; } = true;

    /// <summary>True: a redirect that leaves the Hub is the answer, not a way.</summary>
    public bool StaysAtHub { get; init; }

    /// <summary>The part that is asked for.</summary>
    public HubRange? Range { get; init; }

    /// <summary>The etag that the part must still belong to, with its quotes.</summary>
    public string? IfRange { get; init; }

    /// <summary>True: caches on the way are to ask the server anew.</summary>
    public bool BypassCaches { get; init; }

    /// <summary>Told what the Hub warns of. Null: the client's own listener.</summary>
    public IProgress<HubProgress>? Progress { get; init; }

    /// <summary>The message for one hop; a range and its condition go along, a token does not.</summary>
    public HttpRequestMessage Message(Uri address)
    {
        HttpRequestMessage message = new(Method, address);
        // Compressed bytes have other lengths and ranges than the file.
        message.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        if (Range is { } range)
        {
            message.Headers.TryAddWithoutValidation("Range", string.Create(CultureInfo.InvariantCulture, $"bytes={range.Offset}-{range.Offset + range.Length - 1}"));
            if (IfRange is not null)
            {
                message.Headers.TryAddWithoutValidation("If-Range", IfRange);
            }
        }

        if (BypassCaches)
        {
            message.Headers.CacheControl = new CacheControlHeaderValue { NoCache = true };
        }

        return message;
    }
}

/// <summary>The answer to a request, and what the Hub said on the way to it.</summary>
/// <param name="Response">The last answer; its body is not read yet.</param>
/// <param name="Address">Where it is from.</param>
/// <param name="TokenSent">True when the last hop carried the token.</param>
/// <param name="IsHub">True when the Hub itself answered, not the server that stores its files or any other.</param>
/// <param name="Said">The file's facts as the Hub's own hops told them.</param>
/// <param name="Location">Where a redirect leads that was not followed; null: the answer is the file's or an error.</param>
internal sealed record HubAnswer(HttpResponseMessage Response, Uri Address, bool TokenSent, bool IsHub, HubFacts Said, Uri? Location) : IDisposable
{
    /// <summary>The Hub's etag as it came. Null where it led to a storage and said none itself: what that calls a file is not what the Hub does.</summary>
    public string? Etag => Said.LinkedEtag ?? (IsHub ? HubFacts.Header(Response, "ETag") : null);

    /// <inheritdoc/>
    public void Dispose() => Response.Dispose();
}

/// <summary>What headers of the Hub say about a file. Texts as they came: not judged.</summary>
/// <param name="Commit"><c>X-Repo-Commit</c>.</param>
/// <param name="LinkedEtag"><c>X-Linked-Etag</c>.</param>
/// <param name="LinkedSize"><c>X-Linked-Size</c>.</param>
/// <param name="XetHash"><c>X-Xet-Hash</c>.</param>
internal sealed record HubFacts(string? Commit = null, string? LinkedEtag = null, string? LinkedSize = null, string? XetHash = null)
{
    /// <summary>Nothing was said.</summary>
    public static HubFacts None { get; } = new();

    /// <summary>Adds what an answer says; the later hop wins.</summary>
    public HubFacts With(HttpResponseMessage response) => new(
        Header(response, "X-Repo-Commit") ?? Commit, Header(response, "X-Linked-Etag") ?? LinkedEtag, Header(response, "X-Linked-Size") ?? LinkedSize, Header(response, "X-Xet-Hash") ?? XetHash);

    /// <summary>A header's value; null where it is missing or empty. A header that came twice is joined, as HTTP has it, and then fits nothing.</summary>
    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) && string.Join(", ", values.Distinct(StringComparer.Ordinal)).Trim() is { Length: > 0 } value ? value : null;

    /// <summary>An etag without <c>W/</c> and quotes; hexadecimal ones in lower case, as the cache names them. Null for none.</summary>
    public static string? Etag(string? header)
    {
        string? etag = header?.Trim();
        if (etag is not null && etag.StartsWith("W/", StringComparison.Ordinal))
        {
            etag = etag[2..];
        }

        if (etag is ['"', .., '"'])
        {
            etag = etag[1..^1];
        }

        return etag is null or "" ? null : (etag.Length is 40 or 64) && etag.All(char.IsAsciiHexDigit) ? etag.ToLowerInvariant() : etag;
    }
}
