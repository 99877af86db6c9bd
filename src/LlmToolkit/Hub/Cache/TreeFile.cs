using System.Buffers;
using System.Text.Json;

namespace LlmToolkit.Hub;

/// <summary>A kept listing, <c>trees/COMMIT.json</c>: it tells without the Hub whether a snapshot is complete.</summary>
/// <remarks>Form: huggingface_hub, <c>_tree_cache.py</c>, <c>format_version</c> 1. What cannot be read is ignored, and written again.</remarks>
internal static class TreeFile
{
    private const int Version = 1;

    /// <summary>Some 250 bytes an entry: 400,000 files, twice the most that the Hub recommends.</summary>
    private const int MaxBytes = 100 << 20;

    public static HubListing? Read(string path, HubRepository repository, string commit)
    {
        try
        {
            if (HubCache.FileLength(path) is not (> 0 and <= MaxBytes))
            {
                return null;
            }

            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using JsonDocument json = JsonDocument.Parse(file, new JsonDocumentOptions { MaxDepth = 8 });
            JsonElement root = json.RootElement;
            if (root.GetProperty("format_version").GetInt32() != Version)
            {
                return null;
            }

            List<HubFile> files = [];
            foreach (JsonProperty entry in root.GetProperty("files").EnumerateObject())
            {
                HubFile kept = new()
                {
                    Path = entry.Name,
                    Size = Number(entry.Value, "lfs_size") ?? Number(entry.Value, "size") ?? -1,
                    BlobId = Hash(entry.Value, "blob_id", 40),
                    Sha256 = Hash(entry.Value, "lfs_sha256", 64),
                    XetHash = Hash(entry.Value, "xet_hash", 64),
                };
                if (kept.Size < 0 || !HubPaths.IsSafeFile(kept.Path))
                {
                    return null;
                }

                files.Add(kept);
            }

            files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
            return HubPaths.Collision(files.Select(f => f.Path)) is { } twice && twice.First == twice.Second
                ? null
                : new HubListing { Repository = repository, Revision = commit, Commit = commit, Files = files };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    public static byte[] Write(HubListing listing)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("format_version", Version);
            json.WriteStartObject("files");
            foreach (HubFile file in listing.Files)
            {
                json.WriteStartObject(file.Path);
                json.WriteNumber("size", file.Size);
                json.WriteString("blob_id", file.BlobId ?? "");
                if (file.Sha256 is not null)
                {
                    json.WriteString("lfs_sha256", file.Sha256);
                    json.WriteNumber("lfs_size", file.Size);
                }

                if (file.XetHash is not null)
                {
                    json.WriteString("xet_hash", file.XetHash);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static long? Number(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;

    private static string? Hash(JsonElement entry, string name, int digits) =>
        entry.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { } text && text.Length == digits && text.All(char.IsAsciiHexDigitLower) ? text : null;
}
