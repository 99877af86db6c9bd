using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>logits MODEL</c>: what the model computes for given ids, written as safetensors.</summary>
internal static class LogitsCommand
{
    /// <summary>Positions whose logits are computed and written at a time.</summary>
    private const int Rows = 64;

    public static Command Create(CliHost host)
    {
        Argument<string> model = new("MODEL") { Description = "The model." };
        Option<string?> ids = new("--ids") { Description = "Token ids: 1,2,3.", HelpName = "IDS" };
        Option<int> greedy = new("--greedy") { Description = "Continue with the likeliest token this many times.", HelpName = "N" };
        Option<string?> batch = new("--batch") { Description = "JSON Lines of {ids, greedy}; - reads stdin.", HelpName = "FILE" };
        Option<string?> output = new("--out", "-o") { Description = "Write logits.K and greedy.K here.", HelpName = "FILE" };
        Command command = new("logits", """
            Compute the logits of every position. An encoder gives its last hidden states instead.

            Examples:
              llmtk logits model.gguf --ids 1,15043,3186 --greedy 8 --out logits.safetensors
              llmtk logits ./folder --batch items.jsonl --exact --out logits.safetensors --json
            """) { model, ids, greedy, batch, output };
        ModelOptions loading = new(command, exact: true);
        command.SetAction(async (result, cancellationToken) =>
        {
            List<Item> items = result.GetValue(batch) is string path
                ? await ReadAsync(host, path, cancellationToken).ConfigureAwait(false)
                : [new Item(IdList.Parse("--ids", result.GetValue(ids) ?? throw CliErrors.Missing("--ids or --batch", "Give ids: --ids 1,2,3.")), result.GetValue(greedy), null)];
            await using LoadedModel loaded = await LoadedModel.LoadAsync(host, result, result.GetRequiredValue(model), loading.Read(result), cancellationToken).ConfigureAwait(false);
            if (loaded.Model is IEncoderModel encoder)
            {
                Run(host, items, i => Check(i, encoder.Info.Vocabulary, encoder.ContextLength), i => [("hidden", DTypes.F32, [i.Ids.Length, encoder.Width])], result.GetValue(output), (item, writer) => Encode(encoder, item, writer, cancellationToken), encoder.Width);
            }
            else
            {
                ILogitsModel logits = loaded.Logits();
                Run(host, items, i => Check(i, logits.Vocabulary, logits.ContextLength), i => [("logits", DTypes.F32, [i.Ids.Length, logits.Vocabulary]), ("greedy", DTypes.I64, [i.Greedy])], result.GetValue(output), (item, writer) => Forward(logits, item, writer, cancellationToken), logits.Vocabulary);
            }

            return 0;
        });
        return command;
    }

    private static void Run(CliHost host, List<Item> items, Func<Item, Diagnostic?> check, Func<Item, IEnumerable<(string Name, DType Type, TensorShape Shape)>> tensors, string? output, Func<Item, SafetensorsWriter?, int[]> compute, int width)
    {
        // The header of a safetensors file comes first, so every item is judged before any is computed.
        List<Item> judged = [.. items.Select(i => i.Error is null ? i with { Error = check(i) } : i)];
        SafetensorsWriter? writer = null;
        try
        {
            writer = output is null ? null : Create(output, judged.SelectMany((item, k) => item.Error is null ? tensors(item).Select(t => ($"{t.Name}.{k}", t.Type, t.Shape)) : []));
            for (int k = 0; k < judged.Count; k++)
            {
                Item item = judged[k];
                int number = k;
                if (item.Error is not null)
                {
                    if (judged.Count == 1)
                    {
                        throw new ModelException(item.Error);
                    }

                    JsonOutput.Document(host.Out, w => w.WriteError(item.Error, x => x.WriteNumber("index", number)));
                    continue;
                }

                int[] greedy = compute(item, writer);
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartObject();
                    w.WriteNumber("index", number);
                    w.WriteNumber("positions", item.Ids.Length);
                    w.WriteNumber("vocabulary", width);
                    w.Ids("greedy", greedy);
                    w.WriteEndObject();
                });
            }

