using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>Qwen 3: RMSNorm over each head of q and k before the rope; no biases unless the file has them.</summary>
internal sealed class Qwen3() : Llama(["qwen3"], ["qwen3"])
{
    internal override Conventions Conventions(NamingScheme scheme) => scheme == NamingScheme.Gguf
        ? new Conventions()
        : new Conventions { Window = Windows.Listed(Windows.FromLayer) };

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.RmsEpsilon] = 1e-6,
        [ConfigNames.HeadDim] = 128,
        [ConfigKeys.SlidingWindow] = 4096,
        [ConfigKeys.MaxWindowLayers] = 28,
    };

    private protected override AttentionOptions AttentionOptions(RecipeBuilder b, int n) => base.AttentionOptions(b, n) with
    {
        QueryNorm = b.RmsNorm("blk.N.attn_q_norm", n, b.HeadDim),
        KeyNorm = b.RmsNorm("blk.N.attn_k_norm", n, b.HeadDim),
    };
}
