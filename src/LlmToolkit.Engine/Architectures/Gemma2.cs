using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>Gemma 2: norms before and after each block with weights 1 + w, every other layer slides, caps on scores and logits, scaled embedding.</summary>
internal class Gemma2 : Llama
{
    /// <summary>Layers of the one size whose scale llama.cpp takes from the hidden width: 27B.</summary>
    private const int LayersOfLargest = 46;

    public Gemma2()
        : this(["gemma2"], ["gemma2"])
    {
    }

    private protected Gemma2(IReadOnlyList<string> gguf, IReadOnlyList<string> huggingFace)
        : base(gguf, huggingFace)
    {
    }

    internal override TensorNames Tensors { get; } = new(Names)
    {
        ["blk.N.post_attention_norm"] = ["layers.N.post_attention_layernorm"],
        ["blk.N.ffn_norm"] = ["layers.N.pre_feedforward_layernorm"],
        ["blk.N.post_ffw_norm"] = ["layers.N.post_feedforward_layernorm"],
    };

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigNames.EmbeddingLength] = 2304,
        [ConfigNames.Layers] = 26,
        [ConfigNames.Heads] = 8,
        [ConfigNames.KvHeads] = 4,
        [ConfigNames.HeadDim] = 256,
        [ConfigKeys.FeedForward] = 9216,
        [ConfigKeys.RmsEpsilon] = 1e-6,
        [ConfigKeys.QueryScalar] = 256,
        [ConfigKeys.SlidingWindow] = 4096,
        [ConfigKeys.SlidingPattern] = 2,
        [ConfigKeys.ScoreSoftCap] = 50,
        [ConfigKeys.LogitSoftCap] = 30,
    };

    internal override IReadOnlyDictionary<ConfigName, double> GgufDefaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.SlidingWindow] = 4096,
        [ConfigKeys.SlidingPattern] = 2,
        [ConfigKeys.ScoreSoftCap] = 50,
        [ConfigKeys.LogitSoftCap] = 30,
    };

    private protected override bool TiedByDefault => true;

    private protected override string ActivationByDefault => "gelu_pytorch_tanh";

    /// <summary>Layers of the size whose score scale llama.cpp derives from the hidden width.</summary>
    private protected virtual int LargestLayers => LayersOfLargest;

    internal override Conventions Conventions(NamingScheme scheme) => scheme == NamingScheme.Gguf
        ? new Conventions { Window = Windows.Pattern }
        : new Conventions { NormOffset = 1, Window = Windows.Listed(Windows.Pattern) };

    private protected override ILayer Layer(RecipeBuilder b, int n) => new SandwichLayer(
        b.RmsNorm("blk.N.attn_norm", n), Attention(b, n), b.RmsNorm("blk.N.post_attention_norm", n),
        b.RmsNorm("blk.N.ffn_norm", n), FeedForward(b, n), b.RmsNorm("blk.N.post_ffw_norm", n));

    private protected override AttentionOptions AttentionOptions(RecipeBuilder b, int n)
    {
        // A GGUF does not carry the scalar: llama.cpp knows the sizes.
        double scalar = b.Config.Number(ConfigKeys.QueryScalar) ?? (b.Layers == LargestLayers ? b.Hidden / b.Heads(n) : b.HeadDim);
        return base.AttentionOptions(b, n) with { Scale = (float)(1 / Math.Sqrt(scalar)), SoftCap = Cap(b, ConfigKeys.ScoreSoftCap) };
    }

    private protected override float EmbeddingScale(RecipeBuilder b) => MathF.Sqrt(b.Hidden);

    private protected override float SoftCap(RecipeBuilder b) => Cap(b, ConfigKeys.LogitSoftCap);

    private static float Cap(RecipeBuilder b, ConfigName name) => (float)(b.Config.Number(name) ?? 0);
}
