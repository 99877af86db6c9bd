using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace LlmToolkit.Testing;

/// <content>Files: their addresses at the Hub, their redirects, their bytes.</content>
internal sealed partial class FakeExchange
{
    /// <summary><c>owner/name/resolve/revision/path</c> and <c>raw</c>.</summary>
    private Task FileAsync(string place)
    {
        string? kind = place.Contains("/resolve/", StringComparison.Ordinal) ? "/resolve/" : place.Contains("/raw/", StringComparison.Ordinal) ? "/raw/" : null;
        if (kind is null)
        {
            return ErrorAsync(404, null, "Not found");
        }

        int at = place.IndexOf(kind, StringComparison.Ordinal);
        string id = place[..at];
        if (Refused(id, readsFiles: true) is { } refusal)
        {
            return refusal;
        }

        FakeRepository repository = hub.Find(id)!;
        string rest = place[(at + kind.Length)..];
        if (Split(repository, rest) is not ({ } revision, { } path))
        {
            return ErrorAsync(404, "RevisionNotFound", "Invalid rev id");
        }

        string commit = repository.CommitOf(revision)!;
        Response.Headers["X-Repo-Commit"] = commit;
        if (!repository.Files(commit).TryGetValue(path, out FakeFile? file))
        {
            return ErrorAsync(404, "EntryNotFound", "Entry not found");
        }

        if (kind == "/raw/" && repository.IsLarge(path, file))
        {
            return TextAsync(200, FormattableString.Invariant($"version https://git-lfs.github.com/spec/v1\noid sha256:{file.Sha256}\nsize {file.Length}\n"), "text/plain");
        }

        if (!repository.IsLarge(path, file))
        {
            return kind == "/raw/" ? ContentAsync(file, file.GitHash)
                : RedirectAsync(307, $"/api/resolve-cache/models/{id}/{commit}/{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}");
        }

        Response.Headers["X-Linked-Etag"] = $"\"{file.Sha256}\"";
        Response.Headers["X-Linked-Size"] = Number(file.Length);
        Response.Headers.ETag = $"\"{file.Sha256}\"";
        if (repository.HasChunks)
        {
            Response.Headers["X-Xet-Hash"] = Chunks(file);
            Response.Headers.Append("Link", $"<{hub.Endpoint}api/models/{id}/xet-read-token/{commit}>; rel=\"xet-auth\", <{hub.DataOrigin}v1/reconstructions/{Chunks(file)}>; rel=\"xet-reconstruction-info\"");
        }

        long until = DateTimeOffset.UtcNow.Add(hub.Options.AddressLifetime).ToUnixTimeMilliseconds();
        return RedirectAsync(302, $"{hub.DataOrigin}{id}/{commit}/{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}?Expires={Number(until)}&Signature=fake");
    }

    /// <summary><c>owner/name/commit/path</c>: small files, from the Hub itself.</summary>
    private Task ResolvedAsync(string place) => Located(place) is ({ } repository, { } commit, { } file)
        ? SmallAsync(repository, commit, file)
        : ErrorAsync(404, "EntryNotFound", "Entry not found");

    private Task SmallAsync(FakeRepository repository, string commit, FakeFile file)
    {
        if (Refused(repository.Id, readsFiles: true) is { } refusal)
        {
            return refusal;
        }

        Response.Headers["X-Repo-Commit"] = commit;
        return ContentAsync(file, file.GitHash);
    }

    /// <summary>Large files, from another origin, at an address that expires.</summary>
    private Task DataAsync(string path)
    {
        if (!long.TryParse(context.Request.Query["Expires"], CultureInfo.InvariantCulture, out long until) || until < DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())
        {
            return TextAsync(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", "application/xml");
        }

        return Located(path.TrimStart('/')) is (_, _, { } file) ? ContentAsync(file, "storage-" + file.Sha256[..16]) : TextAsync(404, "", "text/plain");
    }

    private (FakeRepository? Repository, string? Commit, FakeFile? File) Located(string place)
    {
        foreach (FakeRepository repository in hub.Repositories)
        {
            if (place.StartsWith(repository.Id + "/", StringComparison.Ordinal) && place.Length > repository.Id.Length + 42)
            {
                string commit = place.Substring(repository.Id.Length + 1, 40);
                if (repository.CommitOf(commit) is not null && repository.Files(commit).TryGetValue(place[(repository.Id.Length + 42)..], out FakeFile? file))
                {
                    return (repository, commit, file);
                }
            }
        }

        return default;
    }

    private Task ContentAsync(FakeFile file, string etag)
    {
        Response.Headers.ETag = $"\"{etag}\"";
        Response.Headers.AcceptRanges = "bytes";
        Response.ContentType = "application/octet-stream";
        if (context.Request.Headers.IfNoneMatch.ToString().Contains(etag, StringComparison.Ordinal))
        {
            Response.StatusCode = 304;
            return Task.CompletedTask;
        }

        bool isSame = context.Request.Headers.IfRange.Count == 0 || context.Request.Headers.IfRange.ToString() == $"\"{etag}\"";
        (long from, long to)? part = isSame && hub.FaultOf(request, FakeFaultKind.IgnoreRange) is null ? Part(file.Length) : null;
        if (part is null)
        {
            return BodyAsync(file.Open(0), file.Length, file.Length);
        }

        (long first, long end) = part.Value;
        if (first >= file.Length)
        {
            Response.StatusCode = 416;
            Response.Headers.ContentRange = $"bytes */{Number(file.Length)}";
            return BodyAsync(Stream.Null, 0, null);
        }

        FakeFault? fault = hub.FaultOf(request, FakeFaultKind.WrongRange, FakeFaultKind.WrongTotal, FakeFaultKind.NoContentRange);
        long shift = fault?.Kind == FakeFaultKind.WrongRange ? fault.Count : 0;
        long more = fault?.Kind == FakeFaultKind.WrongTotal ? fault.Count : 0;
        Response.StatusCode = 206;
        if (fault?.Kind != FakeFaultKind.NoContentRange)
        {
            Response.Headers.ContentRange = $"bytes {Number(first + shift)}-{Number(end + shift - 1)}/{Number(file.Length + more)}";
        }

        return BodyAsync(file.Open(first), end - first, file.Length);
    }

    /// <summary>The one part that is asked for; several at once are answered with the whole, as servers may.</summary>
    private (long From, long End)? Part(long length)
    {
        if (!RangeHeaderValue.TryParse(request.Range, out RangeHeaderValue? range) || range.Unit != "bytes" || range.Ranges.Count != 1)
        {
            return null;
        }

        RangeItemHeaderValue one = range.Ranges.First();
        return one.From is { } from ? (from, Math.Min(length, (one.To ?? (length - 1)) + 1)) : (Math.Max(0, length - one.To!.Value), length);
    }

    private Task RedirectAsync(int status, string location)
    {
        Response.StatusCode = status;
        Response.Headers.Location = location;
        return BodyAsync(Stream.Null, 0, null);
    }

    /// <summary>A revision may hold <c>/</c>: the longest one that there is.</summary>
    private static (string? Revision, string? Path) Split(FakeRepository repository, string rest)
    {
        for (int slash = rest.LastIndexOf('/'); slash > 0; slash = rest.LastIndexOf('/', slash - 1))
        {
            if (repository.CommitOf(rest[..slash]) is not null)
            {
                return (rest[..slash], rest[(slash + 1)..]);
            }
        }

        return default;
    }

    private static string Chunks(FakeFile file) => new([.. file.Sha256.Reverse()]);
}
