using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>validate MODEL...</c>: a verdict for every path.</summary>
internal static class ValidateCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> models = new("MODEL") { Description = "Files or folders.", Arity = ArgumentArity.OneOrMore };
        Option<bool> deep = new("--deep") { Description = "Read every value too, and report numbers that are none." };
        Command command = new("validate", """
            Check files and say for each: ok, warnings, refused or unsupported, with reasons and fixes.

            Examples:
              llmtk validate model.gguf
              llmtk validate models/*.gguf --json
              llmtk validate model.safetensors --deep
            """) { models, deep, GlobalOptions.Format };
        command.SetAction(async (result, cancellationToken) =>
        {
            ModelLoader loader = new();
            bool json = result.GetValue(GlobalOptions.Json);
            bool refused = false;
            bool unsupported = false;
            FaultKind? failure = null;
            string[] paths = result.GetRequiredValue(models);
            using StreamWriter text = Output.Text(host);
            foreach (string path in paths)
            {
                try
                {
                    using ProgressLine progress = new(host, result);
                    ValidationReport report = result.GetValue(deep)
                        ? await loader.ValidateAsync(path, result.GetValue(GlobalOptions.Format), deep: true, progress, cancellationToken).ConfigureAwait(false)
                        : await progress.WaitAsync(loader.ValidateAsync(path, result.GetValue(GlobalOptions.Format), cancellationToken), $"checking {DiagnosticOutput.Safe(Path.GetFileName(path))}").ConfigureAwait(false);
                    progress.Dispose();
                    refused |= report.Verdict == Verdict.Refused;
                    unsupported |= report.Verdict == Verdict.Unsupported;
                    if (json)
                    {
                        JsonOutput.Document(host.Out, w => Write(w, path, report));
                    }
                    else
                    {
                        text.WriteLine($"{DiagnosticOutput.Safe(path)}: {DiagnosticOutput.Lower(report.Verdict)} ({report.Format}{(report.Version is null ? "" : " " + report.Version)})");
                        foreach (Diagnostic finding in report.Findings)
                        {
                            DiagnosticOutput.Print(host.Error, finding, result.GetValue(GlobalOptions.Verbose));
                        }
                    }
                }
                catch (ModelException e) when (paths.Length > 1)
                {
                    failure ??= e.Diagnostic.Kind;
                    DiagnosticOutput.Item(host, result, e.Diagnostic, w => w.WriteString("path", path));
                }
            }

            return (int)(refused ? FaultKind.Refused : unsupported ? FaultKind.Unsupported : failure ?? 0);
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
        w.WritePropertyName("elapsed_ms");
        w.Number(Math.Round(report.Elapsed.TotalMilliseconds, 3));
        w.WriteEndObject();
    }
}
