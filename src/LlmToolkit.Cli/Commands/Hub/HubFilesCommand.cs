using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary><c>hub files REPO</c>: the files of a repository.</summary>
internal static class HubFilesCommand
{
    private static readonly string[] s_columns = ["file", "size", "kind", "etag"];

    public static Command Create(CliHost host)
    {
        Command command = new("files", """
            List the files of a repository, with sizes and hashes.

            Examples:
              llmtk hub files owner/name
              llmtk hub files owner/name --revision v1.0 --json
            """);
        HubOptions options = new(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            (HubRepository repository, string? revision) = options.Read(result);
            using HubClient client = HubOptions.Client(host, result);
            HubListing listing = await client.ListAsync(repository, revision, null, cancellationToken).ConfigureAwait(false);
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => Write(w, listing));
            }
            else
            {
                Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_columns, listing.Files.Select(f => (string[])[f.Path, Output.Size(f.Size), f.Sha256 is null ? "git" : f.XetHash is null ? "lfs" : "xet", f.Etag ?? "-"]));
                using StreamWriter text = Output.Text(host);
                text.WriteLine(FormattableString.Invariant($"{listing.Files.Count} files, {Output.Size(listing.Files.Sum(f => f.Size))}, commit {listing.Commit}"));
            }

            return 0;
        });
        return command;
    }

    private static void Write(Utf8JsonWriter w, HubListing listing)
    {
        w.WriteStartArray();
        foreach (HubFile file in listing.Files)
        {
            w.WriteStartObject();
            w.WriteString("type", "file");
            w.WriteString("path", file.Path);
            w.WriteNumber("size", file.Size);
            w.WriteString("oid", file.BlobId);
            if (file.Sha256 is not null)
            {
                w.WriteStartObject("lfs");
                w.WriteString("oid", file.Sha256);
                w.WriteNumber("size", file.Size);
                w.WriteEndObject();
            }

            if (file.XetHash is not null)
            {
                w.WriteString("xetHash", file.XetHash);
            }

            w.WriteEndObject();
        }

        w.WriteEndArray();
    }
}
