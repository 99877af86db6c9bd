using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Server;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>serve [MODEL…]</c>: an OpenAI-compatible server.</summary>
internal static class ServeCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> models = new("MODEL") { Description = "Models; the built-in one where none is named.", Arity = ArgumentArity.ZeroOrMore };
        Option<string> address = new("--host") { Description = "Address to listen on.", DefaultValueFactory = _ => "127.0.0.1", HelpName = "ADDRESS" };
        Option<int> port = new("--port") { Description = "Port; 0 takes a free one.", DefaultValueFactory = _ => 8080, HelpName = "N" };
        Option<string?> key = new("--api-key") { Description = "Ask clients for this bearer token.", HelpName = "KEY" };
        Command command = new("serve", """
            Serve models over OpenAI's protocol: /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/models, /healthz.

            Examples:
              llmtk serve model.gguf
              llmtk serve --port 0 --json
              llmtk serve chat.gguf ./embedding-model --api-key secret
            """) { models, address, port, key };
        ModelOptions loading = new(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            string[] sources = result.GetValue(models) ?? [];
            LoadOptions options = loading.Read(host, result);
            Dictionary<string, ILanguageModel> served = [];
            List<LoadedModel> loaded = [];
            try
            {
                foreach (string? source in sources.Length == 0 ? new string?[] { null } : sources)
                {
                    LoadedModel model = await LoadedModel.LoadAsync(host, result, source, options, cancellationToken).ConfigureAwait(false);
                    loaded.Add(model);
                    served[Id(model.Source, served)] = model.Model;
                }

                LlmServer server = await LlmServer.StartAsync(
                    new LlmServerOptions { Models = served, Host = result.GetRequiredValue(address), Port = result.GetValue(port), ApiKey = result.GetValue(key) }, cancellationToken).ConfigureAwait(false);
                await using (server.ConfigureAwait(false))
                {
                    if (!server.Url.IsLoopback && result.GetValue(key) is null && !result.GetValue(GlobalOptions.Quiet))
                    {
                        await host.Error.WriteLineAsync("note: everyone who reaches this machine can use the server; --api-key asks them for a key.").ConfigureAwait(false);
                    }

                    Announce(host, result, server);
                    await server.RunAsync(cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                foreach (LoadedModel model in loaded)
                {
                    await model.DisposeAsync().ConfigureAwait(false);
                }
            }

            return cancellationToken.IsCancellationRequested ? 130 : 0;
        });
        return command;
    }

    private static void Announce(CliHost host, ParseResult result, LlmServer server)
    {
        string url = server.Url.ToString().TrimEnd('/');
        if (result.GetValue(GlobalOptions.Json))
        {
            JsonOutput.Document(host.Out, w =>
            {
                w.WriteStartObject();
                w.WriteString("url", url);
                w.Strings("models", server.Models);
                w.WriteEndObject();
            });
        }
        else
        {
            using StreamWriter text = Output.Text(host);
            text.WriteLine($"{url} serves {string.Join(", ", server.Models)}; Ctrl-C stops it");
        }
    }

    /// <summary>A model's id: the name of its file or folder, made unique.</summary>
    private static string Id(string source, Dictionary<string, ILanguageModel> taken)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source));
        // What is no path is a Hub ID, an alias or another name: it is called what it was called.
        string name = Directory.Exists(path) ? Path.GetFileName(path) : File.Exists(path) ? Path.GetFileNameWithoutExtension(path) : source;
        string id = name;
        for (int n = 2; taken.ContainsKey(id); n++)
        {
            id = $"{name}-{n}";
        }

        return id;
    }
}
