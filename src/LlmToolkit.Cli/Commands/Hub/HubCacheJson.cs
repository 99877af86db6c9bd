using System.Globalization;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary>The cache as JSON; names as Python's huggingface_hub has them (HFCacheInfo).</summary>
internal static class HubCacheJson
{
    public static void Repositories(Utf8JsonWriter w, HubCacheReport report)
    {
        w.WriteStartArray();
        foreach (CachedRepository repository in report.Repositories)
        {
            w.WriteStartObject();
            Named(w, repository.Repository);
            w.WriteString("repo_path", repository.Folder);
            w.WriteNumber("size_on_disk", repository.Bytes);
            w.WriteNumber("nb_files", repository.Revisions.SelectMany(r => r.Files).DistinctBy(f => f.Content).Count());
            w.WriteString("last_modified", repository.LastModified?.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
            w.WriteStartArray("revisions");
            foreach (CachedRevision revision in repository.Revisions)
            {
                w.WriteStartObject();
                w.WriteString("commit_hash", revision.Commit);
                w.Strings("refs", revision.Refs);
                w.WriteNumber("size_on_disk", revision.Bytes);
                w.WriteNumber("nb_files", revision.Files.Count);
                w.WriteString("snapshot_path", Path.Combine(repository.Folder, "snapshots", revision.Commit));
                w.Strings("files", revision.Files.Select(f => f.Path));
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.WriteStartArray("incomplete");
            foreach (CachedBlob blob in repository.Unfinished)
            {
                w.WriteStartObject();
                w.WriteString("path", blob.Path);
                w.WriteNumber("bytes", blob.Bytes);
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.WriteEndObject();
        }

        w.WriteEndArray();
    }

    public static void Info(Utf8JsonWriter w, HubCacheReport report, long unfinished)
    {
        w.WriteStartObject();
        w.WriteString("path", report.Folder);
        w.WriteNumber("size_on_disk", report.Bytes);
        w.WriteNumber("repos", report.Repositories.Count);
        w.WriteNumber("revisions", report.Repositories.Sum(r => r.Revisions.Count));
        w.WriteNumber("incomplete_bytes", unfinished);
        w.WriteNumber("unused_bytes", report.Repositories.SelectMany(r => r.Unused).Sum(u => u.Bytes));
        w.WriteStartArray("damaged");
        foreach (CacheDamage damage in report.Damaged)
        {
            w.WriteStartObject();
            w.WriteString("path", damage.Path);
            w.WriteString("problem", damage.Problem);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteEndObject();
    }

    public static void Verified(Utf8JsonWriter w, IReadOnlyList<VerifiedFile> files)
    {
        w.WriteStartObject();
        foreach (CachedFileState state in Enum.GetValues<CachedFileState>())
        {
            w.WriteNumber(DiagnosticOutput.Lower(state), files.Count(f => f.State == state));
        }

        w.WriteStartArray("files");
        foreach (VerifiedFile file in files)
        {
            w.WriteStartObject();
            Named(w, file.Repository);
            w.WriteString("commit_hash", file.Commit);
            w.WriteString("path", file.Path);
            w.WriteString("state", DiagnosticOutput.Lower(file.State));
            w.WriteString("expected", file.Expected);
            w.WriteString("actual", file.Actual);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteEndObject();
    }

    public static void Removed(Utf8JsonWriter w, HubCacheRemoval removal, bool isDryRun)
    {
        w.WriteStartObject();
        w.WriteBoolean("dry_run", isDryRun);
        w.Strings("removed", removal.Paths);
        w.Strings("in_use", removal.InUse);
        w.WriteNumber("bytes_freed", removal.Bytes);
        w.WriteEndObject();
    }

    private static void Named(Utf8JsonWriter w, HubRepository repository)
    {
        w.WriteString("repo_id", repository.Id);
        w.WriteString("repo_type", DiagnosticOutput.Lower(repository.Kind));
    }
}
