using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Text;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>detokenize TOKENIZER</c>: ids to text, at once and as a stream gives it.</summary>
internal static class DetokenizeCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> tokenizer = new("TOKENIZER") { Description = "A model, a folder, tokenizer.json, tokenizer.model, vocab.txt …" };
        Option<string?> ids = new("--ids") { Description = "Token ids: 1,2,3.", HelpName = "IDS" };
        Option<string?> batch = new("--batch") { Description = "JSON Lines of {ids, skip_special?}; - reads stdin.", HelpName = "FILE" };
        Option<bool> skip = new("--skip-special") { Description = "Leave control tokens out." };
        Command command = new("detokenize", """
            Turn token ids into text.

            Examples:
              llmtk detokenize model.gguf --ids 1,15043,3186
              llmtk detokenize ./folder --batch ids.jsonl --json
            """) { tokenizer, ids, batch, skip };
        command.SetAction(async (result, cancellationToken) =>
        {
            Tokenizer opened = await TokenizerAccess.OpenAsync(host, result, result.GetRequiredValue(tokenizer), null, cancellationToken).ConfigureAwait(false);
            if (result.GetValue(batch) is string path)
            {
                await Batch.RunAsync(host, path, (index, item) => Decode(opened, index, Batch.Ids(index, item, "ids"), Batch.Bool(index, item, "skip_special", false)), cancellationToken).ConfigureAwait(false);
                return 0;
            }

            int[] list = IdList.Parse("--ids", result.GetValue(ids) ?? throw CliErrors.Missing("--ids or --batch", "Give ids: --ids 1,2,3."));
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, Decode(opened, 0, list, result.GetValue(skip)));
            }
            else
            {
                using StreamWriter text = Output.Text(host);
                text.WriteLine(Check(opened, list).Decode(list, result.GetValue(skip)));
            }

            return 0;
        });
        return command;
    }

    private static Action<Utf8JsonWriter> Decode(Tokenizer tokenizer, long index, int[] ids, bool skipSpecial)
    {
        string text = Check(tokenizer, ids).Decode(ids, skipSpecial);
        StreamingDecoder decoder = tokenizer.CreateDecoder(skipSpecial);
        string?[] pieces = [.. ids.Select(decoder.Push)];
        string? flush = decoder.Flush();
        return w =>
        {
            w.WriteStartObject();
            w.WriteNumber("index", index);
            w.WriteString("text", text);
            w.WriteStartArray("pieces");
            foreach (string? piece in pieces)
            {
                w.WriteStringValue(piece);
            }

            w.WriteEndArray();
            w.WriteString("flush", flush);
            w.WriteEndObject();
        };
    }

    private static Tokenizer Check(Tokenizer tokenizer, int[] ids) =>
        Array.Find(ids, id => (uint)id >= (uint)tokenizer.VocabularySize) is var bad && ids.Any(id => (uint)id >= (uint)tokenizer.VocabularySize)
            ? throw CliErrors.BadIds($"id {bad} is outside the vocabulary of {tokenizer.VocabularySize}")
            : tokenizer;
}
