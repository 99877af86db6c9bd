using System.CommandLine;
using System.Globalization;
using System.Text;
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
            Print(host, result, diagnostic);
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
        if (diagnostic.Stops.Count > 0)
        {
            writer.Strings("stops", diagnostic.Stops.Select(Lower));
        }

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

    /// <summary>A few lines on stderr for people; everything with --verbose.</summary>
    public static void Print(CliHost host, ParseResult result, Diagnostic diagnostic) => host.Error.Write(new DiagnosticText
    {
        Verbose = result.GetValue(GlobalOptions.Verbose),
        Color = !host.ErrorRedirected && !result.GetValue(GlobalOptions.NoColor) && Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 },
    }.Of(diagnostic));

    /// <summary>Text from a file without what a terminal would obey: control characters and marks that turn the direction of text become \u escapes.</summary>
    public static string Safe(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text;
        }

        StringBuilder safe = new(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool plain = rune.Value is '\n' or '\t' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            _ = plain ? safe.Append(rune) : safe.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
        }

        return safe.ToString();
    }

    /// <summary>An enum's name as the contract writes it.</summary>
    public static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
