using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace LlmToolkit.Testing;

/// <content>The API: facts of repositories, listings, names, accounts.</content>
internal sealed partial class FakeExchange
{
    private Task WhoAmIAsync() => hub.UserOf(request.Authorization) is not { } user
        ? ErrorAsync(401, null, "Invalid credentials in Authorization header")
        : JsonAsync(new JsonObject
        {
            ["type"] = "user",
            ["name"] = user.Name,
            ["fullname"] = user.Name,
            ["orgs"] = new JsonArray(),
            ["auth"] = new JsonObject { ["type"] = "access_token", ["accessToken"] = new JsonObject { ["displayName"] = "test", ["role"] = user.Role } },
        }.ToJsonString());

    private Task SearchAsync()
    {
        IQueryCollection query = context.Request.Query;
        int limit = int.TryParse(query["limit"], CultureInfo.InvariantCulture, out int asked) ? asked : 30;
        IEnumerable<FakeRepository> found = hub.Repositories
            .Where(r => !r.IsPrivate || CanRead(r))
            .Where(r => r.Id.Contains(query["search"].ToString(), StringComparison.OrdinalIgnoreCase))
            .Where(r => query["author"].Count == 0 || r.Id.StartsWith(query["author"] + "/", StringComparison.OrdinalIgnoreCase))
            .Where(r => query["filter"].All(f => r.Tags.Contains(f!)))
            .OrderBy(r => r.Id, StringComparer.Ordinal)
            .Take(limit);
        return JsonAsync(new JsonArray([.. found.Select(r => Info(r, r.Commit, blobs: false))]).ToJsonString());
    }

    /// <summary><c>owner/name[/what[/revision[/path]]]</c>.</summary>
    private Task ApiAsync(string place)
    {
        (string id, string[] rest) = Name(place);
        if (Refused(id, readsFiles: rest is ["auth-check", ..]) is { } refusal)
        {
            return refusal;
        }

        FakeRepository repository = hub.Find(id)!;
        switch (rest)
        {
            case [] or ["revision", ..]:
                return repository.CommitOf(rest.Length == 0 ? "main" : string.Join('/', rest[1..])) is { } commit
                    ? JsonAsync(Info(repository, commit, context.Request.Query["blobs"] == "true").ToJsonString())
                    : ErrorAsync(404, "RevisionNotFound", "Invalid rev id");
            case ["tree", ..]:
                return TreeAsync(repository, string.Join('/', rest[1..]));
            case ["paths-info", ..]:
                return PathsAsync(repository, string.Join('/', rest[1..]));
            case ["refs"]:
                return JsonAsync(Refs(repository).ToJsonString());
            case ["auth-check"]:
                return JsonAsync("{}");
            case ["xet-read-token", ..]:
                return JsonAsync(new JsonObject { ["accessToken"] = "xet-token", ["exp"] = DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeSeconds(), ["casUrl"] = hub.DataOrigin.GetLeftPart(UriPartial.Authority) }.ToJsonString());
            default:
                return ErrorAsync(404, null, "Not found");
        }
    }

    private Task TreeAsync(FakeRepository repository, string place)
    {
        string revision = place;
        string folder = "";
        if (repository.CommitOf(revision) is null)
        {
            (string? left, string? right) = Split(repository, place);
            (revision, folder) = (left ?? place, right is null ? "" : right + "/");
        }

        if (repository.CommitOf(revision) is not { } commit)
        {
            return ErrorAsync(404, "RevisionNotFound", "Invalid rev id");
        }

        Response.Headers["X-Repo-Commit"] = commit;
        bool isDeep = context.Request.Query["recursive"] == "true";
        List<JsonNode> entries = [];
        HashSet<string> folders = [];
        foreach ((string path, FakeFile file) in Files(repository, commit).Where(f => f.Key.StartsWith(folder, StringComparison.Ordinal)))
        {
            for (int slash = path.IndexOf('/', folder.Length); slash > 0; slash = isDeep ? path.IndexOf('/', slash + 1) : -1)
            {
                if (folders.Add(path[..slash]))
                {
                    entries.Add(new JsonObject { ["type"] = "directory", ["path"] = path[..slash], ["oid"] = commit, ["size"] = 0 });
                }
            }

            if (isDeep || path.IndexOf('/', folder.Length) < 0)
            {
                entries.Add(Entry(repository, commit, path, file));
            }
        }

        int size = hub.Options.PageSize;
        int from = int.TryParse(context.Request.Query["cursor"], CultureInfo.InvariantCulture, out int cursor) ? cursor : 0;
        FakeFault? endless = hub.FaultOf(request, FakeFaultKind.EndlessPages);
        if (endless is not null || from + size < entries.Count)
        {
            int next = endless is null ? from + size : endless.Count == 0 ? 0 : from + 1;
            Response.Headers.Link = $"<{hub.Endpoint}{request.Path.TrimStart('/')}?recursive={(isDeep ? "true" : "false")}&cursor={next}>; rel=\"next\"";
        }

        return JsonAsync(new JsonArray([.. endless is null ? entries.Skip(from).Take(size) : entries.Take(1)]).ToJsonString());
    }

    private async Task PathsAsync(FakeRepository repository, string revision)
    {
        if (repository.CommitOf(revision) is not { } commit)
        {
            await ErrorAsync(404, "RevisionNotFound", "Invalid rev id").ConfigureAwait(false);
            return;
        }

        HashSet<string> paths = [];
        if (context.Request.HasFormContentType)
        {
            IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
            paths = [.. form["paths"].OfType<string>()];
        }
        else
        {
            using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted).ConfigureAwait(false);
            if (body.RootElement.TryGetProperty("paths", out JsonElement listed))
            {
                paths = listed.ValueKind == JsonValueKind.Array ? [.. listed.EnumerateArray().Select(p => p.GetString()!)] : [listed.GetString()!];
            }
        }

