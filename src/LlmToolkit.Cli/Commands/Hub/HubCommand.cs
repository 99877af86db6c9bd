using System.CommandLine;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary><c>hub …</c>: the Hugging Face Hub.</summary>
internal static class HubCommand
{
    public static Command Create(CliHost host)
    {
        Command command = new("hub", """
            Find and download models of the Hugging Face Hub, sign in to it, and look after its cache on this disk.

            Examples:
              llmtk hub search llama --filter gguf
              llmtk hub download owner/name:Q4_K_M
              llmtk hub info owner/name
              llmtk hub files owner/name --revision v1.0
              llmtk hub login
            """);
        command.Subcommands.Add(HubDownloadCommand.Create(host));
        command.Subcommands.Add(HubInfoCommand.Create(host));
        command.Subcommands.Add(HubFilesCommand.Create(host));
        command.Subcommands.Add(HubSearchCommand.Create(host));
        command.Subcommands.Add(HubCacheCommand.Create(host));
        command.Subcommands.Add(HubLoginCommand.Create(host));
        command.Subcommands.Add(HubLogoutCommand.Create(host));
        command.Subcommands.Add(HubWhoAmICommand.Create(host));
        return command;
    }
}
