using System.Text.Json;

namespace LlmToolkit.Hub;

/// <summary>From the Hub's JSON to facts. Names, sizes and hashes are judged here, once; who holds a <see cref="HubListing"/> need not.</summary>
internal static class HubReading
{
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;

    /// <summary>More files than this, and the siblings of an info may not be all. Source: huggingface_hub, _snapshot_download.py (VERY_LARGE_REPO_THRESHOLD).</summary>
    private const int MaxSiblings = 50_000;

    /// <summary>Tags that are kept; a model has some dozens.</summary>
    private const int MaxTags = 1_000;

    /// <summary>The facts of a repository; without its files.</summary>
    public static HubRepositoryInfo Info(JsonElement root, string what)
    {
        string id = root.Text("id") ?? root.Text("modelId") ?? throw HubErrors.NotHubAnswer(what, "JSON without an \"id\"");
        List<string> tags = [.. root.Texts("tags").Take(MaxTags)];
        const string license = "license:";
        return new HubRepositoryInfo
        {
            Id = id,
            Author = root.Text("author") ?? (id.Contains('/', StringComparison.Ordinal) ? id[..id.IndexOf('/', StringComparison.Ordinal)] : null),
            Sha = root.Text("sha") is not { } sha || HubPaths.IsCommit(sha) ? root.Text("sha") : throw HubErrors.BadName("commit", sha, what),
            LastModified = root.Time("lastModified"),
            CreatedAt = root.Time("createdAt"),
            Private = root.Truth("private"),
            Gated = root.Text("gated") ?? (root.Truth("gated") == true ? "manual" : null),
            Disabled = root.Truth("disabled"),
            Downloads = root.Count("downloads"),
            Likes = root.Count("likes"),
            Tags = tags,
            PipelineTag = root.Text("pipeline_tag"),
            LibraryName = root.Text("library_name"),
            License = root.Member("cardData", JsonValueKind.Object)?.Text("license") ?? tags.FirstOrDefault(t => t.StartsWith(license, StringComparison.Ordinal))?[license.Length..],
            ParameterCount = root.Member("safetensors", JsonValueKind.Object)?.Count("total") ?? root.Member("gguf", JsonValueKind.Object)?.Count("total"),
            GgufArchitecture = root.Member("gguf", JsonValueKind.Object)?.Text("architecture"),
            GgufContextLength = root.Member("gguf", JsonValueKind.Object)?.Count("context_length"),
            UsedStorage = root.Count("usedStorage"),
        };
    }

    /// <summary>The files that an info names; null: it does not name all of them with size and hash, so the tree has to be asked.</summary>
    public static IReadOnlyList<HubFile>? Siblings(JsonElement root, string what)
    {
        if (root.Member("siblings", JsonValueKind.Array) is not { } siblings || siblings.GetArrayLength() is 0 or > MaxSiblings)
        {
            return null;
        }

        HubFileList files = new(what);
        foreach (JsonElement sibling in siblings.EnumerateArray())
        {
            JsonElement? large = sibling.Member("lfs", JsonValueKind.Object);
            if (sibling.Text("rfilename") is not { } path || (sibling.Member("size", JsonValueKind.Number) is null && large is null) || (sibling.Text("blobId") ?? large?.Text("sha256")) is null)
            {
                return null;
            }

            files.Add(path, sibling, large, sibling.Text("blobId"), large?.Text("sha256"), sibling.Text("xetHash"));
        }

        return files.Done();
    }

    /// <summary>Adds the files of one page of a tree; its folders are passed over.</summary>
    public static void Tree(JsonElement page, HubFileList files, string what)
    {
        if (page.ValueKind != JsonValueKind.Array)
        {
            throw HubErrors.NotHubAnswer(what, $"JSON that is no array but {page.ValueKind}");
        }

        foreach (JsonElement entry in page.EnumerateArray())
        {
            if (entry.Text("type") is "file")
            {
                JsonElement? large = entry.Member("lfs", JsonValueKind.Object);
                files.Add(entry.Text("path") ?? throw HubErrors.BadName("file", "(no path)", what), entry, large, entry.Text("oid"), large?.Text("oid") ?? large?.Text("sha256"), entry.Text("xetHash"));
            }
        }
    }

    /// <summary>The commit of an info.</summary>
    public static string Commit(HubRepositoryInfo info, string revision, string what)
    {
        string commit = info.Sha ?? throw HubErrors.BadName("commit", "(none)", what);
        return !HubPaths.IsCommit(revision) || revision == commit ? commit : throw HubErrors.Contradiction(what, $"commit {revision} was asked for, {commit} is what it tells of");
    }

