using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary><c>hub whoami</c>: whose token would be sent, and where it is from.</summary>
internal static class HubWhoAmICommand
{
    public static Command Create(CliHost host)
    {
        Command command = new("whoami", """
            Show whose token is used and where it comes from.

            Examples:
              llmtk hub whoami
              llmtk hub whoami --json
            """) { HubOptions.Token };
        command.SetAction(async (result, cancellationToken) =>
        {
            // Whoever asks whose token it is wants it to be sent, whatever HF_HUB_DISABLE_IMPLICIT_TOKEN says.
            using HubClient client = HubOptions.Client(host, result, result.GetValue(HubOptions.Token) is null ? HubToken.Find(host.HubSettings()) : null);
            HubIdentity identity = await client.WhoAmIAsync(cancellationToken).ConfigureAwait(false);
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartObject();
                    HubJson.Write(w, identity);
                    w.WriteString("endpoint", client.Settings.Endpoint.AbsoluteUri.TrimEnd('/'));
                    w.WriteString("source", client.Token.Source);
                    w.WriteString("token", client.Token.Masked);
                    w.WriteEndObject();
                });
            }
            else
            {
                using StreamWriter text = Output.Text(host);
                text.WriteLine(DiagnosticOutput.Safe($"{identity.Name}{(identity.FullName is null ? "" : $" ({identity.FullName})")}"));
                if (identity.Organizations.Count > 0)
                {
                    text.WriteLine(DiagnosticOutput.Safe($"organisations: {string.Join(", ", identity.Organizations)}"));
                }

                text.WriteLine(DiagnosticOutput.Safe($"token: {identity.TokenName ?? "unnamed"}{(identity.TokenRole is null ? "" : $", {identity.TokenRole}")}, from {client.Token}, for {client.Settings.Endpoint.Host}"));
            }

            return 0;
        });
        return command;
    }
}
