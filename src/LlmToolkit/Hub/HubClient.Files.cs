using System.Globalization;
using System.Net;

namespace LlmToolkit.Hub;

/// <content>Files: which version the Hub has, and its bytes.</content>
public sealed partial class HubClient
{
    /// <summary>Names that are shown beside one that does not exist.</summary>
    private const int MostNames = 5;

    /// <summary>Asks which version of a file the Hub has, and where its bytes are. The Hub counts this as a download of some files: not for those that will not be fetched.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="revision">Branch, tag or commit.</param>
    /// <param name="path">The file's path in the repository.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="ModelException">There is no such file (code LT6152), or the answer lacks or garbles commit, etag or size.</exception>
    public Task<HubFileVersion> VersionAsync(HubRepository repository, string revision, string path, CancellationToken cancellationToken = default)
    {
        Uri address = FileAddress(repository, revision, path);
        return _retry.RunAsync((_, token) => VersionOnceAsync(repository, revision, path, address, token), Progress, cancellationToken);
    }

    /// <summary>Opens a file, following the Hub's redirects. Tried once: reading is what breaks, so the caller's step is what is tried again.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="revision">Branch, tag or commit.</param>
    /// <param name="path">The file's path in the repository.</param>
    /// <param name="range">The part. Null: all.</param>
    /// <param name="bypassCaches">True: caches on the way ask the Hub anew.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<HubContent> OpenAsync(HubRepository repository, string revision, string path, HubRange? range = null, bool bypassCaches = false, CancellationToken cancellationToken = default)
    {
        HubRequest request = new(HttpMethod.Get, FileAddress(repository, revision, path)) { Range = Checked(range), BypassCaches = bypassCaches };
        try
        {
            HubAnswer answer = await AnswerAsync(request, cancellationToken).ConfigureAwait(false);
            return await OpenAsync(answer, range, Size(answer.Said.LinkedSize), path, null, cancellationToken).ConfigureAwait(false);
        }
        catch (ModelException e) when (e.Diagnostic.Code is "LT6151" or "LT6152")
        {
            throw await WithNamesAsync(e, repository, revision, path, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Opens exactly the version that was asked about. Where its address has expired a fresh one is asked for once; <see cref="HubContent.Version"/> then holds it. Tried once.</summary>
    /// <param name="version">From <see cref="VersionAsync"/>.</param>
    /// <param name="range">The part. Null: all.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="ModelException">Also: the file has another size or etag by now.</exception>
    public async Task<HubContent> OpenAsync(HubFileVersion version, HubRange? range = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(version);
        Checked(range);
        try
        {
            return await OpenOnceAsync(version, range, cancellationToken).ConfigureAwait(false);
        }
        catch (ModelException e) when (IsExpired(e, version))
        {
            // Signed addresses live for an hour or less.
        }

        HubFileVersion fresh = await VersionAsync(version.Repository, version.Commit, version.Path, cancellationToken).ConfigureAwait(false);
        if (fresh.Etag != version.Etag || fresh.Size != version.Size)
        {
            throw HubErrors.Contradiction(HubFaults.What(FileAddress(version.Repository, version.Commit, version.Path)), $"the etag was {version.Etag} and is {fresh.Etag}, of the same commit");
        }

        return await OpenOnceAsync(fresh, range, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a file at a plain address. It never gets a token. Tried once.</summary>
    /// <param name="address">An http or https address.</param>
    /// <param name="range">The part. Null: all.</param>
    /// <param name="ifRange">The strong etag, with its quotes, that the part must still belong to; of another version the whole comes. Null: no condition.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<HubContent> OpenUrlAsync(Uri address, HubRange? range = null, string? ifRange = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
        {
            throw HubErrors.NotWeb(address.IsAbsoluteUri ? address.Scheme : "a relative address");
        }

        HubRequest request = new(HttpMethod.Get, address) { Authorize = false, Range = Checked(range), IfRange = ifRange };
        HubAnswer answer = await AnswerAsync(request, cancellationToken).ConfigureAwait(false);
        return await BodyAsync(answer, range, null, HubFacts.Header(answer.Response, "ETag"), null, cancellationToken).ConfigureAwait(false);
    }

    private static HubRange? Checked(HubRange? range)
    {
        if (range is { } part)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(part.Offset, nameof(range));
            ArgumentOutOfRangeException.ThrowIfLessThan(part.Length ?? 1, 1, nameof(range));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(part.Length ?? 1, long.MaxValue - part.Offset, nameof(range));
        }

        return range;
    }

    private static bool IsExpired(ModelException exception, HubFileVersion version) =>
        exception.InnerException is HubStatusException { Status: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.Gone } && version.Location.Query.Length > 0;

    private static long? Size(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long size) ? size : null;

    private Uri FileAddress(HubRepository repository, string revision, string path)
    {
        ArgumentNullException.ThrowIfNull(repository);
        return HubPaths.IsSafeFile(path)
            ? new Uri($"{Base}/{repository.UrlPath}/resolve/{HubPaths.EncodeRevision(Revision(revision))}/{HubPaths.EncodePath(path)}")
            : throw new ArgumentException($"\"{path}\" cannot be a file of a repository.", nameof(path));
    }

    private async Task<HubContent> OpenOnceAsync(HubFileVersion version, HubRange? range, CancellationToken cancellationToken)
    {
        HubAnswer answer = await AnswerAsync(new HubRequest(HttpMethod.Get, version.Location) { Range = range }, cancellationToken).ConfigureAwait(false);
        return await OpenAsync(answer, range, version.Size, version.Path, version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a file of the Hub; a page for people is none.</summary>
    private async Task<HubContent> OpenAsync(HubAnswer answer, HubRange? range, long? size, string path, HubFileVersion? version, CancellationToken cancellationToken)
    {
        bool isPage = answer.Response.Content.Headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml";
        // The storage types what it gives by its own lights, but never as a page.
        if (isPage && (answer.Said.Commit is null || !_transport.IsHub(answer.Address)) && !path.EndsWith(".html", StringComparison.OrdinalIgnoreCase) && !path.EndsWith(".htm", StringComparison.OrdinalIgnoreCase))
        {
            using (answer)
            {
                throw HubErrors.NotHubAnswer(HubFaults.What(answer.Address), "a web page instead of the file");
            }
        }

        return await BodyAsync(answer, range, size, answer.Etag, version, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HubContent> BodyAsync(HubAnswer answer, HubRange? range, long? size, string? etag, HubFileVersion? version, CancellationToken cancellationToken)
    {
        StallWatch watch = _transport.Watch();
        try
        {
            return await HubBody.OpenAsync(answer, range, size, watch, etag, version, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            watch.Dispose();
            answer.Dispose();
            throw;
        }
    }

    private async Task<HubFileVersion> VersionOnceAsync(HubRepository repository, string revision, string path, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using HubAnswer answer = await AnswerAsync(new HubRequest(HttpMethod.Head, address) { StaysAtHub = true }, cancellationToken).ConfigureAwait(false);
            return VersionOf(answer, repository, path, HubFaults.What(address));
        }
        catch (ModelException e) when (e.Diagnostic.Code is "LT6151" or "LT6152")
        {
            throw await WithNamesAsync(e, repository, revision, path, cancellationToken).ConfigureAwait(false);
        }
    }

    private static HubFileVersion VersionOf(HubAnswer answer, HubRepository repository, string path, string what)
    {
        HttpResponseMessage response = answer.Response;
        bool isRedirect = answer.Location is not null;
        // The storage's own etag and length are others': only the Hub's words count where the bytes lie elsewhere.
        string? etag = HubFacts.Etag(isRedirect ? answer.Said.LinkedEtag : answer.Etag);
        bool isPlain = !isRedirect && response.Content.Headers.ContentEncoding.Count == 0;
        string? size = answer.Said.LinkedSize ?? (isPlain ? response.Content.Headers.ContentLength?.ToString(CultureInfo.InvariantCulture) : null);
        string missing = string.Join(", ", new[] { answer.Said.Commit is null ? "X-Repo-Commit" : null, etag is null ? "ETag" : null, size is null ? "X-Linked-Size and Content-Length" : null }.OfType<string>());
        if (missing.Length > 0)
        {
            throw HubErrors.MissingHeaders(what, missing, $"HTTP {(int)response.StatusCode} from {HubFaults.What(answer.Address)}, {response.Content.Headers.ContentType?.MediaType ?? "no type"}");
        }

        return new HubFileVersion
        {
            Repository = repository,
            Path = path,
            Commit = HubPaths.IsCommit(answer.Said.Commit) ? answer.Said.Commit! : throw HubErrors.BadName("commit", answer.Said.Commit!, what),
            Etag = HubPaths.IsSafeEtag(etag) ? etag! : throw HubErrors.BadName("etag", etag!, what),
            Size = Size(size) ?? throw HubErrors.BadName("size", size!, what),
            Location = answer.Location ?? answer.Address,
            XetHash = HubFacts.Etag(answer.Said.XetHash) is { Length: 64 } xet && xet.All(char.IsAsciiHexDigit) ? xet : null,
        };
    }

    /// <summary>Adds the branches and tags to the word that there is no such revision; without them where they cannot be had.</summary>
    private async Task<ModelException> WithRefsAsync(ModelException exception, HubRepository repository, CancellationToken cancellationToken)
    {
        try
        {
            HubRefs refs = await WithoutRetries.RefsAsync(repository, cancellationToken).ConfigureAwait(false);
            return WithFix(exception, "Its branches", refs.Branches.Select(r => r.Name), WithFix(exception, "Its tags", refs.Tags.Select(r => r.Name)).Diagnostic);
        }
        catch (ModelException)
        {
            return exception;
        }
    }

    /// <summary>Adds what there is to the word that there is no such revision or file.</summary>
    private async Task<ModelException> WithNamesAsync(ModelException exception, HubRepository repository, string revision, string path, CancellationToken cancellationToken)
    {
        if (exception.Diagnostic.Code == "LT6151")
        {
            return await WithRefsAsync(exception, repository, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            HubListing listing = await WithoutRetries.ListAsync(repository, revision, null, cancellationToken).ConfigureAwait(false);
            return WithFix(exception, "Names like it", NearNames.Of(path, listing.Files.Select(f => f.Path), MostNames));
        }
        catch (ModelException)
        {
            return exception;
        }
    }

    private static ModelException WithFix(ModelException exception, string kind, IEnumerable<string> names, Diagnostic? diagnostic = null)
    {
        diagnostic ??= exception.Diagnostic;
        string[] some = [.. names.Take(MostNames)];
        return some.Length == 0 ? new ModelException(diagnostic, exception.InnerException)
            : new ModelException(diagnostic with { Fixes = [$"{kind}: {string.Join(", ", some)}.", .. diagnostic.Fixes] }, exception.InnerException);
    }
}