        await JsonAsync(new JsonArray([.. Files(repository, commit).Where(f => paths.Contains(f.Key)).Select(f => Entry(repository, commit, f.Key, f.Value))]).ToJsonString()).ConfigureAwait(false);
    }

    private JsonObject Info(FakeRepository repository, string commit, bool blobs)
    {
        JsonArray siblings = [];
        foreach ((string path, FakeFile file) in Files(repository, commit))
        {
            JsonObject sibling = new() { ["rfilename"] = path };
            if (blobs && repository.TellsBlobs)
            {
                sibling["size"] = file.Length;
                sibling["blobId"] = file.GitHash;
                if (repository.IsLarge(path, file))
                {
                    sibling["lfs"] = new JsonObject { ["sha256"] = file.Sha256, ["size"] = file.Length, ["pointerSize"] = 135 };
                }
            }

            siblings.Add((JsonNode)sibling);
        }

        return new JsonObject
        {
            ["_id"] = commit[..24],
            ["id"] = repository.Id,
            ["modelId"] = repository.Id,
            ["author"] = repository.Id.Contains('/', StringComparison.Ordinal) ? repository.Id.Split('/')[0] : null,
            ["sha"] = commit,
            ["lastModified"] = "2026-01-02T03:04:05.000Z",
            ["createdAt"] = "2025-01-02T03:04:05.000Z",
            ["private"] = repository.IsPrivate,
            ["gated"] = repository.Gate == FakeGate.None ? false : repository.Gate == FakeGate.Auto ? "auto" : "manual",
            ["disabled"] = repository.IsDisabled,
            ["downloads"] = 12345,
            ["likes"] = 67,
            ["tags"] = new JsonArray([.. repository.Tags.Select(t => (JsonNode)t)]),
            ["pipeline_tag"] = "text-generation",
            ["library_name"] = "transformers",
            ["siblings"] = siblings,
        };
    }

    private static JsonObject Entry(FakeRepository repository, string commit, string path, FakeFile file)
    {
        JsonObject entry = new() { ["type"] = "file", ["path"] = path, ["oid"] = file.GitHash, ["size"] = file.Length };
        if (repository.IsLarge(path, file))
        {
            entry["lfs"] = new JsonObject { ["oid"] = file.Sha256, ["size"] = file.Length, ["pointerSize"] = 135 };
            if (repository.HasChunks)
            {
                entry["xetHash"] = Chunks(file);
            }
        }

        entry["lastCommit"] = new JsonObject { ["id"] = commit, ["title"] = "test", ["date"] = "2026-01-02T03:04:05.000Z" };
        return entry;
    }

    private static JsonObject Refs(FakeRepository repository)
    {
        static JsonNode One(string name, string kind, string commit) => new JsonObject { ["name"] = name, ["ref"] = kind.Length == 0 ? name : $"refs/{kind}/{name}", ["targetCommit"] = commit };
        return new JsonObject
        {
            ["branches"] = new JsonArray([One("main", "heads", repository.Commit), .. repository.Branches.Select(b => One(b.Key, b.Key.StartsWith("refs/", StringComparison.Ordinal) ? "" : "heads", b.Value))]),
            ["tags"] = new JsonArray([.. repository.TaggedCommits.Select(t => One(t.Key, "tags", t.Value))]),
            ["converts"] = new JsonArray(),
        };
    }

    /// <summary>The files, and those that a fault lists besides.</summary>
    private IEnumerable<KeyValuePair<string, FakeFile>> Files(FakeRepository repository, string commit)
    {
        IEnumerable<KeyValuePair<string, FakeFile>> files = repository.Files(commit).OrderBy(f => f.Key, StringComparer.Ordinal);
        return hub.FaultOf(request, FakeFaultKind.ExtraFiles) is { } extra ? files.Concat(extra.Names.Select(n => KeyValuePair.Create(n, new FakeFile("extra"u8.ToArray())))) : files;
    }

    private (string Id, string[] Parts) Name(string place)
    {
        string[] parts = place.Split('/');
        string two = string.Join('/', parts.Take(2));
        return parts.Length >= 2 && (hub.Find(two) is not null || hub.Find(parts[0]) is null) ? (two, parts[2..]) : (parts[0], parts[1..]);
    }

    /// <summary>The answer to who may not; null: they may.</summary>
    private Task? Refused(string id, bool readsFiles)
    {
        bool isBadToken = request.Authorization is not null && hub.UserOf(request.Authorization) is null;
        if (isBadToken)
        {
            return ErrorAsync(401, null, "Invalid credentials in Authorization header");
        }

        if (hub.Find(id) is not { } repository || (repository.IsPrivate && !CanRead(repository)))
        {
            return ErrorAsync(request.Authorization is null ? 401 : 404, "RepoNotFound", "Repository not found");
        }

        if (repository.RenamedTo is { } renamed)
        {
            string path = context.Request.Path.ToUriComponent();
            return RedirectAsync(308, path.Replace("/" + id, "/" + renamed, StringComparison.Ordinal) + request.Query);
        }

        if (repository.IsDisabled)
        {
            return ErrorAsync(403, "DisabledRepo", "Access to this resource is disabled.");
        }

        return repository.Gate != FakeGate.None && readsFiles && !CanRead(repository)
            ? ErrorAsync(request.Authorization is null ? 401 : 403, "GatedRepo", $"Access to model {id} is restricted.")
            : null;
    }

    private bool CanRead(FakeRepository repository) => hub.UserOf(request.Authorization) is { } user && repository.Readers.Contains(user.Name);
}
