using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>plan MODEL</c>: which backend would run the model, with what memory, and why.</summary>
internal static class PlanCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> model = new("MODEL") { Description = "A file, a folder, a Hub ID, or the https address of a file; of what is remote only the heads are fetched." };
        Option<bool> explain = new("--explain") { Description = "Print every reason for people." };
        Command command = new("plan", """
            Tell which backend would run a model, how much memory it takes, and why.

            Examples:
              llmtk plan model.gguf
              llmtk plan model.gguf --context 4096 --memory 2GiB --explain
              llmtk plan owner/name:Q4_K_M
            """) { model, explain };
        ModelOptions options = new(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using DownloadLine downloads = new(host, result);
            ModelForecast forecast = await host.Loader(downloads).ForecastAsync(result.GetRequiredValue(model), options.Read(host, result), cancellationToken).ConfigureAwait(false);
            downloads.Clear();
            LoadPlan plan = forecast.Plan;
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => Write(w, forecast));
            }
            else
            {
                Print(host, result, forecast, result.GetValue(explain));
            }

            List<BackendReason> obstacles = [.. plan.Fits.SelectMany(f => f.Reasons).Where(r => r.Kind is not null)];
            return plan.Winner is not null ? forecast.Download?.Fits == false ? (int)FaultKind.DoesNotFit : 0
                : (int)(obstacles.Count > 0 && obstacles.All(r => r.Kind == FaultKind.DoesNotFit) ? FaultKind.DoesNotFit : FaultKind.Unsupported);
        });
        return command;
    }

    private static void Write(Utf8JsonWriter w, ModelForecast forecast)
    {
        LoadPlan plan = forecast.Plan;
        w.WriteStartObject();
        w.WriteString("winner", plan.Winner);
        w.WriteStartArray("fits");
        foreach (BackendFit fit in plan.Fits)
        {
            w.WriteStartObject();
            w.WriteString("backend", fit.Backend);
            w.WriteBoolean("accepted", fit.Accepted);
            w.WriteStartArray("reasons");
            foreach (BackendReason reason in fit.Reasons)
            {
                w.WriteStartObject();
                w.WriteString("code", reason.Code);
                w.WriteString("message", reason.Message);
                w.WriteString("remedy", reason.Remedy);
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.Member("must_bytes", fit.Memory?.MustBytes);
            w.Member("should_bytes", fit.Memory?.ShouldBytes);
            w.Member("peak_bytes", fit.Memory?.PeakBytes);
            w.Member("copied_bytes", fit.Memory?.WeightsPrivate);
            w.Member("kv_bytes", fit.Memory?.Kv);
            w.WritePropertyName("confidence");
            w.Number(fit.Memory?.Confidence ?? 0);
            w.WriteString("speed_class", DiagnosticOutput.Lower(fit.SpeedClass));
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteNumber("context", plan.Context);
        w.Strings("fallbacks", plan.Fallbacks);
        w.WriteStartObject("hardware");
        w.WriteString("cpu", plan.Hardware.Cpu);
        w.WriteNumber("cores", plan.Hardware.Cores);
        w.WriteNumber("total_memory", plan.Hardware.TotalMemory);
        w.WriteNumber("available_memory", plan.Hardware.AvailableMemory);
        w.WriteString("memory_limit", plan.Hardware.MemoryLimit);
        w.WriteEndObject();
        w.WriteString("verdict", forecast.Verdict switch { ForecastVerdict.Runs => "runs", ForecastVerdict.RunsWith => "runs_with", _ => "does_not_run" });
        w.WriteString("sentence", forecast.Sentence);
        w.Strings("settings", forecast.Settings);
        DownloadCost? cost = forecast.Download;
        w.Member("model_bytes", cost?.Bytes);
        w.WriteNumber("download_bytes", cost?.MissingBytes ?? 0);
        w.Member("disk_needed_bytes", cost is null ? 0 : cost.MissingBytes + cost.DiskReserve);
        w.Member("disk_free_bytes", cost?.DiskFree);
        w.WritePropertyName("estimated_seconds");
        if (cost?.Time is { } time)
        {
            w.Number(Math.Round(time.TotalSeconds, 1));
        }
        else
        {
            w.WriteNullValue();
        }

        w.WriteNumber("head_bytes", cost?.HeadBytes ?? 0);
        w.WriteString("note", cost?.Note);
        w.WriteEndObject();
    }

    private static void Print(CliHost host, ParseResult result, ModelForecast forecast, bool explain)
    {
        LoadPlan plan = forecast.Plan;
        Output.Table(host, result.GetValue(GlobalOptions.NoColor), ["backend", "verdict", "context", "must fit", "should fit", "peak"], plan.Fits.Select(f => new[]
        {
            f.Backend,
            f.Backend == plan.Winner ? "taken" : f.Accepted ? "possible" : "no",
            plan.Context.ToString(System.Globalization.CultureInfo.InvariantCulture),
            f.Memory is null ? "-" : Output.Size(f.Memory.MustBytes),
            f.Memory is null ? "-" : Output.Size(f.Memory.ShouldBytes),
            f.Memory is null ? "-" : Output.Size(f.Memory.PeakBytes),
        }));
        using StreamWriter text = Output.Text(host);
        if (forecast.Download is { } cost)
        {
            string time = cost.Time is { } t ? $", about {Duration(t)} at the rate at which its heads came" : "";
            string disk = cost.DiskFree is { } free ? $"; {Output.Size(free)} are free on the disk" : "";
            text.WriteLine($"download: {Output.Size(cost.MissingBytes)} of {Output.Size(cost.Bytes)}{time}{disk}; {Output.Size(cost.HeadBytes)} were fetched to tell");
        }

        text.WriteLine(DiagnosticOutput.Safe(forecast.Sentence));
        if (!explain && plan.Winner is not null)
        {
            return;
        }

        foreach (BackendFit fit in plan.Fits)
        {
            if (explain && fit.Memory is MemoryEstimate m)
            {
                text.WriteLine($"{fit.Backend}: weights {Output.Size(m.WeightsMapped)} mapped and {Output.Size(m.WeightsPrivate)} copied, KV cache {Output.Size(m.Kv)} for {m.Context} tokens, compute {Output.Size(m.Compute)}, logits {Output.Size(m.Logits)}, tokenizer {Output.Size(m.Tokenizer)}, runtime {Output.Size(m.RuntimeBase)}; sure to {FormattableString.Invariant($"{m.Confidence * 100:0}")} %");
            }

            foreach (BackendReason reason in fit.Reasons)
            {
                text.WriteLine($"{fit.Backend}: {DiagnosticOutput.Safe(reason.Message)} ({reason.Code})");
                if (reason.Remedy is not null)
                {
                    text.WriteLine($"  try: {DiagnosticOutput.Safe(reason.Remedy)}");
                }
            }
        }
    }

    private static string Duration(TimeSpan time) =>
        time.TotalHours >= 1 ? FormattableString.Invariant($"{time.TotalHours:0.#} h") : time.TotalMinutes >= 1 ? FormattableString.Invariant($"{time.TotalMinutes:0} min") : FormattableString.Invariant($"{Math.Max(1, time.TotalSeconds):0} s");
}
