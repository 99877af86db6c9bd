using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>list [FOLDER...]</c>: the models in folders.</summary>
internal static class ListCommand
{
    private static readonly string[] s_stores = ["model", "size", "file", "not used"];
    private static readonly string[] s_columns = ["model", "format", "architecture", "parameters", "quantization", "size", "context", "verdict"];

    public static Command Create(CliHost host)
    {
        Argument<string[]> folders = new("FOLDER") { Description = "Folders to look in, with all below. Default: the current one.", Arity = ArgumentArity.ZeroOrMore };
        Option<int?> depth = new("--depth") { Description = "Levels of folders below. Default: 16.", HelpName = "N" };
        Option<bool> noCache = new("--no-cache") { Description = "Read every file, and keep nothing of it." };
        Option<bool> stores = new("--stores") { Description = "List what Ollama and LM Studio keep on this disk; it is run in place, by these names." };
        Command command = new("list", """
            List the models in folders: what each is and whether it is sound. What was read once is read again only when it changes.

            Examples:
              llmtk list ~/models
              llmtk list ~/models --json
              llmtk list --stores
              llmtk list ~/.cache/huggingface/hub ./checkpoints --no-cache
            """) { folders, depth, noCache, stores };
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(stores))
            {
                return Stores(host, result);
            }

            ModelCatalog catalog = new(null, result.GetValue(noCache) ? MetadataCache.None : null);
            CatalogOptions options = new() { Concurrency = GlobalOptions.ThreadsOf(host, result) };
            if (result.GetValue(depth) is int levels)
            {
                options = levels >= 0 ? options with { MaxDepth = levels } : throw CliErrors.BadValue("--depth", $"{levels}", "0 or more");
            }

            string[] asked = result.GetValue(folders) is { Length: > 0 } named ? named : ["."];
            bool json = result.GetValue(GlobalOptions.Json);
            List<string[]> rows = [];
            int? failure = null;
            using ProgressLine progress = new(host, result);
            foreach (string folder in asked)
            {
                try
                {
                    await foreach (CatalogEntry entry in catalog.ListAsync(folder, options, new Line(progress), cancellationToken).ConfigureAwait(false))
                    {
                        if (json)
                        {
                            JsonOutput.Document(host.Out, w => Write(w, entry));
                        }
                        else
                        {
                            rows.Add(Row(entry, folder));
                        }
                    }
                }
                catch (ModelException e) when (asked.Length > 1)
                {
                    failure ??= (int)e.Diagnostic.Kind;
                    DiagnosticOutput.Item(host, result, e.Diagnostic, w => w.WriteString("path", folder));
                }
            }

            progress.Clear();
            if (rows.Count > 0)
            {
                Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_columns, rows);
            }
            else if (!json && failure is null && !result.GetValue(GlobalOptions.Quiet))
            {
                await host.Error.WriteLineAsync($"no models in {DiagnosticOutput.Safe(string.Join(", ", asked))}").ConfigureAwait(false);
            }

            return failure ?? 0;
        });
        return command;
    }

    private static int Stores(CliHost host, ParseResult result)
    {
        LocalStores stores = new();
        StoredModel[] models = [.. stores.List()];
        if (result.GetValue(GlobalOptions.Json))
        {
            foreach (StoredModel model in models)
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartObject();
                    w.WriteString("name", model.Name);
                    w.WriteString("path", model.Path);
                    w.WriteNumber("file_bytes", model.Bytes);
                    w.Strings("ignored", model.Ignored);
                    w.WriteEndObject();
                });
            }
        }
        else if (models.Length > 0)
        {
            Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_stores, models.Select(m => (string[])[m.Name, Output.Size(m.Bytes), m.Path, m.Ignored.Count == 0 ? "-" : string.Join(", ", m.Ignored)]));
        }
        else if (!result.GetValue(GlobalOptions.Quiet))
        {
            host.Error.WriteLine(DiagnosticOutput.Safe($"no models in {string.Join(", ", stores.OllamaFolders.Concat(stores.LmStudioFolders))}"));
        }

        return 0;
    }

    private static string[] Row(CatalogEntry entry, string folder)
    {
        ModelInfo? info = entry.Info;
        string path = Path.GetRelativePath(folder, entry.Path);
        return
        [
            path == "." ? entry.Path : path,
            entry.Recognised ?? entry.Format,
            info?.Architecture ?? "-",
            info?.Parameters is long parameters and > 0 ? Output.Count(parameters) : "-",
            info?.Quantization ?? "-",
            Output.Size(entry.Bytes),
            info?.ContextLength?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-",
            DiagnosticOutput.Lower(entry.Report.Verdict) + (entry.Report.Findings.Count > 0 ? $" ({string.Join(", ", entry.Report.Findings.Select(f => f.Code).Distinct().Take(3))})" : ""),
        ];
    }

    private static void Write(Utf8JsonWriter w, CatalogEntry entry)
    {
        ModelInfo? info = entry.Info;
        w.WriteStartObject();
        w.WriteString("path", entry.Path);
        w.WriteString("format", entry.Format);
        if (entry.Recognised is not null)
        {
            w.WriteString("recognised", entry.Recognised);
        }

        w.WritePropertyName("score");
        w.Number(entry.Score);
        w.WriteString("reason", entry.Reason);
        w.WriteString("architecture", info?.Architecture);
        w.WriteString("name", info?.Name);
        w.WriteString("license", info?.License);
        w.Member("parameters", info?.Parameters);
        w.WriteString("quantization", info?.Quantization);
        w.WriteNumber("file_bytes", entry.Bytes);
        w.Member("context_length", info?.ContextLength);
        w.Member("kv_bytes_per_token", info?.KvBytesPerToken);
        w.WriteString("adapter_of", info?.AdapterOf);
        w.WriteString("verdict", DiagnosticOutput.Lower(entry.Report.Verdict));
        w.WriteFindings("findings", entry.Report.Findings);
        w.WriteBoolean("cached", entry.FromCache);
        w.WriteEndObject();
    }

    private sealed class Line(ProgressLine line) : IProgress<BatchProgress>
    {
        public void Report(BatchProgress value) => line.Report($"{value.Done} looked at, {DiagnosticOutput.Safe(Path.GetFileName(value.Source))}");
    }
}
