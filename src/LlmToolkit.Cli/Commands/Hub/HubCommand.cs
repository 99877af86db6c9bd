using System.CommandLine;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>hub</c>: the Hugging Face Hub and its cache on this disk. One line a command.</summary>
internal static class HubCommand
{
    public static Command Create(CliHost host) => new("hub", """
        Find and fetch models of the Hugging Face Hub, and sign in to it.

        Examples:
          llmtk hub search llama --filter gguf
          llmtk hub info owner/name
          llmtk hub download owner/name
          llmtk hub login
        """)
    {
        HubDownloadCommand.Create(host),
        HubInfoCommand.Create(host),
        HubFilesCommand.Create(host),
        HubSearchCommand.Create(host),
        HubLoginCommand.Create(host),
        HubLogoutCommand.Create(host),
        HubWhoAmICommand.Create(host),
    };
}
