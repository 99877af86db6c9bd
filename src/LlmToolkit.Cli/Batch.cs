using System.Text.Json;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli;

/// <summary>Batches: one JSON object a line in, one line an item out, in order, flushed as they come.</summary>
internal static class Batch
{
    /// <summary>Runs an action for each item; an item's failure takes its line and the batch goes on.</summary>
    public static async Task RunAsync(CliHost host, string path, Func<long, JsonElement, Action<Utf8JsonWriter>> item, CancellationToken cancellationToken)
    {
        using StreamReader reader = TextFile.Open(host, path);
        long index = 0;
        while (await TextFile.ReadLineAsync(reader, cancellationToken).ConfigureAwait(false) is string line)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            long number = index++;
            Action<Utf8JsonWriter> write;
            try
            {
                using JsonDocument json = Parse(number, line);
                write = item(number, json.RootElement);
            }
            catch (ModelException e)
            {
                write = w => w.WriteError(e.Diagnostic, x => x.WriteNumber("index", number));
            }

            JsonOutput.Document(host.Out, write);
        }
    }

    /// <summary>A member that holds ids.</summary>
    public static int[] Ids(long index, JsonElement item, string name)
    {
        if (!item.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.Array)
        {
            throw CliErrors.BatchLine(index, $"\"{name}\" must be an array of ids.");
        }

        return [.. value.EnumerateArray().Select(x => x.ValueKind == JsonValueKind.Number && x.TryGetInt32(out int id) ? id : throw CliErrors.BatchLine(index, $"\"{name}\" holds {x}, which is no id."))];
    }

    /// <summary>A member that holds text, or null where it is absent.</summary>
    public static string? Text(long index, JsonElement item, string name) =>
        !item.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? Unpaired(value) ?? throw CliErrors.BatchLine(index, $"\"{name}\" holds half of a surrogate pair, which is no text.")
        : throw CliErrors.BatchLine(index, $"\"{name}\" must be text.");

    /// <summary>A member that holds a truth.</summary>
    public static bool Bool(long index, JsonElement item, string name, bool absent) =>
        !item.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? absent
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw CliErrors.BatchLine(index, $"\"{name}\" must be true or false.");

    /// <summary>A member that holds a count.</summary>
    public static int Count(long index, JsonElement item, string name, int absent) =>
        !item.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? absent
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) && count >= 0 ? count
        : throw CliErrors.BatchLine(index, $"\"{name}\" must be a whole number of at least 0.");

    /// <summary>The text of a JSON string, or null where its escapes are no text.</summary>
    private static string? Unpaired(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A line as an object.</summary>
    public static JsonDocument Parse(long index, string line)
    {
        try
        {
            JsonDocument json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json : throw CliErrors.BatchLine(index, "it is not an object.");
        }
        catch (JsonException e)
        {
            throw CliErrors.BatchLine(index, e.Message);
        }
    }
}
