using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>embed MODEL</c>: one vector a text.</summary>
internal static class EmbedCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> model = new("MODEL") { Description = "The model." };
        Option<string?> text = new("--text") { Description = "The text.", HelpName = "TEXT" };
        Option<string?> batch = new("--batch") { Description = "JSON Lines of {text}; - reads stdin.", HelpName = "FILE" };
        Command command = new("embed", """
            Turn texts into vectors, pooled and normalized as the model's own files say.

            Examples:
              llmtk embed ./all-MiniLM-L6-v2 --text "A fox and a bell."
              llmtk embed model.gguf --batch texts.jsonl --json
            """) { model, text, batch };
        ModelOptions loading = new(command, exact: true);
        command.SetAction(async (result, cancellationToken) =>
        {
            string? single = result.GetValue(text);
            string? path = result.GetValue(batch);
            if (single is null == path is null)
            {
                throw single is null ? CliErrors.Missing("--text or --batch", "Give a text: --text \"A fox.\"") : CliErrors.Conflict("--text", "--batch");
            }

            bool notes = !result.GetValue(GlobalOptions.Quiet);

            await using LoadedModel loaded = await LoadedModel.LoadAsync(host, result, result.GetRequiredValue(model), loading.Read(host, result), cancellationToken).ConfigureAwait(false);
            if (path is not null)
            {
                await Batch.RunAsync(host, path, (index, item) => Embed(notes ? host : null, loaded, index, Batch.Text(index, item, "text") ?? throw CliErrors.BatchLine(index, "\"text\" is missing."), cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            else
            {
                JsonOutput.Document(host.Out, Embed(notes ? host : null, loaded, 0, single!, cancellationToken));
            }

            return 0;
        });
        return command;
    }

    private static Action<Utf8JsonWriter> Embed(CliHost? notes, LoadedModel loaded, long index, string text, CancellationToken cancellationToken)
    {
        TextEmbedding embedding = loaded.Model.EmbedAsync(text, cancellationToken).GetAwaiter().GetResult();
        if (embedding.DroppedTokens > 0)
        {
            notes?.Error.WriteLine($"note: text {index} is longer than the model reads; its last {embedding.DroppedTokens} tokens were cut.");
        }

        return w =>
        {
            w.WriteStartObject();
            w.WriteNumber("index", index);
            w.WriteStartArray("embedding");
            foreach (float value in embedding.Vector.Span)
            {
                w.Number(value);
            }

            w.WriteEndArray();
            w.WriteNumber("tokens", embedding.Tokens);
            w.WriteEndObject();
        };
    }
}
