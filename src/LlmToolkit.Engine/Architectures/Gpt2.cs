using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>GPT-2: learned positions, LayerNorm, fused projections stored [in, out] in checkpoints, tanh GELU, tied output.</summary>
internal sealed class Gpt2() : Architecture(["gpt2"], ["gpt2"])
{
    private static readonly ConfigName ScaleScores = new("-", "scale_attn_weights");

    private static readonly ConfigName ScaleByLayer = new("-", "scale_attn_by_inverse_layer_idx");

    internal override IReadOnlyList<string> Prefixes => ["transformer.", "", "model."];

    internal override TensorNames Tensors { get; } = new()
    {
        ["token_embd"] = ["wte"],
        ["position_embd"] = ["wpe"],
        ["output_norm"] = ["ln_f"],
        ["output"] = ["lm_head"],
        ["blk.N.attn_norm"] = ["h.N.ln_1"],
        ["blk.N.attn_qkv"] = ["h.N.attn.c_attn"],
        ["blk.N.attn_output"] = ["h.N.attn.c_proj"],
        ["blk.N.ffn_norm"] = ["h.N.ln_2"],
        ["blk.N.ffn_up"] = ["h.N.mlp.c_fc"],
        ["blk.N.ffn_down"] = ["h.N.mlp.c_proj"],
    };

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.LayerNormEpsilon] = 1e-5,
        [ConfigNames.ContextLength] = 1024,
    };

    internal override Conventions Conventions(NamingScheme scheme) => new() { Transposed = scheme == NamingScheme.HuggingFace };

    internal override DecoderRecipe Build(RecipeBuilder b)
    {
        WeightMatrix table = b.TokenTable();
        TokenEmbedding embedding = new() { Table = table, Positions = b.Binder.Table("position_embd", null, b.Hidden) };
        ILayer[] layers = [.. Enumerable.Range(0, b.Layers).Select(n => Layer(b, n))];
        return b.Finish(embedding, layers, new LogitsHead(b.LayerNorm("output_norm"), b.Output(table, tiedByDefault: true)));
    }

    private static PreNormLayer Layer(RecipeBuilder b, int n)
    {
        double scale = b.Config.Flag(ScaleScores) == false ? 1 : 1 / Math.Sqrt(b.HeadDim);
        scale /= b.Config.Flag(ScaleByLayer) == true ? n + 1 : 1;
        int inner = b.Config.Width(ConfigKeys.FeedForward, 4 * b.Hidden);
        return new PreNormLayer(
            b.LayerNorm("blk.N.attn_norm", n),
            b.Attention(n, new AttentionOptions { Scale = (float)scale }),
            b.LayerNorm("blk.N.ffn_norm", n),
            b.PlainMlp(n, inner, b.Activation("gelu_new")));
    }
}
