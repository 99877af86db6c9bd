using System.CommandLine;
using System.Globalization;

namespace LlmToolkit.Cli;

/// <summary>Options that every command takes.</summary>
internal static class GlobalOptions
{
    public static Option<bool> Json { get; } = new("--json") { Description = "Write JSON to stdout and nothing else there.", Recursive = true };

    public static Option<int?> Threads { get; } = new("--threads") { Description = "Worker threads. Default: the cores within the quota.", Recursive = true, HelpName = "N" };

    public static Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "No notes and no progress on stderr.", Recursive = true };

    public static Option<bool> Verbose { get; } = new("--verbose") { Description = "Say more, and show everything known of an error.", Recursive = true };

    public static Option<bool> NoColor { get; } = new("--no-color") { Description = "No colours. NO_COLOR and a pipe do the same.", Recursive = true };

    public static Option<string?> Format { get; } = new("--format") { Description = "Open as this format; checked against the content.", HelpName = "NAME" };

    /// <summary>The worker threads asked for, else configured; the cores within the quota where none are.</summary>
    public static int ThreadsOf(CliHost host, ParseResult result) => Math.Clamp(
        result.GetValue(Threads) ?? (host.Configuration().Get("threads") is { } set ? int.Parse(set, CultureInfo.InvariantCulture) : Environment.ProcessorCount), 1, 256);

    public static IEnumerable<Option> All => [Json, Threads, Quiet, Verbose, NoColor];
}
