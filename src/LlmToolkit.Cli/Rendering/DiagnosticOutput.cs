using System.CommandLine;
using System.Text.Json;

namespace LlmToolkit.Cli.Rendering;

/// <summary>Diagnostics for programs and for people.</summary>
internal static class DiagnosticOutput
{
    /// <summary>The <c>{"error": {…}}</c> of the contract.</summary>
    public static void WriteError(this Utf8JsonWriter writer, Diagnostic diagnostic, Action<Utf8JsonWriter>? more = null)
    {
        writer.WriteStartObject();
        more?.Invoke(writer);
        writer.WritePropertyName("error");
        writer.WriteDiagnostic(diagnostic);
        writer.WriteEndObject();
    }

    /// <summary>The failure of one of several items: its line in JSON, or a few on stderr.</summary>
    public static void Item(CliHost host, ParseResult result, Diagnostic diagnostic, Action<Utf8JsonWriter> more)
    {
        if (result.GetValue(GlobalOptions.Json))
        {
            JsonOutput.Document(host.Out, w => w.WriteError(diagnostic, more));
        }
        else
        {
            Print(host.Error, diagnostic, result.GetValue(GlobalOptions.Verbose));
        }
    }

    /// <summary>All members of a diagnostic.</summary>
    public static void WriteDiagnostic(this Utf8JsonWriter writer, Diagnostic diagnostic)
    {
        writer.WriteStartObject();
        writer.WriteString("code", diagnostic.Code);
        writer.WriteString("category", Lower(diagnostic.Category));
        writer.WriteString("severity", Lower(diagnostic.Severity));
        writer.WriteString("message", diagnostic.Message);
        writer.WriteString("file", diagnostic.File);
        writer.WriteString("field", diagnostic.Field);
        writer.WriteString("evidence", diagnostic.Evidence);
        writer.WriteString("cause", diagnostic.Cause);
        writer.WriteString("certainty", Lower(diagnostic.Certainty));
        writer.Strings("fixes", diagnostic.Fixes);
        writer.WriteString("help", diagnostic.Help);
        writer.WriteEndObject();
    }

    /// <summary>An array of findings.</summary>
    public static void WriteFindings(this Utf8JsonWriter writer, string name, IEnumerable<Diagnostic> findings)
    {
        writer.WriteStartArray(name);
        foreach (Diagnostic finding in findings)
        {
            writer.WriteDiagnostic(finding);
        }

        writer.WriteEndArray();
    }

    /// <summary>A few lines for a terminal; everything with <paramref name="verbose"/>.</summary>
    public static void Print(TextWriter error, Diagnostic diagnostic, bool verbose)
    {
        error.WriteLine($"error {diagnostic.Code}: {Safe(diagnostic.Message)}");
        if (diagnostic.Cause is not null)
        {
            string prefix = diagnostic.Certainty switch { Certainty.Certain => "because", Certainty.Likely => "likely because", _ => "possibly because" };
            error.WriteLine($"  {prefix}: {Safe(diagnostic.Cause)}");
        }

        if (verbose && diagnostic.Evidence is not null)
        {
            error.WriteLine($"  seen: {Safe(diagnostic.Evidence)}");
        }

        foreach (string fix in verbose ? diagnostic.Fixes : diagnostic.Fixes.Take(4))
        {
            error.WriteLine($"  try: {Safe(fix)}");
        }

        if (verbose)
        {
            error.WriteLine($"  more: {diagnostic.Help}");
        }
    }

    /// <summary>Text from a file without what a terminal would obey.</summary>
    public static string Safe(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c));

    /// <summary>An enum's name as the contract writes it.</summary>
    public static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
