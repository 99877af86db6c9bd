using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Text;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>tokenize TOKENIZER</c>: text to ids.</summary>
internal static class TokenizeCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> tokenizer = new("TOKENIZER") { Description = "A model, a folder, tokenizer.json, tokenizer.model, vocab.txt …" };
        Option<string?> text = new("--text") { Description = "The text.", HelpName = "TEXT" };
        Option<string?> file = new("--file", "-f") { Description = "A file, taken as it is.", HelpName = "FILE" };
        Option<string?> batch = new("--batch") { Description = "JSON Lines of {text, pair?, add_special?, special_as_text?}; - reads stdin.", HelpName = "FILE" };
        Option<bool> plain = new("--no-special") { Description = "Add no begin and end tokens." };
        Option<bool> asText = new("--special-as-text") { Description = "Control tokens inside the text are only text." };
        Option<bool> configured = new("--configured") { Description = "Truncate and pad as tokenizer.json says." };
        Option<string?> pre = new("--pre") { Description = "Override the pre-tokenizer's name (GGUF).", HelpName = "NAME" };
        Command command = new("tokenize", """
            Turn text into token ids.

            Examples:
              llmtk tokenize model.gguf --text "Hello, world"
              llmtk tokenize ./folder --batch texts.jsonl --json
            """) { tokenizer, text, file, batch, plain, asText, configured, pre };
        command.SetAction(async (result, cancellationToken) =>
        {
            Tokenizer opened = await TokenizerAccess.OpenAsync(host, result, result.GetRequiredValue(tokenizer), result.GetValue(pre), cancellationToken).ConfigureAwait(false);
            TokenizerLimits? limits = result.GetValue(configured) ? TokenizerLimits.Read(TokenizerAccess.Source(result.GetRequiredValue(tokenizer))) : null;
            EncodeOptions options = new() { AddSpecial = !result.GetValue(plain), SpecialAsText = result.GetValue(asText) };
            if (result.GetValue(batch) is string path)
            {
                await Batch.RunAsync(host, path, (index, item) => Item(opened, index, item, options, limits), cancellationToken).ConfigureAwait(false);
                return 0;
            }

            string input = result.GetValue(text)
                ?? (result.GetValue(file) is string name ? await TextFile.ReadAsync(name, cancellationToken).ConfigureAwait(false) : null)
                ?? throw CliErrors.Missing("--text, --file or --batch", "Give a text: --text \"Hello\"");
            TokenizerEncoding encoding = opened.Encode(input, null, options);
            encoding = limits?.Apply(encoding) ?? encoding;
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => Write(w, opened, 0, encoding));
            }
            else
            {
                Output.Table(host, result.GetValue(GlobalOptions.NoColor), ["id", "token"], encoding.Ids.Zip(encoding.Tokens, (id, token) => new[] { FormattableString.Invariant($"{id}"), token }));
            }

            return 0;
        });
        return command;
    }

    private static Action<Utf8JsonWriter> Item(Tokenizer tokenizer, long index, JsonElement item, EncodeOptions options, TokenizerLimits? limits)
    {
        string text = Batch.Text(index, item, "text") ?? throw CliErrors.BatchLine(index, "\"text\" is missing.");
        TokenizerEncoding encoding = tokenizer.Encode(text, Batch.Text(index, item, "pair"), new EncodeOptions
        {
            AddSpecial = Batch.Bool(index, item, "add_special", options.AddSpecial),
            SpecialAsText = Batch.Bool(index, item, "special_as_text", options.SpecialAsText),
        });
        TokenizerEncoding limited = limits?.Apply(encoding) ?? encoding;
        return w => Write(w, tokenizer, index, limited);
    }

    private static void Write(Utf8JsonWriter w, Tokenizer tokenizer, long index, TokenizerEncoding encoding)
    {
        int[] ids = [.. encoding.Ids];
        w.WriteStartObject();
        w.WriteNumber("index", index);
        w.Ids("ids", ids);
        w.Strings("tokens", encoding.Tokens);
        if (encoding.Offsets is null)
        {
            w.WriteNull("offsets");
        }
        else
        {
            w.WriteStartArray("offsets");
            foreach ((int start, int end) in encoding.Offsets)
            {
                w.WriteStartArray();
                w.WriteNumberValue(start);
                w.WriteNumberValue(end);
                w.WriteEndArray();
            }

            w.WriteEndArray();
        }

        w.Ids("type_ids", encoding.TypeIds);
        w.Ids("special_tokens_mask", encoding.SpecialTokensMask);
        w.WriteStartArray("sequence_ids");
        foreach (int? sequence in encoding.SequenceIds)
        {
            if (sequence is int number)
            {
                w.WriteNumberValue(number);
            }
            else
            {
                w.WriteNullValue();
            }
        }

        w.WriteEndArray();
        w.WriteString("normalized", encoding.Normalized);
        w.WriteString("decoded", tokenizer.Decode(ids));
        w.WriteString("decoded_skip_special", tokenizer.Decode(ids, skipSpecial: true));
        w.WriteEndObject();
    }
}
