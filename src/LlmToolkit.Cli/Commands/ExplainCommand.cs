using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Diagnosis;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>explain [CODE | MESSAGE]</c>: what a code means, or a message of another program; without an argument every code.</summary>
internal static class ExplainCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> what = new("CODE") { Description = "A code (LT1016, lt1016, 1016), or a message of llama.cpp, PyTorch, transformers, vLLM, ONNX Runtime … in quotes; - reads it from stdin.", Arity = ArgumentArity.ZeroOrMore };
        Command command = new("explain", """
            Say what an error means, why it happens and what to do. Works offline; without CODE every code is listed.

            Examples:
              llmtk explain LT1016
              llmtk explain 1203 --json
              llmtk explain "invalid magic characters: 'vers', expected 'GGUF'"
              llama-server -m model.gguf 2>&1 | llmtk explain -
              llmtk explain
            """) { what };
        command.SetAction(async (result, cancellationToken) =>
        {
            string[] words = result.GetValue(what) ?? [];
            bool json = result.GetValue(GlobalOptions.Json);
            if (words.Length == 0)
            {
                List(host, result);
                return 0;
            }

            string text = words is ["-"] ? await Input(host, cancellationToken).ConfigureAwait(false) : string.Join(' ', words);
            ErrorEntry? entry = ErrorCatalog.Find(text);
            Diagnostic? found = entry is null && !ErrorCatalog.IsCode(text) ? new ErrorReporter().Explain(text) : null;
            if (found is not null && ErrorCatalog.Find(found.Code) is { } known)
            {
                // The entry of the code, with what this message tells beyond it.
                entry = known with { Causes = found.Cause is null || known.Causes.Contains(found.Cause) ? known.Causes : [found.Cause], Certainty = found.Certainty, Evidence = found.Evidence, Fixes = [.. found.Fixes, .. known.Fixes.Except(found.Fixes)] };
            }

            if (entry is null)
            {
                throw ErrorCatalog.IsCode(text) ? CliErrors.NoSuchCode(text, ErrorCatalog.Nearest(text)) : CliErrors.UnknownMessage(text, ErrorCatalog.Nearest(text));
            }

            if (json)
            {
                JsonOutput.Document(host.Out, w => Write(w, entry, found is not null));
            }
            else
            {
                using StreamWriter output = Output.Text(host);
                Print(output, entry, found is not null);
            }

            return 0;
        });
        return command;
    }

    private static async Task<string> Input(CliHost host, CancellationToken cancellationToken)
    {
        using StreamReader reader = new(host.In, leaveOpen: true);
        return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void Print(StreamWriter output, ErrorEntry entry, bool recognised)
    {
        output.WriteLine($"{entry.Code}: {entry.Title}");
        output.WriteLine($"  {ErrorCatalog.RangeOf(entry.Code)}, category {DiagnosticOutput.Lower(entry.Category)}, severity {DiagnosticOutput.Lower(entry.Severity)}, exit code {(int)entry.Kind}");
        output.WriteLine();
        if (recognised)
        {
            output.WriteLine($"Recognised ({DiagnosticOutput.Lower(entry.Certainty)}): {DiagnosticOutput.Safe(entry.Evidence ?? "")}");
        }
        else
        {
            output.WriteLine($"Example: {entry.Example}");
        }

        Section(output, entry.Causes.Count == 1 ? "Cause" : "Causes", entry.Causes, "- ");
        Section(output, "What to do", entry.Fixes, null);
    }

    private static void Section(StreamWriter output, string title, IReadOnlyList<string> texts, string? mark)
    {
        if (texts.Count == 0)
        {
            return;
        }

        output.WriteLine();
        output.WriteLine($"{title}:");
        for (int i = 0; i < texts.Count; i++)
        {
            output.WriteLine($"  {mark ?? $"{i + 1}. "}{DiagnosticOutput.Safe(texts[i])}");
        }
    }

    private static void Write(Utf8JsonWriter w, ErrorEntry entry, bool recognised)
    {
        w.WriteStartObject();
        w.WriteString("code", entry.Code);
        w.WriteString("title", entry.Title);
        w.WriteString("category", DiagnosticOutput.Lower(entry.Category));
        w.WriteString("severity", DiagnosticOutput.Lower(entry.Severity));
        w.WriteNumber("exit_code", (int)entry.Kind);
        w.Strings("causes", entry.Causes);
        w.WriteString("certainty", DiagnosticOutput.Lower(entry.Certainty));
        w.WriteString("evidence", entry.Evidence);
        w.Strings("fixes", entry.Fixes);
        w.WriteString("example", entry.Example);
        w.WriteBoolean("recognised_message", recognised);
        w.WriteString("help", entry.Help);
        w.WriteEndObject();
    }

    private static void List(CliHost host, ParseResult result)
    {
        if (result.GetValue(GlobalOptions.Json))
        {
            JsonOutput.Document(host.Out, w =>
            {
                w.WriteStartArray();
                foreach (ErrorEntry entry in ErrorCatalog.All)
                {
                    Write(w, entry, recognised: false);
                }

                w.WriteEndArray();
            });
            return;
        }

        using StreamWriter output = Output.Text(host);
        foreach (IGrouping<string, ErrorEntry> range in ErrorCatalog.All.GroupBy(e => ErrorCatalog.RangeOf(e.Code)))
        {
            output.WriteLine($"{range.Key}:");
            foreach (ErrorEntry entry in range)
            {
                output.WriteLine($"  {entry.Code}  {entry.Title}");
            }
        }
    }
}
