using System.Globalization;
using LlmToolkit.Routing;

namespace LlmToolkit;

/// <summary>Whether a model would run on this machine.</summary>
public enum ForecastVerdict
{
    /// <summary>As it is asked for.</summary>
    Runs,

    /// <summary>With other settings than those asked for.</summary>
    RunsWith,

    /// <summary>Not here.</summary>
    DoesNotRun,
}

/// <summary>The answer before the first gigabyte: whether a model would run here, with what settings, and what getting it costs.</summary>
public sealed record ModelForecast
{
    /// <summary>Contexts that are tried where the one asked for does not fit, in tokens.</summary>
    private static readonly int[] s_contexts = [131_072, 65_536, 32_768, 16_384, 8_192, 4_096, 2_048];

    /// <summary>The plan as asked for.</summary>
    public required LoadPlan Plan { get; init; }

    /// <summary>Whether it runs.</summary>
    public required ForecastVerdict Verdict { get; init; }

    /// <summary>Settings under which it runs, such as <c>--context 8192</c>; empty where it runs as it is, or not at all.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Why it does not run; null where it does.</summary>
    public string? Obstacle { get; init; }

    /// <summary>What a download would cost; null for a model on this disk.</summary>
    public DownloadCost? Download { get; init; }

    /// <summary>One sentence for people.</summary>
    public string Sentence => Verdict switch
    {
        ForecastVerdict.Runs => string.Create(CultureInfo.InvariantCulture, $"It runs: {Plan.Winner}, context {Plan.Context}."),
        ForecastVerdict.RunsWith => $"It runs with these settings: {string.Join(" ", Settings)}.",
        _ => $"It does not run, because {Lower(Obstacle ?? "no backend takes it")}",
    };

    internal static ModelForecast Of(ModelInfo info, LoadPlan plan, Func<LoadOptions, LoadPlan> again, DownloadCost? download)
    {
        if (plan.Winner is not null)
        {
            return new ModelForecast
            {
                Plan = plan,
                Download = download,
                Verdict = download?.Fits == false ? ForecastVerdict.DoesNotRun : ForecastVerdict.Runs,
                Obstacle = download?.Fits == false ? "the download does not fit on the disk." : null,
            };
        }

        bool onlyMemory = plan.Fits.SelectMany(f => f.Reasons).Where(r => r.Kind is not null).All(r => r.Kind == FaultKind.DoesNotFit);
        foreach (int context in onlyMemory ? s_contexts.Where(c => c < plan.Context) : [])
        {
            if (again(plan.Options with { ContextLength = context }).Winner is not null)
            {
                return new ModelForecast { Plan = plan, Download = download, Verdict = ForecastVerdict.RunsWith, Settings = ["--context", context.ToString(CultureInfo.InvariantCulture)] };
            }
        }

        return new ModelForecast { Plan = plan, Download = download, Verdict = ForecastVerdict.DoesNotRun, Obstacle = RoutingErrors.NoBackend(info.Name ?? "model", plan).Diagnostic.Message };
    }

    private static string Lower(string sentence) => sentence.Length > 1 && char.IsUpper(sentence[0]) && char.IsLower(sentence[1]) ? char.ToLowerInvariant(sentence[0]) + sentence[1..] : sentence;
}

/// <summary>What getting a model costs.</summary>
/// <param name="Bytes">Bytes of all files that are needed.</param>
/// <param name="MissingBytes">Bytes of them that are not on this disk.</param>
/// <param name="DiskFree">Free bytes where they would go; null: not known.</param>
/// <param name="DiskReserve">Bytes of them that a download leaves for others.</param>
/// <param name="BytesPerSecond">Rate at which the heads came; null: too little came to tell.</param>
/// <param name="HeadBytes">Bytes that were fetched to judge it.</param>
/// <param name="Note">What was chosen in the repository, and why; null: nothing had to be.</param>
public sealed record DownloadCost(long Bytes, long MissingBytes, long? DiskFree, long DiskReserve, double? BytesPerSecond, long HeadBytes, string? Note)
{
    /// <summary>Time of the download at that rate; null: not known.</summary>
    public TimeSpan? Time => MissingBytes == 0 ? TimeSpan.Zero : BytesPerSecond is > 0 and { } rate ? TimeSpan.FromSeconds(Math.Min(MissingBytes / rate, TimeSpan.MaxValue.TotalSeconds / 2)) : null;

    /// <summary>True when the disk takes it.</summary>
    public bool Fits => DiskFree is not { } free || MissingBytes <= free - DiskReserve;
}
