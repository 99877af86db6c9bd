using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli;

/// <summary>A model that a command loaded, with what loading it cost.</summary>
internal sealed class LoadedModel : IAsyncDisposable
{
    private LoadedModel(ILanguageModel model, LoadPlan plan, TimeSpan loadTime, string source) =>
        (Model, Plan, LoadTime, Source) = (model, plan, loadTime, source);

    /// <summary>The model.</summary>
    public ILanguageModel Model { get; }

    /// <summary>The plan by which it was loaded.</summary>
    public LoadPlan Plan { get; }

    /// <summary>Time of the whole load.</summary>
    public TimeSpan LoadTime { get; }

    /// <summary>What was named.</summary>
    public string Source { get; }

    /// <summary>Bytes of a full KV cache.</summary>
    public long KvBytes => Plan.Fits.FirstOrDefault(f => f.Backend == Plan.Winner)?.Memory?.Kv ?? 0;

    /// <summary>The model that is part of the product.</summary>
    public static string EmbeddedPath => Path.Combine(AppContext.BaseDirectory, "Models", "tiny-stories-q8_0.gguf");

    /// <summary>Loads what was named, or the embedded model where nothing was; says so on stderr.</summary>
    public static async Task<LoadedModel> LoadAsync(CliHost host, ParseResult result, string? source, LoadOptions options, CancellationToken cancellationToken)
    {
        bool quiet = result.GetValue(GlobalOptions.Quiet);
        source ??= host.Configuration().Get("model");
        if (source is null)
        {
            source = EmbeddedPath;
            if (!quiet)
            {
                await host.Error.WriteLineAsync("Using the built-in model Tiny Stories 3M (it tells children's stories); name another with -m MODEL or as the first argument.").ConfigureAwait(false);
            }
        }

        if (!quiet && LocalStores.IsName(source) && new LocalStores().Find(source) is { Ignored.Count: > 0 } stored)
        {
            await host.Error.WriteLineAsync($"note: Ollama's {string.Join(", ", stored.Ignored)} of {DiagnosticOutput.Safe(source)} are not used; the model's own file says what holds.").ConfigureAwait(false);
        }

        long start = Stopwatch.GetTimestamp();
        using DownloadLine downloads = new(host, result);
        ModelLoader loader = host.Loader(downloads);
        using ModelContainer container = await loader.OpenAsync(source, options, cancellationToken).ConfigureAwait(false);
        downloads.Clear();
        LoadPlan plan = loader.Plan(container.Info, options);
        ILanguageModel model;
        using (ProgressLine progress = new(host, result))
        {
            model = await loader.LoadAsync(plan, container, progress, cancellationToken).ConfigureAwait(false);
        }

        if (!quiet)
        {
            foreach (BackendReason reason in plan.Fits.Where(f => f.Backend == plan.Winner).SelectMany(f => f.Reasons).Where(r => r.Kind is null && r.Remedy is not null))
            {
                await host.Error.WriteLineAsync($"note: {DiagnosticOutput.Safe(reason.Message)}").ConfigureAwait(false);
            }
        }

        return new LoadedModel(model, plan, Stopwatch.GetElapsedTime(start), source);
    }

    /// <summary>The model as one that gives logits.</summary>
    /// <exception cref="ModelException">It gives hidden states or text only.</exception>
    public ILogitsModel Logits() => Model as ILogitsModel ?? throw CliErrors.WrongModelKind(Source, "a model that generates text", Model is IEncoderModel ? "an encoder" : "a remote model");

    /// <summary>Peak resident memory of this process, in bytes.</summary>
    public static long PeakBytes()
    {
        try
        {
            string? line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            if (line is not null && long.TryParse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture, out long kib))
            {
                return kib * 1024;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not Linux: the framework's figure below.
        }

        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    public ValueTask DisposeAsync() => Model.DisposeAsync();
}
