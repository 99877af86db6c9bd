using System.CommandLine;
using System.Text;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary><c>hub login</c>: a token is checked and kept.</summary>
internal static class HubLoginCommand
{
    /// <summary>Longest input that is read for a token.</summary>
    private const int MaxInput = 8192;

    public static Command Create(CliHost host)
    {
        Option<string?> token = new("--token") { Description = "The token. Others on this machine can see it: leave this out to be asked, or pipe it.", HelpName = "T" };
        Option<bool> plain = new("--plain") { Description = "Keep it in the file that other tools of the field read too, not in the system's own store." };
        Command command = new("login", """
            Sign in to the Hub: asks for a token, checks it, and keeps it in the system's own store (else in a file for you alone).
            Tokens are made at https://huggingface.co/settings/tokens; one of the kind Read is enough.

            Examples:
              llmtk hub login
              llmtk hub login --plain
              cat token.txt | llmtk hub login
            """) { token, plain };
        command.SetAction(async (result, cancellationToken) =>
        {
            bool quiet = result.GetValue(GlobalOptions.Quiet);
            HubSettings settings = host.HubSettings();
            HubToken given = HubToken.Explicit(Read(host, result.GetValue(token), quiet, cancellationToken));
            HubLogin login = await HubToken.SetAsync(given, settings, result.GetValue(plain), host.HubHandler, cancellationToken).ConfigureAwait(false);
            if (!quiet && HubToken.Find(settings) is { IsFromEnvironment: true } wins)
            {
                await host.Error.WriteLineAsync($"note: {wins.Source} is set ({wins.Masked}) and goes before what was kept now").ConfigureAwait(false);
            }

            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartObject();
                    HubJson.Write(w, login.Identity);
                    w.WriteString("stored", login.Place.Name);
                    w.WriteBoolean("plain", login.Place.IsPlain);
                    w.WriteEndObject();
                });
            }
            else
            {
                using StreamWriter text = Output.Text(host);
                text.WriteLine(DiagnosticOutput.Safe($"signed in as {login.Identity.Name}; the token ({given.Masked}) is kept in {login.Place.Name}{(login.Place.IsPlain ? ", a plain file" : "")}"));
            }

            return 0;
        });
        return command;
    }

    private static string Read(CliHost host, string? argument, bool quiet, CancellationToken cancellationToken)
    {
        if (argument is not null)
        {
            if (!quiet)
            {
                host.Error.WriteLine("note: a token on the command line can be seen in the list of processes and stays in the shell's history");
            }

            return argument;
        }

        if (!host.InRedirected)
        {
            return host.AskSecret("Token (it is not shown): ", cancellationToken) ?? "";
        }

        byte[] bytes = new byte[MaxInput];
        int length = host.In.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
