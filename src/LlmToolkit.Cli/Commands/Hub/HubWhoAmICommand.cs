using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>hub whoami</c>: whose token would be sent, and where it is from.</summary>
internal static class HubWhoAmICommand
{
    public static Command Create(CliHost host)
    {
        Option<string?> token = HubOptions.Token();
        Command command = new("whoami", """
            Show whose token is used and where it comes from.

            Examples:
              llmtk hub whoami
              llmtk hub whoami --json
            """) { token };
        command.SetAction(async (result, cancellationToken) =>
        {
            // Whoever asks whose token it is wants it to be sent, whatever HF_HUB_DISABLE_IMPLICIT_TOKEN says.
            HubSettings settings = host.HubSettings();
            HubToken own = result.GetValue(token) is { } named ? HubToken.Explicit(named, "--token") : HubToken.Find(settings);
            using HubClient client = new(settings, own, host.HubHandler);
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
