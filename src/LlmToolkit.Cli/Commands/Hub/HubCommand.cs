using System.CommandLine;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>hub</c>: one line a command.</summary>
internal static class HubCommand
{
    public static Command Create(CliHost host) => new("hub", "The Hub and its cache on this disk.")
    {
        HubDownloadCommand.Create(host),
    };
}
