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
            string? path = result.GetValue(batch);
            if (path is not null && result.GetValue(ids) is not null)
            {
                throw CliErrors.Conflict("--ids", "--batch");
            }

            int steps = result.GetValue(greedy);
            List<Item> items = path is not null
                ? await ReadAsync(host, path, cancellationToken).ConfigureAwait(false)
                : [new Item(
                    IdList.Parse("--ids", result.GetValue(ids) ?? throw CliErrors.Missing("--ids or --batch", "Give ids: --ids 1,2,3.")),
                    steps >= 0 ? steps : throw CliErrors.BadValue("--greedy", IdList.Text(steps), "a whole number of at least 0"),
                    null)];
            using ProgressLine progress = new(host, result);
            Work work = new(host, items, path is not null, result.GetValue(output), progress);
            await using LoadedModel loaded = await LoadedModel.LoadAsync(host, result, result.GetRequiredValue(model), loading.Read(host, result), cancellationToken).ConfigureAwait(false);
            if (loaded.Model is IEncoderModel encoder)
            {
                work.Run(i => Check(i, encoder.Info.Vocabulary, encoder.ContextLength), i => [("hidden", DTypes.F32, [i.Ids.Length, encoder.Width])], (item, writer) => Encode(encoder, item, writer, cancellationToken), encoder.Info.Vocabulary);
            }
            else
            {
                ILogitsModel logits = loaded.Logits();
                work.Run(i => Check(i, logits.Vocabulary, logits.ContextLength), i => [("logits", DTypes.F32, [i.Ids.Length, logits.Vocabulary]), ("greedy", DTypes.I64, [i.Greedy])], (item, writer) => Forward(logits, item, writer, cancellationToken), logits.Vocabulary);
            }

            return 0;
        });
        return command;
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
        int bad = Array.FindIndex(item.Ids, id => id < 0 || id >= (vocabulary ?? int.MaxValue));
        string? wrong = item.Ids.Length == 0 ? "there are none"
            : bad >= 0 ? $"id {item.Ids[bad]} is outside the vocabulary of {vocabulary}"
            : item.Ids.Length + Math.Max(0L, item.Greedy - 1) > context ? $"{item.Ids.Length} ids and {item.Greedy} more do not fit the context of {context}"
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
        while (await TextFile.ReadLineAsync(reader, cancellationToken).ConfigureAwait(false) is string line)
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
            using JsonDocument json = Batch.Parse(index, line);
            return new Item(Batch.Ids(index, json.RootElement, "ids"), Batch.Count(index, json.RootElement, "greedy", 0), null);
        }
        catch (ModelException e)
        {
            return new Item([], 0, e.Diagnostic);
        }
    }

    /// <summary>The items of one command and where their answers go.</summary>
    private sealed record Work(CliHost Host, List<Item> Items, bool IsBatch, string? Output, ProgressLine Progress)
    {
        /// <summary>Judges every item first, because the header of a safetensors file comes before its values; then computes one after the other.</summary>
        public void Run(Func<Item, Diagnostic?> check, Func<Item, IEnumerable<(string Name, DType Type, TensorShape Shape)>> tensors, Func<Item, SafetensorsWriter?, int[]> compute, int? vocabulary)
        {
            List<Item> judged = [.. Items.Select(i => i.Error is null ? i with { Error = check(i) } : i)];
            if (!IsBatch && judged[0].Error is Diagnostic wrong)
            {
                throw new ModelException(wrong);
            }

            SafetensorsWriter? writer = null;
            try
            {
                writer = Output is null ? null : Create(Output, judged.SelectMany((item, k) => item.Error is null ? tensors(item).Select(t => ($"{t.Name}.{k}", t.Type, t.Shape)) : []));
                for (int k = 0; k < judged.Count; k++)
                {
                    Item item = judged[k];
                    Progress.Report($"item {k + 1} of {judged.Count}");
                    int[] greedy = item.Error is null ? Compute(compute, item, writer) : [];
                    Answer(k, item, greedy, vocabulary);
                }

                Save(() => writer?.Complete());
            }
            finally
            {
                writer?.Dispose();
            }
        }

        private int[] Compute(Func<Item, SafetensorsWriter?, int[]> compute, Item item, SafetensorsWriter? writer)
        {
            int[] greedy = [];
            Save(() => greedy = compute(item, writer));
            return greedy;
        }

        /// <summary>Only what goes to the file: a failure to write stdout is another matter.</summary>
        private void Save(Action write)
        {
            try
            {
                write();
            }
            catch (Exception e) when (Output is not null && e is IOException or UnauthorizedAccessException)
            {
                throw CliErrors.CannotWrite(Output!, e);
            }
        }

        private void Answer(int index, Item item, int[] greedy, int? vocabulary) => JsonOutput.Document(Host.Out, w =>
        {
            if (item.Error is not null)
            {
                w.WriteError(item.Error, x => x.WriteNumber("index", index));
                return;
            }

            w.WriteStartObject();
            w.WriteNumber("index", index);
            w.WriteNumber("positions", item.Ids.Length);
            w.Member("vocabulary", vocabulary);
            w.Ids("greedy", greedy);
            w.WriteEndObject();
        });
    }

    private sealed record Item(int[] Ids, int Greedy, Diagnostic? Error);
}
