using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>detect PATH...</c>: what lies at each path, by content.</summary>
internal static class DetectCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> paths = new("PATH") { Description = "Files or folders.", Arity = ArgumentArity.OneOrMore };
        Command command = new("detect", """
            Tell what files are, by their content.

            Examples:
              llmtk detect model.gguf
              llmtk detect ~/models/* --json
            """) { paths };
        command.SetAction(async (result, cancellationToken) =>
        {
            bool json = result.GetValue(GlobalOptions.Json);
            using StreamWriter text = Output.Text(host);
            using DownloadLine downloads = new(host, result);
            return await PathBatch.RunAsync(host, result, result.GetRequiredValue(paths), host.Loader(downloads).DetectAllAsync, new BatchOptions(), (path, detection) =>
            {
                if (json)
                {
                    JsonOutput.Document(host.Out, w => Write(w, path, detection));
                }
                else
                {
                    text.WriteLine($"{DiagnosticOutput.Safe(path)}: {detection.Recognised ?? detection.Format} ({detection.Score:0.##}) - {DiagnosticOutput.Safe(detection.Reason)}");
                    foreach (string line in DirectoryOutput.Lines(detection.Directory))
                    {
                        text.WriteLine(line);
                    }
                }
            }, cancellationToken).ConfigureAwait(false) ?? 0;
        });
        return command;
    }

    private static void Write(Utf8JsonWriter writer, string path, Detection detection)
    {
        writer.WriteStartObject();
        writer.WriteString("path", path);
        writer.WriteString("format", detection.Format);
        if (detection.Recognised is not null)
        {
            writer.WriteString("recognised", detection.Recognised);
        }

        writer.WritePropertyName("score");
        writer.Number(detection.Score);
        writer.WriteString("reason", detection.Reason);
        writer.WriteStartArray("candidates");
        foreach (FormatCandidate candidate in detection.Candidates)
        {
            writer.WriteStartObject();
            writer.WriteString("format", candidate.Format);
            writer.WritePropertyName("score");
            writer.Number(candidate.Match.Score);
            writer.WriteString("reason", candidate.Match.Reason);
            writer.Strings("hints", candidate.Match.Hints);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        DirectoryOutput.Write(writer, detection.Directory);
        writer.WriteEndObject();
    }
}
