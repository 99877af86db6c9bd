using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary>Facts of the Hub under the Hub's own names.</summary>
internal static class HubJson
{
    /// <summary>A repository; its files and refs where they are known.</summary>
    public static void Write(Utf8JsonWriter w, HubRepositoryInfo info, HubRefs? refs)
    {
        w.WriteStartObject();
        w.WriteString("id", info.Id);
        w.WriteString("author", info.Author);
        w.WriteString("sha", info.Sha);
        Time(w, "lastModified", info.LastModified);
        Time(w, "createdAt", info.CreatedAt);
        Truth(w, "private", info.Private);
        if (info.Gated is null)
        {
            w.WriteBoolean("gated", false);
        }
        else
        {
            w.WriteString("gated", info.Gated);
        }

        Truth(w, "disabled", info.Disabled);
        w.Member("downloads", info.Downloads);
        w.Member("likes", info.Likes);
        w.Strings("tags", info.Tags);
        w.WriteString("pipeline_tag", info.PipelineTag);
        w.WriteString("library_name", info.LibraryName);
        w.WriteString("license", info.License);
        w.Member("parameters", info.ParameterCount);
        if (info.GgufArchitecture is not null)
        {
            w.WriteStartObject("gguf");
            w.WriteString("architecture", info.GgufArchitecture);
            w.Member("context_length", info.GgufContextLength);
            w.WriteEndObject();
        }

        w.Member("usedStorage", info.UsedStorage);
        Files(w, info.Listing);
        if (refs is not null)
        {
            // "tags" are the labels above: the names of commits stand in an object of their own.
            w.WriteStartObject("refs");
            Refs(w, "branches", refs.Branches);
            Refs(w, "tags", refs.Tags);
            Refs(w, "converts", refs.Converts);
            w.WriteEndObject();
        }

        w.WriteEndObject();
    }

    /// <summary>Whose token it is.</summary>
    /// <param name="w">The writer, inside an object.</param>
    /// <param name="identity">The account.</param>
    public static void Write(Utf8JsonWriter w, HubIdentity identity)
    {
        w.WriteString("type", identity.Type);
        w.WriteString("name", identity.Name);
        w.WriteString("fullname", identity.FullName);
        w.WriteString("email", identity.Email);
        w.WriteStartArray("orgs");
        foreach (string organization in identity.Organizations)
        {
            w.WriteStartObject();
            w.WriteString("name", organization);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteStartObject("auth");
        w.WriteString("type", "access_token");
        w.WriteStartObject("accessToken");
        w.WriteString("displayName", identity.TokenName);
        w.WriteString("role", identity.TokenRole);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void Files(Utf8JsonWriter w, HubListing? listing)
    {
        if (listing is null)
        {
            return;
        }

        w.WriteStartArray("siblings");
        foreach (HubFile file in listing.Files)
        {
            w.WriteStartObject();
            w.WriteString("rfilename", file.Path);
            w.WriteNumber("size", file.Size);
            w.WriteString("blobId", file.BlobId);
            if (file.Sha256 is not null)
            {
                w.WriteStartObject("lfs");
                w.WriteString("sha256", file.Sha256);
                w.WriteNumber("size", file.Size);
                w.WriteEndObject();
            }

            w.WriteEndObject();
        }

        w.WriteEndArray();
    }

    private static void Refs(Utf8JsonWriter w, string name, IReadOnlyList<HubRef> refs)
    {
        w.WriteStartArray(name);
        foreach (HubRef named in refs)
        {
            w.WriteStartObject();
            w.WriteString("name", named.Name);
            w.WriteString("ref", named.Ref);
            w.WriteString("targetCommit", named.TargetCommit);
            w.WriteEndObject();
        }

        w.WriteEndArray();
    }

    private static void Truth(Utf8JsonWriter w, string name, bool? value)
    {
        if (value is bool truth)
        {
            w.WriteBoolean(name, truth);
        }
        else
        {
            w.WriteNull(name);
        }
    }

    private static void Time(Utf8JsonWriter w, string name, DateTimeOffset? value) =>
        w.WriteString(name, value?.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
}
