using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary><c>hub download REPO [FILE...]</c>: brings files of a repository into the cache or a folder.</summary>
internal static class HubDownloadCommand
{
    private static readonly string[] s_columns = ["file", "size", "from"];

    public static Command Create(CliHost host)
    {
        Argument<string[]> files = new("FILE") { Description = "Files to fetch, by their paths in the repository. Default: what the model needs, and what is small beside it.", Arity = ArgumentArity.ZeroOrMore };
        Option<string[]> include = new("--include") { Description = "Only files that match; * crosses folders. Repeatable.", HelpName = "PATTERN" };
        Option<string[]> exclude = new("--exclude") { Description = "No files that match. Repeatable.", HelpName = "PATTERN" };
        Option<string?> localFolder = new("--local-dir") { Description = "Lay the files out in this folder instead of the cache.", HelpName = "FOLDER" };
        Option<bool> dryRun = new("--dry-run") { Description = "Tell what would be fetched, and fetch nothing." };
        Option<bool> force = new("--force") { Description = "Fetch what is there already once more." };
        Command command = new("download", """
            Download a model. What is there already is used; what broke off goes on where it stopped; every file is checked by its hash before it gets its name. The cache is the one of the Python tools.
            Of weights that a repository holds in several kinds one is fetched: safetensors before GGUF before PyTorch; of GGUF files Q4_K_M, or the largest that fits this machine. --include "*" fetches everything.

            Examples:
              llmtk hub download HuggingFaceTB/SmolLM2-135M-Instruct
              llmtk hub download unsloth/SmolLM2-135M-Instruct-GGUF:Q8_0
              llmtk hub download openai-community/gpt2 --include "*.json" --local-dir ./gpt2
              llmtk hub download Qwen/Qwen3-0.6B --dry-run
            """);
        HubOptions options = new(command, takesSelector: true);
        command.Arguments.Add(files);
        foreach (Option option in (IEnumerable<Option>)[include, exclude, localFolder, dryRun, force])
        {
            command.Options.Add(option);
        }

        command.SetAction(async (result, cancellationToken) =>
        {
            (HubRepository repository, string? revision) = options.Read(result, out HubModelId id);
            string[] named = result.GetValue(files) ?? [];
            string[] includes = result.GetValue(include) ?? [];
            using HubClient client = HubOptions.Client(host, result);
            HubDownloadRequest request = new()
            {
                Repository = repository,
                Revision = revision,
                Files = named.Length > 0 ? named : null,
                Include = includes,
                Exclude = result.GetValue(exclude) ?? [],
                LocalFolder = result.GetValue(localFolder),
                DryRun = result.GetValue(dryRun),
                Force = result.GetValue(force),
                // Whoever names files or patterns has chosen already.
                Select = id.Selector is not null || (named.Length == 0 && includes.Length == 0 && repository.Kind == HubRepositoryKind.Model) ? HubSelection.ForDownload(id, HubSelection.Fits()) : null,
            };
            HubSnapshot snapshot;
            using (DownloadLine progress = new(host, result))
            {
                snapshot = await new HubDownloader(client).DownloadAsync(request, progress, cancellationToken).ConfigureAwait(false);
            }

            Write(host, result, snapshot, request.DryRun);
            return 0;
        });
        return command;
    }

    private static void Write(CliHost host, ParseResult result, HubSnapshot snapshot, bool isDryRun)
    {
        long missing = snapshot.Files.Where(f => !f.FromCache).Sum(f => f.File.Size);
        if (result.GetValue(GlobalOptions.Json))
        {
            JsonOutput.Document(host.Out, w => WriteJson(w, snapshot, isDryRun ? missing : null));
            return;
        }

        bool quiet = result.GetValue(GlobalOptions.Quiet);
        if (!quiet)
        {
            if (snapshot.Note is { } note)
            {
                host.Error.WriteLine($"note: {DiagnosticOutput.Safe(note)}");
            }

            foreach (IGrouping<string, HubSkipped> reason in snapshot.Skipped.GroupBy(s => s.Reason))
            {
                string names = string.Join(", ", reason.Take(4).Select(s => s.Path));
                host.Error.WriteLine(DiagnosticOutput.Safe($"skipped {names}{(reason.Count() > 4 ? $" and {reason.Count() - 4} more" : "")}: {reason.Key}"));
            }
        }

        if (isDryRun)
        {
            Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_columns, snapshot.Files.Select(f => (string[])[f.File.Path, Output.Size(f.File.Size), f.FromCache ? "cache" : "network"]));
            if (!quiet)
            {
                host.Error.WriteLine($"{Output.Size(missing)} would be fetched, of {Output.Size(snapshot.Files.Sum(f => f.File.Size))} in {snapshot.Files.Count} files");
            }

            return;
        }

        if (!quiet)
        {
            host.Error.WriteLine($"{snapshot.Files.Count} files, {Output.Size(snapshot.Files.Sum(f => f.File.Size))}; {Output.Size(snapshot.BytesFetched)} fetched");
        }

        using StreamWriter text = Output.Text(host);
        text.WriteLine(snapshot.Folder);
    }

    private static void WriteJson(Utf8JsonWriter w, HubSnapshot snapshot, long? wouldFetch)
    {
        w.WriteStartObject();
        w.WriteString("repo", snapshot.Repository.Id);
        w.WriteString("revision", snapshot.Revision);
        w.WriteString("commit", snapshot.Commit);
        w.WriteString("path", snapshot.Folder);
        w.WriteStartArray("files");
        foreach (HubSnapshotFile file in snapshot.Files)
        {
            w.WriteStartObject();
            w.WriteString("path", file.File.Path);
            w.WriteNumber("bytes", file.File.Size);
            w.WriteString("from", file.FromCache ? "cache" : "network");
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteNumber("bytes_fetched", snapshot.BytesFetched);
        w.WriteStartArray("skipped");
        foreach (HubSkipped skipped in snapshot.Skipped)
        {
            w.WriteStartObject();
            w.WriteString("path", skipped.Path);
            w.WriteString("reason", skipped.Reason);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteString("note", snapshot.Note);
        w.WriteBoolean("offline", snapshot.Offline);
        if (wouldFetch is { } bytes)
        {
            w.WriteBoolean("dry_run", true);
            w.WriteNumber("bytes_to_fetch", bytes);
        }

        w.WriteEndObject();
    }
}
