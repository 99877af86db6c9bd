namespace LlmToolkit.Engine.Model;

/// <summary>What building an architecture from a container would find: the same code as a load, without reading a weight.</summary>
internal sealed record Rehearsal
{
    /// <summary>The setting that ended it; null: the configuration is usable.</summary>
    public Diagnostic? Configuration { get; private init; }

    /// <summary>The likeliest name of each tensor that is missing.</summary>
    public IReadOnlyList<string> Missing { get; private init; } = [];

    /// <summary>Tensors of a wrong shape or an unsupported type, one finding each.</summary>
    public IReadOnlyList<Diagnostic> Unfit { get; private init; } = [];

    /// <summary>True when there were more faults than are listed.</summary>
    public bool Cut { get; private init; }

    /// <summary>Tensors that nothing uses and that are not known to be harmless; empty unless all else is well.</summary>
    public IReadOnlyList<TensorInfo> Unused { get; private init; } = [];

    /// <summary>Goes through a load.</summary>
    /// <param name="container">A valid container.</param>
    /// <param name="architecture">The architecture that it names.</param>
    public static Rehearsal Run(ModelContainer container, Architecture architecture)
    {
        RehearsedWeights weights = new();
        try
        {
            WeightBinder binder = DecoderModel.Binder(container, architecture, weights);
            DecoderRecipe recipe = architecture.Build(DecoderModel.Builder(container, architecture, binder, EngineFit.ContextOf(container.Info, new LoadOptions())));
            bool well = weights.Missing.Count + weights.Unfit.Count == 0;
            return new Rehearsal { Missing = weights.Missing, Unfit = weights.Unfit, Unused = well ? DecoderModel.Unused(binder, recipe.Layers.Length) : [] };
        }
        catch (ModelException e)
        {
            return new Rehearsal { Configuration = e.Diagnostic, Missing = weights.Missing, Unfit = weights.Unfit };
        }
        catch (EnoughFaultsException)
        {
            return new Rehearsal { Missing = weights.Missing, Unfit = weights.Unfit, Cut = true };
        }
    }
}
