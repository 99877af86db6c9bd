using System.CommandLine;
using System.Diagnostics;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>bench MODEL</c>: prompt and generation speed, without a tokenizer.</summary>
internal static class BenchCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string?> model = new("MODEL") { Description = "The model; the built-in one where none is named.", Arity = ArgumentArity.ZeroOrOne };
        Option<int> pp = new("--pp") { Description = "Tokens of the prompt test; 0: none.", DefaultValueFactory = _ => 512, HelpName = "N" };
        Option<int> tg = new("--tg") { Description = "Tokens of the generation test; 0: none.", DefaultValueFactory = _ => 64, HelpName = "N" };
        Option<int> depth = new("--depth") { Description = "Tokens in the cache before each test.", HelpName = "N" };
        Option<int> repeat = new("--repeat", "-r") { Description = "Runs of each test, after one that is not counted.", DefaultValueFactory = _ => 5, HelpName = "N" };
        Command command = new("bench", """
            Measure tokens a second for prompts (pp) and generation (tg).

            Examples:
              llmtk bench model.gguf
              llmtk bench model.gguf --pp 512 --tg 64 --threads 1 --repeat 5 --json
            """) { model, pp, tg, depth, repeat };
        ModelOptions loading = new(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            int prompt = result.GetValue(pp);
            int generate = result.GetValue(tg);
            int before = result.GetValue(depth);
            NotNegative("--pp", prompt);
            NotNegative("--tg", generate);
            NotNegative("--depth", before);
            if (result.GetValue(repeat) < 1)
            {
                throw CliErrors.BadValue("--repeat", IdList.Text(result.GetValue(repeat)), "at least 1");
            }

            LoadOptions options = loading.Read(host, result, hasOwnContext: true);
            options = options with { ContextLength = options.ContextLength ?? (int)Math.Min(int.MaxValue, Math.Max(64, (long)before + Math.Max(prompt, generate) + 1)) };
            await using LoadedModel loaded = await LoadedModel.LoadAsync(host, result, result.GetValue(model), options, cancellationToken).ConfigureAwait(false);
            ILogitsModel logits = loaded.Logits();
            List<(string Test, int Tokens, double[] Rates)> results = [];
            int runs = result.GetValue(repeat);
            using ProgressLine progress = new(host, result);
            string suffix = before > 0 ? $"@{before}" : "";
            if (prompt > 0)
            {
                results.Add(($"pp{prompt}{suffix}", prompt, Measure(logits, before, prompt, 1, runs, progress, cancellationToken)));
            }

            if (generate > 0)
            {
                results.Add(($"tg{generate}{suffix}", generate, Measure(logits, before, 1, generate, runs, progress, cancellationToken)));
            }

            progress.Dispose();
            Print(host, result, loaded, results, options);
            return 0;
        });
        return command;
    }

    private static void NotNegative(string option, int value)
    {
        if (value < 0)
        {
            throw CliErrors.BadValue(option, IdList.Text(value), "a whole number of at least 0");
        }
    }

    /// <summary>Tokens a second of each run: <paramref name="steps"/> forwards of <paramref name="tokens"/> tokens each.</summary>
    private static double[] Measure(ILogitsModel model, int depth, int tokens, int steps, int repeat, ProgressLine progress, CancellationToken cancellationToken)
    {
        using IGenerationSession session = model.CreateSession();
        Random random = new(1);
        int[] ids = [.. Enumerable.Range(0, Math.Max(tokens, depth)).Select(_ => random.Next(model.Vocabulary))];
        float[] logits = new float[model.Vocabulary];
        if (depth > 0)
        {
            session.Forward(ids.AsSpan(0, depth), [], cancellationToken);
        }

        double[] rates = new double[repeat];
        for (int run = -1; run < repeat; run++)
        {
            session.Truncate(depth);
            progress.Report($"{tokens * steps} tokens, run {run + 1} of {repeat}");
            long start = Stopwatch.GetTimestamp();
            for (int step = 0; step < steps; step++)
            {
                session.Forward(ids.AsSpan(0, tokens), logits, cancellationToken);
            }

            if (run >= 0)
            {
                rates[run] = tokens * steps / Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }

        Array.Sort(rates);
        return rates;
    }

    private static void Print(CliHost host, ParseResult result, LoadedModel loaded, List<(string Test, int Tokens, double[] Rates)> results, LoadOptions options)
    {
        int threads = options.Threads ?? loaded.Plan.Hardware.Cores;
        if (!result.GetValue(GlobalOptions.Json))
        {
            Output.Table(host, result.GetValue(GlobalOptions.NoColor), ["test", "tokens/s (median)", "min", "max"], results.Select(r => new[]
            {
                r.Test,
                FormattableString.Invariant($"{Median(r.Rates):0.0}"),
                FormattableString.Invariant($"{r.Rates.FirstOrDefault():0.0}"),
                FormattableString.Invariant($"{r.Rates.LastOrDefault():0.0}"),
            }));
            return;
        }

        JsonOutput.Document(host.Out, w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("results");
            foreach ((string test, int tokens, double[] rates) in results)
            {
                w.WriteStartObject();
                w.WriteString("test", test);
                w.WriteNumber("tokens", tokens);
                w.WritePropertyName("median_tokens_per_second");
                w.Number(Math.Round(Median(rates), 3));
                w.WritePropertyName("min");
                w.Number(Math.Round(rates.FirstOrDefault(), 3));
                w.WritePropertyName("max");
                w.Number(Math.Round(rates.LastOrDefault(), 3));
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.WritePropertyName("load_ms");
            w.Number(Math.Round(loaded.LoadTime.TotalMilliseconds, 3));
            w.WriteNumber("peak_bytes", LoadedModel.PeakBytes());
            w.WriteNumber("file_bytes", loaded.Model.Info.FileBytes);
            w.WriteNumber("kv_bytes", loaded.KvBytes);
            w.WriteNumber("threads", threads);
            w.WriteString("cpu", loaded.Plan.Hardware.Cpu);
            w.WriteEndObject();
        });
    }

    private static double Median(double[] sorted) =>
        sorted.Length == 0 ? 0 : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
}
