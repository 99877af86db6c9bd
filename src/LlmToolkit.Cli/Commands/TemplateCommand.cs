using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Text;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>template MODEL_OR_JINJA</c>: messages to the text that a model reads.</summary>
internal static class TemplateCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> source = new("MODEL_OR_JINJA") { Description = "A model, or a file with a chat template." };
        Option<string?> messages = new("--messages") { Description = "A JSON file: a list of messages, or an object like a line of --batch; - reads stdin.", HelpName = "FILE" };
        Option<string?> batch = new("--batch") { Description = "JSON Lines of {messages, tools?, documents?, add_generation_prompt?, continue_final_message?, extra?, bos_token?, eos_token?} or {template, context}; - reads stdin.", HelpName = "FILE" };
        Option<string?> now = new("--now") { Description = "The time that templates see, such as 2026-01-02T03:04:05.", HelpName = "TIME" };
        Command command = new("template", """
            Render a conversation with a model's chat template.

            Examples:
              llmtk template model.gguf --messages messages.json
              llmtk template chat_template.jinja --batch conversations.jsonl --now 2026-01-02T03:04:05
            """) { source, messages, batch, now };
        command.SetAction(async (result, cancellationToken) =>
        {
            DateTime? clock = Time(result.GetValue(now));
            string name = result.GetRequiredValue(source);
            string? batchFile = result.GetValue(batch);
            string? file = result.GetValue(messages);
            if (batchFile is null && file is null)
            {
                throw CliErrors.Missing("--messages or --batch", "Give a file with the messages: --messages messages.json");
            }

            // A template that cannot be read is an error of each line that needs it; lines with a template of their own do not.
            Lazy<ChatTemplate> template = new(await OpenAsync(host, result, name, cancellationToken).ConfigureAwait(false));
            if (batchFile is not null)
            {
                await Batch.RunAsync(host, batchFile, (index, item) => Item(template, index, item, clock), cancellationToken).ConfigureAwait(false);
                return 0;
            }

            string text = await MessagesAsync(host, file!, template, clock, cancellationToken).ConfigureAwait(false);
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => Write(w, 0, text));
            }
            else
            {
                await host.Out.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text + "\n"), cancellationToken).ConfigureAwait(false);
            }

            return 0;
        });
        return command;
    }

    /// <summary>What gives the template of a model, or of a file that is one.</summary>
    private static async Task<Func<ChatTemplate>> OpenAsync(CliHost host, ParseResult result, string path, CancellationToken cancellationToken)
    {
        if (IsTemplate(path))
        {
            string source = await TextFile.ReadAsync(path, cancellationToken).ConfigureAwait(false);
            return () => ChatTemplate.Parse(source);
        }

        using DownloadLine downloads = new(host, result);
        using ModelDescription description = await TokenizerAccess.DescribeAsync(host.Loader(downloads), path, cancellationToken).ConfigureAwait(false);
        ModelContainer container = description.Container!;
        string own = container.ChatTemplate ?? throw CliErrors.NoChatTemplate(path);
        ChatTemplate template = ChatTemplate.Parse(own, container.Tokenizer is { } tokenizer ? TokenizerFactory.Create(tokenizer) : null);
        return () => template;
    }

    private static bool IsTemplate(string path) =>
        File.Exists(path) && Path.GetExtension(path).ToLowerInvariant() is ".jinja" or ".jinja2" or ".j2" or ".tmpl" or ".txt";

    private static async Task<string> MessagesAsync(CliHost host, string file, Lazy<ChatTemplate> template, DateTime? now, CancellationToken cancellationToken)
    {
        using StreamReader reader = TextFile.Open(host, file);
        string json = await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object ? Render(template, 0, root, now) : template.Value.RenderText(new ChatTemplateInput { Messages = root, Now = now });
        }
        catch (JsonException e)
        {
            throw CliErrors.BadValue("--messages", file, $"a file with JSON ({e.Message})");
        }
    }

    private static Action<Utf8JsonWriter> Item(Lazy<ChatTemplate> template, long index, JsonElement item, DateTime? now)
    {
        string text = Render(template, index, item, now);
        return w => Write(w, index, text);
    }

    private static void Write(Utf8JsonWriter w, long index, string text)
    {
        w.WriteStartObject();
        w.WriteNumber("index", index);
        w.WriteString("text", text);
        w.WriteEndObject();
    }

    private static string Render(Lazy<ChatTemplate> template, long index, JsonElement item, DateTime? now)
    {
        if (Batch.Text(index, item, "template") is string own)
        {
            return ChatTemplate.RenderPlain(own, Member(item, "context") ?? default, now);
        }

        return template.Value.RenderText(new ChatTemplateInput
        {
            Messages = Member(item, "messages") ?? throw CliErrors.BatchLine(index, "\"messages\" is missing."),
            Tools = Member(item, "tools"),
            Documents = Member(item, "documents"),
            AddGenerationPrompt = Member(item, "add_generation_prompt") is { } add ? add.ValueKind == JsonValueKind.True : Continued(index, item) is null,
            ContinueFinalMessage = Continued(index, item),
            Extra = Member(item, "extra") is { ValueKind: JsonValueKind.Object } extra ? extra.EnumerateObject().GroupBy(p => p.Name).ToDictionary(g => g.Key, g => g.Last().Value) : [],
            BosToken = Batch.Text(index, item, "bos_token"),
            EosToken = Batch.Text(index, item, "eos_token"),
            Now = now,
        });
    }

    private static string? Continued(long index, JsonElement item) => Member(item, "continue_final_message") switch
    {
        null or { ValueKind: JsonValueKind.False } => null,
        { ValueKind: JsonValueKind.True } => "content",
        { ValueKind: JsonValueKind.String } field => field.GetString(),
        _ => throw CliErrors.BatchLine(index, "\"continue_final_message\" must be true, false or the name of a field."),
    };

    /// <summary>A member that is there and not null.</summary>
    private static JsonElement? Member(JsonElement item, string name) =>
        item.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static DateTime? Time(string? text) => text is null ? null
        : DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime time) ? time
        : throw CliErrors.BadValue("--now", text, "a time such as 2026-01-02T03:04:05");
}
