using System.Globalization;
using System.Text;
using Spectre.Console;

namespace LlmToolkit.Cli.Rendering;

/// <summary>Text and tables for people.</summary>
internal static class Output
{
    /// <summary>A writer of plain text to stdout that flushes each line.</summary>
    public static StreamWriter Text(CliHost host) => new(host.Out, new UTF8Encoding(false), 4096, leaveOpen: true) { AutoFlush = true };

    /// <summary>A console that writes to <paramref name="writer"/>; plain when colour is off or the stream is no terminal.</summary>
    public static IAnsiConsole Console(TextWriter writer, bool plain)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (plain)
        {
            // A pipe has no width; tables must not be cut to a guess.
            console.Profile.Width = 4096;
        }

        return console;
    }

    /// <summary>Prints a table: a heading and rows of plain text.</summary>
    public static void Table(CliHost host, bool noColor, string[] columns, IEnumerable<string[]> rows)
    {
        using StringWriter rendered = new(CultureInfo.InvariantCulture);
        IAnsiConsole console = Console(rendered, noColor || host.OutRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 });
        Table table = new() { Border = TableBorder.Simple };
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)) { NoWrap = host.OutRedirected });
        }

        foreach (string[] row in rows)
        {
            table.AddRow([.. row.Select(cell => new Spectre.Console.Text(DiagnosticOutput.Safe(cell)))]);
        }

        console.Write(table);
        using StreamWriter text = Text(host);
        foreach (string line in rendered.ToString().Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0))
        {
            text.WriteLine(line);
        }
    }

    /// <summary><c>93.8 MiB</c>.</summary>
    public static string Size(long bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return unit == 0 ? $"{bytes} bytes" : FormattableString.Invariant($"{value:0.0} {units[unit]}");
    }

    /// <summary><c>134.5M</c>.</summary>
    public static string Count(long count) => count switch
    {
        >= 1_000_000_000 => FormattableString.Invariant($"{count / 1e9:0.00}B"),
        >= 1_000_000 => FormattableString.Invariant($"{count / 1e6:0.0}M"),
        >= 1_000 => FormattableString.Invariant($"{count / 1e3:0.0}K"),
        _ => FormattableString.Invariant($"{count}"),
    };
}
