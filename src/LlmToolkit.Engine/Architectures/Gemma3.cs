using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>Gemma 3: Gemma 2 with norms of q and k instead of caps, five sliding layers to one that sees everything, and a rope for each kind.</summary>
internal sealed class Gemma3() : Gemma2(["gemma3"], ["gemma3", "gemma3_text"])
{
    private static readonly ConfigName Bidirectional = new("-", "use_bidirectional_attention");

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigNames.EmbeddingLength] = 2304,
        [ConfigNames.Layers] = 26,
        [ConfigNames.Heads] = 8,
        [ConfigNames.KvHeads] = 4,
        [ConfigNames.HeadDim] = 256,
        [ConfigNames.Vocabulary] = 262208,
        [ConfigNames.ContextLength] = 131072,
        [ConfigKeys.FeedForward] = 9216,
        [ConfigKeys.RmsEpsilon] = 1e-6,
        [ConfigKeys.QueryScalar] = 256,
        [ConfigKeys.SlidingWindow] = 4096,
        [ConfigKeys.SlidingPattern] = 6,
        [ConfigKeys.RopeBase] = 1e6,
        [ConfigKeys.RopeBaseSliding] = 1e4,
    };

    internal override IReadOnlyDictionary<ConfigName, double> GgufDefaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.SlidingPattern] = 6,
        [ConfigKeys.RopeBaseSliding] = 1e4,
    };

    private protected override int LargestLayers => 62;

    private protected override AttentionOptions AttentionOptions(RecipeBuilder b, int n)
    {
        if (b.Config.Flag(Bidirectional) == true)
        {
            throw EngineErrors.UnsupportedConfig(b.Config.File, b.Config.Key(Bidirectional), "true", "false");
        }

        return base.AttentionOptions(b, n) with
        {
            QueryNorm = b.RmsNorm("blk.N.attn_q_norm", n, b.HeadDim),
            KeyNorm = b.RmsNorm("blk.N.attn_k_norm", n, b.HeadDim),
        };
    }
}
