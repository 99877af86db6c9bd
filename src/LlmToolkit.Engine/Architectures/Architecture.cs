using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine;

/// <summary>A family of models that the managed engine computes: the names it answers to, what its configuration and tensors are called, and how its layers are wired.</summary>
public abstract class Architecture
{
    private protected Architecture(IReadOnlyList<string> gguf, IReadOnlyList<string> huggingFace) => (GgufNames, HuggingFaceNames) = (gguf, huggingFace);

    /// <summary>The architectures that the managed engine brings along.</summary>
    public static IReadOnlyList<Architecture> BuiltIn => DefaultArchitectures.All;

    /// <summary>Values of GGUF's <c>general.architecture</c>.</summary>
    public IReadOnlyList<string> GgufNames { get; }

    /// <summary>Values of <c>model_type</c> in a config.json.</summary>
    public IReadOnlyList<string> HuggingFaceNames { get; }

    /// <summary>True for models that give hidden states instead of logits.</summary>
    public virtual bool IsEncoder => false;

    internal abstract TensorNames Tensors { get; }

    /// <summary>What checkpoints put in front of the names: nothing in old ones, the part's name in multimodal ones.</summary>
    internal virtual IReadOnlyList<string> Prefixes => ["model.", "", "model.language_model.", "language_model.model.", "language_model."];

    /// <summary>What the Hugging Face class assumes where config.json is silent.</summary>
    internal virtual IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>();

    /// <summary>What llama.cpp assumes where a GGUF is silent.</summary>
    internal virtual IReadOnlyDictionary<ConfigName, double> GgufDefaults { get; } = new Dictionary<ConfigName, double>();

    /// <summary>Another name for models that are computed exactly like <paramref name="known"/>.</summary>
    /// <param name="known">The architecture that does the work.</param>
    /// <param name="gguf">Its values of <c>general.architecture</c>.</param>
    /// <param name="huggingFace">Its values of <c>model_type</c>.</param>
    public static Architecture Like(Architecture known, IReadOnlyList<string> gguf, IReadOnlyList<string> huggingFace)
    {
        ArgumentNullException.ThrowIfNull(known);
        ArgumentNullException.ThrowIfNull(gguf);
        ArgumentNullException.ThrowIfNull(huggingFace);
        return new Renamed(known, gguf, huggingFace);
    }

    internal abstract Conventions Conventions(NamingScheme scheme);

    internal abstract DecoderRecipe Build(RecipeBuilder builder);

    private sealed class Renamed(Architecture known, IReadOnlyList<string> gguf, IReadOnlyList<string> huggingFace) : Architecture(gguf, huggingFace)
    {
        public override bool IsEncoder => known.IsEncoder;

        internal override TensorNames Tensors => known.Tensors;

        internal override IReadOnlyList<string> Prefixes => known.Prefixes;

        internal override IReadOnlyDictionary<ConfigName, double> Defaults => known.Defaults;

        internal override IReadOnlyDictionary<ConfigName, double> GgufDefaults => known.GgufDefaults;

        internal override Conventions Conventions(NamingScheme scheme) => known.Conventions(scheme);

        internal override DecoderRecipe Build(RecipeBuilder builder) => known.Build(builder);
    }
}
