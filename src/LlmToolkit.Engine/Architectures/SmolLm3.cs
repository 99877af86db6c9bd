using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>SmolLM 3: Llama, with layers that know no positions. A checkpoint lists them or gives their step; in a GGUF it is every fourth.</summary>
internal sealed class SmolLm3() : Llama(["smollm3"], ["smollm3"])
{
    private static readonly ConfigName RopeLayers = new("-", "no_rope_layers");

    private static readonly ConfigName NoRopeStep = new("-", "no_rope_layer_interval");

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.RmsEpsilon] = 1e-6,
        [ConfigKeys.RopeBase] = 2e6,
        [NoRopeStep] = 4,
    };

    internal override IReadOnlyDictionary<ConfigName, double> GgufDefaults { get; } = new Dictionary<ConfigName, double> { [NoRopeStep] = 4 };

    private protected override bool TiedByDefault => true;

    private protected override AttentionOptions AttentionOptions(RecipeBuilder b, int n)
    {
        AttentionOptions options = base.AttentionOptions(b, n);
        return HasRope(b.Config, n) ? options : options with { Rope = null };
    }

    /// <summary>In the list, 1 says that a layer has rope, whatever the list is called.</summary>
    private static bool HasRope(ModelConfig config, int layer) =>
        config.Numbers(RopeLayers) is { Count: > 0 } listed ? layer < listed.Count && listed[layer] != 0 : (layer + 1) % config.Count(NoRopeStep) != 0;
}
