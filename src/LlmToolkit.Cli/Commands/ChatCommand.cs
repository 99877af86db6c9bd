using System.CommandLine;
using System.Text;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>chat [MODEL]</c>: many turns by the model's own template.</summary>
internal static class ChatCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string?> model = new("MODEL") { Description = "The model; the built-in one where none is named.", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> system = new("--system", "-s") { Description = "The system message.", HelpName = "TEXT" };
        Command command = new("chat", """
            Talk with a model over many turns. /help lists what you can type besides messages.

            Examples:
              llmtk chat
              llmtk chat model.gguf --system "You are brief."
            """) { model, system };
        ModelOptions loading = new(command);
        SamplingOptions sampling = new(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            GenerateOptions options = sampling.Read(result);
            await using LoadedModel loaded = await LoadedModel.LoadAsync(host, result, result.GetValue(model), loading.Read(host, result), cancellationToken).ConfigureAwait(false);
            return await new Session(host, result, loaded, options, result.GetValue(system)).RunAsync(cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private sealed class Session(CliHost host, ParseResult result, LoadedModel loaded, GenerateOptions options, string? system)
    {
        private readonly List<ChatTurn> _turns = [];
        private string? _system = system;
        private TokenUsage? _usage;

        public async Task<int> RunAsync(CancellationToken cancellationToken)
        {
            using StreamReader reader = new(host.In, new UTF8Encoding(false), true, 4096, leaveOpen: true);
            if (!host.InRedirected && !result.GetValue(GlobalOptions.Quiet))
            {
                await host.Error.WriteLineAsync("Type a message, /help for commands, Ctrl-D to leave.").ConfigureAwait(false);
            }

            while (true)
            {
                if (!host.InRedirected)
                {
                    await host.Error.WriteAsync("> ").ConfigureAwait(false);
                }

                string? line = await TextFile.ReadLineAsync(reader, cancellationToken).ConfigureAwait(false);
                if (line is null || line is "/exit" or "/quit" or "/bye")
                {
                    return cancellationToken.IsCancellationRequested ? 130 : 0;
                }

                if (line.StartsWith('/'))
                {
                    await CommandAsync(line, cancellationToken).ConfigureAwait(false);
                }
                else if (line.Length > 0)
                {
                    await AnswerAsync(line, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        private async Task AnswerAsync(string message, CancellationToken cancellationToken)
        {
            bool json = result.GetValue(GlobalOptions.Json);
            _turns.Add(new ChatTurn("user", message));
            StringBuilder answer = new();
            List<int> ids = [];
            TextChunk? last = null;
            try
            {
                using StreamWriter stream = new(host.Out, new UTF8Encoding(false), 256, leaveOpen: true) { AutoFlush = true };
                using ProgressLine progress = new(host, result);
                await foreach (TextChunk chunk in progress.UntilFirst(loaded.Model.GenerateAsync(Render(), options, cancellationToken)).ConfigureAwait(false))
                {
                    answer.Append(chunk.Text);
                    ids.AddRange(chunk.Ids);
                    last = chunk;
                    if (!json)
                    {
                        await stream.WriteAsync(DiagnosticOutput.Safe(chunk.Text)).ConfigureAwait(false);
                    }
                }

                if (!json)
                {
                    await stream.WriteLineAsync().ConfigureAwait(false);
                }
            }
            catch (ModelException e)
            {
                // A turn that fails (a full context) is told, and the conversation goes on without it.
                _turns.RemoveAt(_turns.Count - 1);
                if (json)
                {
                    JsonOutput.Document(host.Out, w => w.WriteError(e.Diagnostic));
                }
                else
                {
                    DiagnosticOutput.Print(host, result, e.Diagnostic);
                }

                return;
            }

            _turns.Add(new ChatTurn("assistant", answer.ToString()));
            _usage = last?.Usage;
            if (json)
            {
                JsonOutput.Document(host.Out, w => RunCommand.Write(w, loaded, answer.ToString(), ids, last));
            }
        }

        private Prompt Render()
        {
            List<ChatTurn> turns = [.. _system is null ? Array.Empty<ChatTurn>() : [new ChatTurn("system", _system)], .. _turns];
            return loaded.Model.Info.HasChatTemplate
                ? loaded.Model.ApplyTemplate(turns)
                : Prompt.FromText(string.Join('\n', turns.Select(t => t.Content)) + "\n");
        }

        private async Task CommandAsync(string line, CancellationToken cancellationToken)
        {
            string[] parts = line.Split(' ', 2, StringSplitOptions.TrimEntries);
            string argument = parts.Length > 1 ? parts[1] : "";
            switch (parts[0])
            {
                case "/help":
                    await host.Error.WriteLineAsync("""
                        /system TEXT  set the system message (and begin anew)
                        /reset        forget the conversation
                        /save FILE    write the conversation as JSON
                        /load FILE    read one
                        /stats        figures of the last answer
                        /exit         leave
                        """).ConfigureAwait(false);
                    break;
                case "/system":
                    _system = argument.Length > 0 ? argument : null;
                    _turns.Clear();
                    break;
                case "/reset":
                    _turns.Clear();
                    break;
                case "/save" or "/load" when argument.Length == 0:
                    await host.Error.WriteLineAsync($"{parts[0]} needs the name of a file").ConfigureAwait(false);
                    break;
                case "/save":
                    await TryAsync(() => SaveAsync(argument)).ConfigureAwait(false);
                    break;
                case "/load":
                    await TryAsync(() => LoadAsync(argument, cancellationToken)).ConfigureAwait(false);
                    break;
                case "/stats":
                    await host.Error.WriteLineAsync(_usage is null ? "no answer yet" : RunCommand.Figures(_usage)).ConfigureAwait(false);
                    break;
                default:
                    await host.Error.WriteLineAsync($"unknown command {DiagnosticOutput.Safe(parts[0])}; /help lists them").ConfigureAwait(false);
                    break;
            }
        }

        private async Task TryAsync(Func<Task> action)
        {
            try
            {
                await action().ConfigureAwait(false);
            }
            catch (ModelException e)
            {
                DiagnosticOutput.Print(host, result, e.Diagnostic);
            }
        }

        private async Task SaveAsync(string path)
        {
            try
            {
                FileStream file = File.Create(path);
                await using (file.ConfigureAwait(false))
                {
                    JsonOutput.Document(file, w =>
                    {
                        w.WriteStartArray();
                        foreach (ChatTurn turn in (IEnumerable<ChatTurn>)[.. _system is null ? Array.Empty<ChatTurn>() : [new ChatTurn("system", _system)], .. _turns])
                        {
                            w.WriteStartObject();
                            w.WriteString("role", turn.Role);
                            w.WriteString("content", turn.Content);
                            w.WriteEndObject();
                        }

                        w.WriteEndArray();
                    });
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw CliErrors.CannotWrite(path, e);
            }
        }

        private async Task LoadAsync(string path, CancellationToken cancellationToken)
        {
            string text = await TextFile.ReadAsync(path, cancellationToken).ConfigureAwait(false);
            try
            {
                using JsonDocument json = JsonDocument.Parse(text);
                List<ChatTurn> turns = [.. json.RootElement.EnumerateArray().Select(m => new ChatTurn(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))];
                _system = turns.FirstOrDefault(t => t.Role == "system")?.Content;
                _turns.Clear();
                _turns.AddRange(turns.Where(t => t.Role != "system"));
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
            {
                throw CliErrors.BadValue("/load", path, "a file that /save wrote");
            }
        }
    }
}
