using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Text;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>perplexity MODEL --file TEXT</c>: as llama-perplexity counts it.</summary>
internal static class PerplexityCommand
{
    private const int Rows = 64;

    public static Command Create(CliHost host)
    {
        Argument<string> model = new("MODEL") { Description = "The model." };
        Option<string> file = new("--file", "-f") { Description = "The text.", HelpName = "TEXT", Required = true };
        Command command = new("perplexity", """
            How well a model predicts a text: chunks of the context's length (default 512), the second half of each scored.

            Examples:
              llmtk perplexity model.gguf --file text.txt
              llmtk perplexity model.gguf --file text.txt --context 1024 --exact --json
            """) { model, file };
        ModelOptions loading = new(command, exact: true);
        command.SetAction(async (result, cancellationToken) =>
        {
            LoadOptions options = loading.Read(host, result, hasOwnContext: true);
            options = options with { ContextLength = options.ContextLength ?? 512 };
            string source = result.GetRequiredValue(model);
            string text = await TextFile.ReadAsync(result.GetRequiredValue(file), cancellationToken).ConfigureAwait(false);
            Tokenizer tokenizer = await TokenizerAccess.OpenAsync(host, result, source, options.Pre, cancellationToken).ConfigureAwait(false);
            int[] ids = [.. tokenizer.Encode(text).Ids];
            await using LoadedModel loaded = await LoadedModel.LoadAsync(host, result, source, options, cancellationToken).ConfigureAwait(false);
            bool addsBegin = tokenizer.BosToken is int bos && tokenizer.Encode("").Ids.FirstOrDefault(-1) == bos;
            (double nll, int scored) = Score(host, result, loaded.Logits(), ids, options.ContextLength.Value, addsBegin ? tokenizer.BosToken : null, cancellationToken);
            if (scored == 0)
            {
                throw CliErrors.BadValue("--file", result.GetRequiredValue(file), $"at least {options.ContextLength} tokens, it has {ids.Length}");
            }

            double mean = nll / scored;
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartObject();
                    w.WritePropertyName("perplexity");
                    w.Number(Math.Exp(mean));
                    w.WriteNumber("tokens", ids.Length);
                    w.WriteNumber("scored_tokens", scored);
                    w.WritePropertyName("nll");
                    w.Number(mean);
                    w.WriteEndObject();
                });
            }
            else
            {
                using StreamWriter output = Output.Text(host);
                output.WriteLine(FormattableString.Invariant($"perplexity {Math.Exp(mean):0.0000} over {scored} of {ids.Length} tokens (nll {mean:0.000000})"));
            }

            return 0;
        });
        return command;
    }

    private static (double Nll, int Scored) Score(CliHost host, ParseResult result, ILogitsModel model, int[] ids, int context, int? begin, CancellationToken cancellationToken)
    {
        using IGenerationSession session = model.CreateSession();
        float[] logits = new float[Rows * model.Vocabulary];
        double nll = 0;
        int scored = 0;
        int chunks = ids.Length / context;
        using ProgressLine progress = new(host, result);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int[] tokens = ids[(chunk * context)..((chunk + 1) * context)];
            if (begin is int token)
            {
                tokens[0] = token;
            }

            int first = context / 2;
            session.Truncate(0);
            session.Forward(tokens.AsSpan(0, first), [], cancellationToken);
            for (int from = first; from < context - 1; from += Rows)
            {
                int count = Math.Min(Rows, context - 1 - from);
                session.Forward(tokens.AsSpan(from, count), logits.AsSpan(0, count * model.Vocabulary), cancellationToken);
                for (int i = 0; i < count; i++)
                {
                    nll += NegativeLogProbability(logits.AsSpan(i * model.Vocabulary, model.Vocabulary), tokens[from + i + 1]);
                    scored++;
                }
            }

            progress.Report(FormattableString.Invariant($"{chunk + 1} of {chunks} chunks, perplexity so far {Math.Exp(nll / scored):0.00}"));
        }

        return (nll, scored);
    }

    private static double NegativeLogProbability(ReadOnlySpan<float> logits, int token)
    {
        double max = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            max = Math.Max(max, logit);
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        return max + Math.Log(sum) - logits[token];
    }
}
