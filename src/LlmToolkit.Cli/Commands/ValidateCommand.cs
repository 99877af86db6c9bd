using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>validate MODEL...</c>: a verdict for every path.</summary>
internal static class ValidateCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> models = new("MODEL") { Description = "Files, folders, Hub IDs or https addresses of files; of what is remote only the heads are fetched.", Arity = ArgumentArity.OneOrMore };
        Option<bool> deep = new("--deep") { Description = "Read every value too, and report numbers that are none." };
        Command command = new("validate", """
            Check files and say for each: ok, warnings, refused or unsupported, with reasons and fixes.

            Examples:
              llmtk validate model.gguf
              llmtk validate models/*.gguf --json
              llmtk validate model.safetensors --deep
              llmtk validate owner/name:Q4_K_M
            """) { models, deep, GlobalOptions.Format };
        command.SetAction(async (result, cancellationToken) =>
        {
            bool json = result.GetValue(GlobalOptions.Json);
            Dictionary<Verdict, int> counts = Enum.GetValues<Verdict>().ToDictionary(v => v, _ => 0);
            using StreamWriter text = Output.Text(host);
            BatchOptions options = new() { Format = result.GetValue(GlobalOptions.Format), Deep = result.GetValue(deep) };
            using DownloadLine downloads = new(host, result);
            int? failure = await PathBatch.RunAsync(host, result, result.GetRequiredValue(models), host.Loader(downloads).ValidateAllAsync, options, (path, report) =>
            {
                counts[report.Verdict]++;
                if (json)
                {
                    JsonOutput.Document(host.Out, w => Write(w, path, report));
                    return;
                }

                text.WriteLine($"{DiagnosticOutput.Safe(path)}: {DiagnosticOutput.Lower(report.Verdict)} ({report.Format}{(report.Version is null ? "" : " " + report.Version)})");
                foreach (Diagnostic finding in report.Findings)
                {
                    DiagnosticOutput.Print(host, result, finding);
                }
            }, cancellationToken).ConfigureAwait(false);
            if (!json && result.GetRequiredValue(models).Length > 1 && !result.GetValue(GlobalOptions.Quiet))
            {
                await host.Error.WriteLineAsync(string.Join(", ", counts.Where(c => c.Value > 0).Select(c => $"{c.Value} {DiagnosticOutput.Lower(c.Key)}"))).ConfigureAwait(false);
            }

            return counts[Verdict.Refused] > 0 ? (int)FaultKind.Refused : counts[Verdict.Unsupported] > 0 ? (int)FaultKind.Unsupported : failure ?? 0;
        });
        return command;
    }

    private static void Write(Utf8JsonWriter w, string path, ValidationReport report)
    {
        w.WriteStartObject();
        w.WriteString("path", path);
        w.WriteString("format", report.Format);
        w.WriteString("version", report.Version);
        w.WriteString("compatibility_mode", report.CompatibilityMode);
        w.WriteString("verdict", DiagnosticOutput.Lower(report.Verdict));
        w.WriteFindings("findings", report.Findings);
        if (report.Imports.Count > 0)
        {
            w.Strings("imports", report.Imports);
        }

        w.WritePropertyName("elapsed_ms");
        w.Number(Math.Round(report.Elapsed.TotalMilliseconds, 3));
        w.WriteEndObject();
    }
}
