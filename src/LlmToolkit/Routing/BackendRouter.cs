namespace LlmToolkit.Routing;

/// <summary>Stop 9: ranks what the backends said of themselves. Pure: the same facts give the same plan.</summary>
public static class BackendRouter
{
    /// <summary>Plans a load.</summary>
    /// <param name="model">The model's facts.</param>
    /// <param name="hardware">The machine.</param>
    /// <param name="options">What the user asked for; a named backend is taken or nothing is.</param>
    /// <param name="backends">In order of preference among equals.</param>
    /// <exception cref="ModelException">The named backend does not exist.</exception>
    public static LoadPlan Plan(ModelInfo model, HardwareInfo hardware, LoadOptions options, IEnumerable<IModelBackend> backends)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<IModelBackend> known = [.. backends];
        if (options.Backend is not null && known.All(b => b.Name != options.Backend))
        {
            throw RoutingErrors.UnknownBackend(options.Backend, known.Select(b => b.Name));
        }

        List<BackendFit> fits = [.. known
            .Select(b => Wanted(b.Assess(model, hardware, options), options))
            .Select((fit, order) => (fit, order))
            .OrderByDescending(x => x.fit.Accepted)
            .ThenByDescending(x => x.fit.SpeedClass)
            .ThenBy(x => x.order)
            .Select(x => x.fit)];
        List<string> accepted = [.. fits.Where(f => f.Accepted).Select(f => f.Backend)];
        return new LoadPlan
        {
            Winner = accepted.FirstOrDefault(),
            Fits = fits,
            Fallbacks = [.. accepted.Skip(1)],
            Context = fits.FirstOrDefault()?.Memory?.Context ?? options.ContextLength ?? model?.ContextLength ?? 0,
            Options = options,
            Hardware = hardware,
        };
    }

    /// <summary>Names of the backends that would accept a model of that format's facts.</summary>
    public static IReadOnlyList<string> BackendsFor(ModelInfo model, HardwareInfo hardware, IEnumerable<IModelBackend> backends) =>
        [.. Plan(model, hardware, new LoadOptions(), backends).Fits.Where(f => f.Accepted).Select(f => f.Backend)];

    private static BackendFit Wanted(BackendFit fit, LoadOptions options) =>
        options.Backend is null || fit.Backend == options.Backend || !fit.Accepted
            ? fit
            : fit with { Accepted = false, Reasons = [.. fit.Reasons, new BackendReason("LT4102", $"--backend asks for {options.Backend}.", "Leave out --backend.")] };
}
