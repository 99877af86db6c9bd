using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>GPT-NeoX, Pythia: LayerNorm, attention and feed-forward in parallel, partial rope, projections fused head by head in checkpoints.</summary>
internal sealed class GptNeox() : Architecture(["gptneox"], ["gpt_neox"])
{
    private static readonly ConfigName Parallel = new("use_parallel_residual", "use_parallel_residual");

    internal override IReadOnlyList<string> Prefixes => ["gpt_neox.", "", "model."];

    internal override TensorNames Tensors { get; } = new()
    {
        ["token_embd"] = ["embed_in"],
        ["output_norm"] = ["final_layer_norm"],
        ["output"] = ["embed_out", "lm_head"],
        ["blk.N.attn_norm"] = ["layers.N.input_layernorm"],
        ["blk.N.attn_qkv"] = ["layers.N.attention.query_key_value"],
        ["blk.N.attn_output"] = ["layers.N.attention.dense"],
        ["blk.N.ffn_norm"] = ["layers.N.post_attention_layernorm"],
        ["blk.N.ffn_up"] = ["layers.N.mlp.dense_h_to_4h"],
        ["blk.N.ffn_down"] = ["layers.N.mlp.dense_4h_to_h"],
    };

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.LayerNormEpsilon] = 1e-5,
        [ConfigKeys.RopeShare] = 0.25,
    };

    internal override Conventions Conventions(NamingScheme scheme) => new() { HeadByHead = scheme == NamingScheme.HuggingFace };

    internal override DecoderRecipe Build(RecipeBuilder b)
    {
        WeightMatrix table = b.TokenTable();
        bool parallel = b.Config.Flag(Parallel) ?? true;
        ILayer[] layers = [.. Enumerable.Range(0, b.Layers).Select(n => Layer(b, n, parallel))];
        LogitsHead head = new(b.LayerNorm("output_norm"), b.Output(table, tiedByDefault: false));
        return b.Finish(new TokenEmbedding { Table = table }, layers, head);
    }

    private static ILayer Layer(RecipeBuilder b, int n, bool parallel)
    {
        INorm mixerNorm = b.LayerNorm("blk.N.attn_norm", n);
        INorm feedNorm = b.LayerNorm("blk.N.ffn_norm", n);
        SelfAttention mixer = b.Attention(n, new AttentionOptions { Rope = b.Rope() });
        PlainMlp feed = b.PlainMlp(n, b.FeedForward(n), b.Activation("gelu"));
        return parallel ? new ParallelLayer(mixerNorm, mixer, feedNorm, feed) : new PreNormLayer(mixerNorm, mixer, feedNorm, feed);
    }
}