    /// <summary>Names of commits; those that could not be asked for are left out.</summary>
    public static HubRefs Refs(JsonElement root)
    {
        List<HubRef> Names(string member) => [.. root.Items(member).Select(r => new HubRef(r.Text("name") ?? "", r.Text("ref") ?? "", r.Text("targetCommit") ?? "")).Where(r => HubPaths.IsSafeRevision(r.Name) && HubPaths.IsCommit(r.TargetCommit))];
        return new HubRefs { Branches = Names("branches"), Tags = Names("tags"), Converts = Names("converts") };
    }

    /// <summary>Whose token it is.</summary>
    public static HubIdentity Identity(JsonElement root, string what)
    {
        JsonElement? token = root.Member("auth", JsonValueKind.Object)?.Member("accessToken", JsonValueKind.Object);
        return new HubIdentity
        {
            Name = root.Text("name") ?? throw HubErrors.NotHubAnswer(what, "JSON without a \"name\""),
            Type = root.Text("type"),
            FullName = root.Text("fullname"),
            Email = root.Text("email"),
            Organizations = [.. root.Items("orgs").Select(o => o.Text("name")).OfType<string>().Take(MaxTags)],
            TokenName = token?.Text("displayName"),
            TokenRole = token?.Text("role"),
        };
    }

    /// <summary>A hash of so many hexadecimal digits in lower case; null: of another form, or none.</summary>
    /// <exception cref="ModelException">It could not even be a file's name.</exception>
    internal static string? Hash(string? text, int digits, string what)
    {
        if (text is null)
        {
            return null;
        }

        return !HubPaths.IsSafeEtag(text) ? throw HubErrors.BadName("hash", text, what)
            : text.Length == digits && text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant()
            : null;
    }

    internal static string? Sha1(string? text, string what) => Hash(text, Sha1Digits, what);

    internal static string? Sha256(string? text, string what) => Hash(text, Sha256Digits, what);
}

/// <summary>Collects the files of a listing and judges them.</summary>
/// <param name="what">What was asked for, for messages.</param>
internal sealed class HubFileList(string what)
{
    /// <summary>Files of one repository; the Hub itself recommends fewer than 100,000.</summary>
    public const int MaxFiles = 100_000;

    private readonly List<HubFile> _files = [];
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private long _total;

    /// <summary>Files so far.</summary>
    public int Count => _files.Count;

    /// <summary>Adds a file; the hashes are texts as they came.</summary>
    public void Add(string path, JsonElement entry, JsonElement? large, string? blob, string? sha256, string? xet)
    {
        if (_files.Count == MaxFiles)
        {
            throw HubErrors.TooMuch(what, FormattableString.Invariant($"over {MaxFiles} files"));
        }

        if (!HubPaths.IsSafeFile(path))
        {
            throw HubErrors.BadName("file", path, what);
        }

        if (!_paths.Add(path))
        {
            throw HubErrors.Contradiction(what, $"\"{path}\" is listed twice");
        }

        long? size = Size(entry, path);
        long? ofLarge = large is { } l ? Size(l, path) : null;
        if (size is { } a && ofLarge is { } b && a != b)
        {
            throw HubErrors.Contradiction(what, FormattableString.Invariant($"\"{path}\" is listed with {a} and with {b} bytes"));
        }

        long bytes = ofLarge ?? size ?? throw HubErrors.BadName("size", $"(none) of {path}", what);
        if (bytes > long.MaxValue - _total)
        {
            throw HubErrors.Contradiction(what, "the files together are larger than any disk");
        }

        _total += bytes;
        _files.Add(new HubFile { Path = path, Size = bytes, BlobId = HubReading.Sha1(blob, what), Sha256 = HubReading.Sha256(sha256, what), XetHash = HubReading.Sha256(xet, what) });
    }

    /// <summary>The files, sorted; a file that is a folder too is none of git's.</summary>
    public IReadOnlyList<HubFile> Done()
    {
        if (HubPaths.Collision(_paths, StringComparer.Ordinal) is (string first, string second))
        {
            throw HubErrors.Contradiction(what, $"\"{first}\" and \"{second}\" cannot both be files");
        }

        _files.Sort(static (a, b) => string.CompareOrdinal(a.Path, b.Path));
        return _files;
    }

    /// <summary>A size; null where there is none. What is there and no count of bytes is refused.</summary>
    private long? Size(JsonElement entry, string path) =>
        !entry.TryGetProperty("size", out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
        : entry.Count("size") ?? throw HubErrors.BadName("size", $"{(value.GetRawText() is { Length: <= 40 } text ? text : "(long)")} of {path}", what);
}
