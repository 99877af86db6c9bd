using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace LlmToolkit.Hub;

/// <summary>Opens the body of an answer: checks what it says of its length and part before a byte is read.</summary>
internal static class HubBody
{
    /// <summary>Opens it; the answer's response is the content's from here on.</summary>
    /// <param name="answer">An answer of success to a GET.</param>
    /// <param name="range">The part that was asked for; null: all.</param>
    /// <param name="size">Bytes of the whole file, where the Hub told them; null: not known.</param>
    /// <param name="watch">Notices stalls; the content's from here on.</param>
    /// <param name="etag">The content's etag as it came; null: not known.</param>
    /// <param name="version">Kept for the reader; null: opened otherwise.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ModelException">The answer is of another part, of another size, or packed in a way that cannot be undone.</exception>
    public static async Task<HubContent> OpenAsync(HubAnswer answer, HubRange? range, long? size, StallWatch watch, string? etag, HubFileVersion? version, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = answer.Response;
        string what = HubFaults.What(answer.Address);
        HttpContentHeaders headers = response.Content.Headers;
        bool isPartial = response.StatusCode == HttpStatusCode.PartialContent;
        string encoding = string.Join(", ", headers.ContentEncoding.Where(e => !e.Equals("identity", StringComparison.OrdinalIgnoreCase))).ToLowerInvariant();
        if (isPartial && encoding.Length > 0)
        {
            // A part of what is packed cannot be unpacked, and is no part of the file.
            throw HubErrors.Encoded(what, encoding);
        }

        (long offset, long? total, long? ofRange) = isPartial ? Part(headers, range, size, what) : (0, null, null);
        long? framed = encoding.Length > 0 ? null : headers.ContentLength;
        if (isPartial && framed is { } length && length != ofRange)
        {
            throw HubErrors.WrongRange(what, Asked(range), FormattableString.Invariant($"{headers.ContentRange} with {length} bytes"));
        }

        if (!isPartial)
        {
            total = framed ?? size;
            if (framed is { } all && size is { } promised && all != promised)
            {
                throw HubFaults.WrongLength(what, promised, FormattableString.Invariant($"{all} are announced"));
            }
        }

        // A part that was ignored is no reason to throw the answer away: the reader may want the whole instead.
        long? expected = isPartial ? ofRange : total;
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return new HubContent(response, Unpacked(stream, encoding, what), expected, framed is not null, watch)
        {
            Address = answer.Address,
            Offset = offset,
            Total = total ?? size,
            IsPartial = isPartial,
            Version = version,
            Commit = HubPaths.IsCommit(answer.Said.Commit) ? answer.Said.Commit : null,
            Etag = HubFacts.Etag(etag),
            StrongEtag = etag is ['"', _, .., '"'] ? etag : null,
        };
    }

    /// <summary>What a 206 gives, if it is what was asked for.</summary>
    private static (long Offset, long? Total, long? Length) Part(HttpContentHeaders headers, HubRange? range, long? size, string what)
    {
        ContentRangeHeaderValue? given = headers.ContentRange;
        ModelException Wrong(string got) => HubErrors.WrongRange(what, Asked(range), got);
        if (range is not { } asked)
        {
            throw Wrong("a part");
        }

        if (given is not { HasRange: true, From: { } from, To: { } to } || !given.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase))
        {
            throw Wrong(given?.ToString() ?? headers.ContentType?.MediaType ?? "no Content-Range");
        }

        // A shorter part is allowed: the rest is asked for again.
        return from == asked.Offset && (asked.Length is not { } length || to < asked.Offset + length) && (given.Length is not { } total || (to < total && (size is null || total == size)))
            ? (from, given.Length ?? size, to - from + 1)
            : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"{given}{(size is null ? "" : $" of a file of {size} bytes")}"));
    }

    private static Stream Unpacked(Stream stream, string encoding, string what) => encoding switch
    {
        "" => stream,
        // The reader of the content takes no more of it than was promised, however much it unpacks to.
        "gzip" or "x-gzip" => new GZipStream(stream, CompressionMode.Decompress),
        "deflate" => new ZLibStream(stream, CompressionMode.Decompress),
        "br" => new BrotliStream(stream, CompressionMode.Decompress),
        _ => throw HubErrors.Encoded(what, encoding),
    };

    private static string Asked(HubRange? range) =>
        range is { } asked ? string.Create(CultureInfo.InvariantCulture, $"bytes {asked.Offset}-{asked.Offset + asked.Length - 1}") : "the whole";
}
