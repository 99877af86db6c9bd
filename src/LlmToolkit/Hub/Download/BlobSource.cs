using System.Net;

namespace LlmToolkit.Hub;

/// <summary>Opens parts of one file and lets no part of another version through: each answer must fit the listing.</summary>
internal sealed class BlobSource(HubClient client, HubRepository repository, string commit, HubFile file, string etag)
{
    private HubFileVersion? _version;

    /// <summary>The file in messages.</summary>
    public string What => $"{repository}/{file.Path}";

    /// <summary>True: caches on the way are to ask the server anew.</summary>
    public bool BypassCaches { get; set; }

    /// <summary>Opens a part; from its beginning, or from the file's where the server ignores ranges.</summary>
    /// <exception cref="ModelException">No answer, a refusal, or an answer that contradicts the listing.</exception>
    public async Task<HubContent> OpenAsync(HubRange? range, CancellationToken cancellationToken)
    {
        HubContent content = await OpenAnyAsync(range, cancellationToken).ConfigureAwait(false);
        try
        {
            Judge(content, range);
            return content;
        }
        catch
        {
            await content.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<HubContent> OpenAnyAsync(HubRange? range, CancellationToken cancellationToken)
    {
        // The signed address is known after the first part: one hop less, and no request to the Hub a part.
        if (_version is { } version && range is { } part && !BypassCaches)
        {
            try
            {
                return await client.OpenAsync(version, part, cancellationToken).ConfigureAwait(false);
            }
            catch (ModelException e) when (e.InnerException is HubStatusException { Status: HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.BadRequest })
            {
                // Expired, or moved to another store: the Hub tells the new place.
                _version = null;
            }
        }

        try
        {
            return await client.OpenAsync(repository, commit, file.Path, range, BypassCaches, cancellationToken).ConfigureAwait(false);
        }
        catch (ModelException e) when (e.Diagnostic.Code == "LT6017")
        {
            // The storage refused the address that the Hub had just signed: some are stale in a cache. A second one is asked for, past the caches.
            return await client.OpenAsync(repository, commit, file.Path, range, bypassCaches: true, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Judge(HubContent content, HubRange? range)
    {
        if (content.Version is null && content.Commit is { } told && told != commit)
        {
            throw CacheErrors.Disagreement(What, "commit", commit, told);
        }

        // The storage has etags of its own: only one that the Hub gave for the file counts.
        if (content.Version is null && etag.Length > 0 && content.Etag is { } hash && hash != etag && hash != file.XetHash)
        {
            throw CacheErrors.Disagreement(What, "etag", etag, hash);
        }

        if (content.Total is { } total && total != file.Size)
        {
            throw CacheErrors.Disagreement(What, "size", FormattableString.Invariant($"{file.Size}"), FormattableString.Invariant($"{total}"));
        }

        if (content.IsPartial && range is { } asked && content.Offset != asked.Offset)
        {
            throw CacheErrors.WrongRange(What, asked.Offset, content.Offset);
        }

        if (content.IsPartial && content.Version is null && range is not null)
        {
            _version = new HubFileVersion { Repository = repository, Path = file.Path, Commit = commit, Etag = etag, Size = file.Size, Location = content.Address, XetHash = file.XetHash };
        }
        else if (content.Version is { } fresh)
        {
            _version = fresh;
        }
    }
}