            writer?.Complete();
        }
        catch (IOException e) when (output is not null && writer is not null)
        {
            throw CliErrors.CannotWrite(output, e);
        }
        finally
        {
            writer?.Dispose();
        }
    }

    private static int[] Forward(ILogitsModel model, Item item, SafetensorsWriter? writer, CancellationToken cancellationToken)
    {
        using IGenerationSession session = model.CreateSession();
        float[] logits = new float[Math.Min(Rows, item.Ids.Length) * model.Vocabulary];
        for (int from = 0; from < item.Ids.Length; from += Rows)
        {
            int count = Math.Min(Rows, item.Ids.Length - from);
            Span<float> rows = logits.AsSpan(0, count * model.Vocabulary);
            session.Forward(item.Ids.AsSpan(from, count), rows, cancellationToken);
            writer?.Write(rows);
        }

        int[] greedy = new int[item.Greedy];
        Span<float> last = logits.AsSpan(((item.Ids.Length - 1) % Rows) * model.Vocabulary, model.Vocabulary);
        for (int n = 0; n < greedy.Length; n++)
        {
            greedy[n] = IndexOfMax(last);
            if (n + 1 < greedy.Length)
            {
                session.Forward([greedy[n]], last, cancellationToken);
            }
        }

        writer?.Write([.. greedy.Select(x => (long)x)]);
        return greedy;
    }

    /// <summary>The likeliest token; of equals the lower id.</summary>
    private static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }

    private static int[] Encode(IEncoderModel model, Item item, SafetensorsWriter? writer, CancellationToken cancellationToken)
    {
        float[] hidden = new float[item.Ids.Length * model.Width];
        model.Encode(item.Ids, hidden, cancellationToken);
        writer?.Write(hidden);
        return [];
    }

    private static Diagnostic? Check(Item item, int? vocabulary, int context)
    {
        string? wrong = item.Ids.Length == 0 ? "it holds no ids"
            : item.Ids.FirstOrDefault(id => id < 0 || id >= (vocabulary ?? int.MaxValue), -1) is var bad and not -1 || item.Ids.Contains(-1) ? $"id {item.Ids.First(id => id < 0 || id >= (vocabulary ?? int.MaxValue))} is outside the vocabulary of {vocabulary}"
            : item.Ids.Length + Math.Max(0, item.Greedy - 1) > context ? $"{item.Ids.Length} ids and {item.Greedy} more do not fit the context of {context}"
            : null;
        return wrong is null ? null : CliErrors.BadIds(wrong).Diagnostic;
    }

    private static SafetensorsWriter Create(string path, IEnumerable<(string Name, DType Type, TensorShape Shape)> tensors)
    {
        try
        {
            SafetensorsWriter writer = SafetensorsWriter.Create(path);
            foreach ((string name, DType type, TensorShape shape) in tensors)
            {
                writer.Declare(name, type, shape);
            }

            return writer;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliErrors.CannotWrite(path, e);
        }
    }

    private static async Task<List<Item>> ReadAsync(CliHost host, string path, CancellationToken cancellationToken)
    {
        List<Item> items = [];
        using StreamReader reader = TextFile.Open(host, path);
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is string line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                items.Add(ReadItem(items.Count, line));
            }
        }

        return items;
    }

    private static Item ReadItem(int index, string line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            int greedy = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("greedy", out JsonElement n) && n.ValueKind == JsonValueKind.Number ? n.GetInt32() : 0;
            return new Item(Batch.Ids(index, json.RootElement, "ids"), Math.Max(0, greedy), null);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return new Item([], 0, CliErrors.BatchLine(index, e.Message).Diagnostic);
        }
        catch (ModelException e)
        {
            return new Item([], 0, e.Diagnostic);
        }
    }

    private sealed record Item(int[] Ids, int Greedy, Diagnostic? Error);
}
