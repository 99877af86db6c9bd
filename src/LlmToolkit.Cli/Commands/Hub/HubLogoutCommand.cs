using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary><c>hub logout</c>: the kept token is removed.</summary>
internal static class HubLogoutCommand
{
    public static Command Create(CliHost host)
    {
        Command command = new("logout", """
            Remove the kept token, from the system's own store and from the file that other tools read.

            Examples:
              llmtk hub logout
            """);
        command.SetAction(result =>
        {
            HubSettings settings = host.HubSettings();
            IReadOnlyList<HubTokenPlace> removed = HubToken.Clear(settings);
            HubToken left = HubToken.Find(settings);
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartObject();
                    w.Strings("removed", removed.Select(p => p.Name));
                    w.WriteString("left", left.Source);
                    w.WriteEndObject();
                });
            }
            else
            {
                using StreamWriter text = Output.Text(host);
                text.WriteLine(DiagnosticOutput.Safe(removed.Count == 0 ? "nobody was signed in" : $"removed the token from {string.Join(" and ", removed.Select(p => p.Name))}"));
            }

            if (left.IsPresent && !result.GetValue(GlobalOptions.Quiet))
            {
                host.Error.WriteLine(DiagnosticOutput.Safe($"note: there is still a token from {left}{(left.IsFromEnvironment ? "; unset the variable to be signed out" : "")}"));
            }

            return 0;
        });
        return command;
    }
}
