using System.Text;

namespace LlmToolkit.Cli.Rendering;

/// <summary>A diagnostic as text: what, where, what was seen, why, what to do; never more than twelve lines unless all of it is asked for.</summary>
internal sealed record DiagnosticText
{
    /// <summary>Most lines of one diagnostic: it must not push what led to it off the screen.</summary>
    public const int MostLines = 12;

    /// <summary>Width that lines are broken at. Default: 80, also in a pipe.</summary>
    public const int Width = 80;

    /// <summary>Longest text shown of one field, in characters: the rest is in --verbose and --json.</summary>
    private const int LongestField = 200;

    private const int MostFixes = 3;
    private const string Red = "\e[31m";
    private const string Yellow = "\e[33m";
    private const string Dim = "\e[2m";
    private const string Plain = "\e[0m";

    /// <summary>Show every fix and fact, uncut.</summary>
    public bool Verbose { get; init; }

    /// <summary>Colour the code and the help line.</summary>
    public bool Color { get; init; }

    /// <summary>The lines, each with its end.</summary>
    public string Of(Diagnostic diagnostic)
    {
        List<string> lines = [];
        string kind = diagnostic.Severity >= Severity.High ? "error" : "warning";
        string head = $"{kind} {diagnostic.Code}: ";
        List<string> message = Wrap(head, "  ", diagnostic.Message, most: 4);
        if (Color)
        {
            message[0] = (diagnostic.Severity >= Severity.High ? Red : Yellow) + head.TrimEnd() + Plain + message[0][(head.Length - 1)..];
        }

        lines.AddRange(message);
        // A name that the message ends or begins with is not said twice.
        if (diagnostic.File is string file && (Verbose || !diagnostic.Message.Contains(file, StringComparison.Ordinal)))
        {
            lines.AddRange(Verbose ? [$"  file: {DiagnosticOutput.Safe(file)}"] : [Fit("  file: ", file)]);
        }

        if (diagnostic.Evidence is string evidence && (Verbose || !diagnostic.Message.Contains(evidence, StringComparison.Ordinal)))
        {
            lines.AddRange(Wrap("  seen: ", "    ", evidence, most: 2));
        }

        if (diagnostic.Cause is string cause)
        {
            lines.AddRange(Wrap(diagnostic.Certainty switch { Certainty.Certain => "  because: ", Certainty.Likely => "  likely because: ", _ => "  possibly because: " }, "    ", cause, most: 3));
        }

        string help = $"  more: llmtk explain {diagnostic.Code}";
        lines.AddRange(Fixes(diagnostic, MostLines - 1 - lines.Count));
        if (Verbose)
        {
            lines.AddRange(Facts(diagnostic));
        }

        lines.Add(Color ? Dim + help + Plain : help);
        return string.Join('\n', lines) + "\n";
    }

    private List<string> Fixes(Diagnostic diagnostic, int room)
    {
        List<string> lines = [];
        foreach (string fix in Verbose ? diagnostic.Fixes : diagnostic.Fixes.Take(MostFixes))
        {
            // The likeliest comes first and is shown in any case; what does not fit after it is told by the last line.
            List<string> one = Wrap("  try: ", "    ", fix, most: lines.Count == 0 ? Math.Clamp(room, 1, 3) : 3);
            if (!Verbose && lines.Count > 0 && lines.Count + one.Count > room)
            {
                break;
            }

            lines.AddRange(one);
        }

        return lines;
    }

    private static IEnumerable<string> Facts(Diagnostic diagnostic)
    {
        if (diagnostic.Field is string field)
        {
            yield return $"  field: {DiagnosticOutput.Safe(field)}";
        }

        yield return $"  category: {DiagnosticOutput.Lower(diagnostic.Category)}, severity: {DiagnosticOutput.Lower(diagnostic.Severity)}, {DiagnosticOutput.Lower(diagnostic.Kind)}";
        if (diagnostic.Stops.Count > 0)
        {
            yield return $"  stops: {string.Join(", ", diagnostic.Stops.Select(DiagnosticOutput.Lower))}";
        }
    }

    /// <summary>A path in one line: its end is what tells files apart.</summary>
    private static string Fit(string head, string path)
    {
        string safe = DiagnosticOutput.Safe(path).ReplaceLineEndings(" ");
        int room = Width - head.Length;
        return head + (safe.Length <= room ? safe : "…" + safe[^(room - 1)..]);
    }

    /// <summary>Breaks a text at white space; a word longer than a line is broken too.</summary>
    private List<string> Wrap(string head, string indent, string text, int most)
    {
        string safe = DiagnosticOutput.Safe(text);
        if (!Verbose && safe.Length > LongestField * 2)
        {
            safe = safe[..(LongestField * 2)] + "…";
        }

        List<string> lines = [];
        StringBuilder line = new(head.TrimEnd());
        foreach (string word in safe.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            string rest = word;
            while (rest.Length > 0)
            {
                bool first = line.Length == 0;
                int room = Width - (first ? indent.Length : line.Length + 1);
                if (rest.Length <= room || first)
                {
                    // What is shown in full can be copied: it is not broken.
                    int take = Verbose ? rest.Length : Math.Min(rest.Length, room);
                    line.Append(first ? indent : " ").Append(rest, 0, take);
                    rest = rest[take..];
                }

                if (rest.Length > 0)
                {
                    lines.Add(line.ToString());
                    line.Clear();
                }
            }
        }

        if (line.Length > 0)
        {
            lines.Add(line.ToString());
        }

        if (!Verbose && lines.Count > most)
        {
            lines.RemoveRange(most, lines.Count - most);
            lines[^1] = (lines[^1].Length < Width ? lines[^1] : lines[^1][..(Width - 1)]) + "…";
        }

        return lines;
    }
}
