using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>Llama 1 to 3, Mistral, Ministral and those who copied them: RMSNorm, rope, grouped-query attention, SwiGLU. The base that the other families vary.</summary>
internal class Llama : Architecture
{
    /// <summary>Names of the common family.</summary>
    internal static readonly TensorNames Names = new()
    {
        ["token_embd"] = ["embed_tokens"],
        ["output_norm"] = ["norm"],
        ["output"] = ["lm_head"],
        ["blk.N.attn_norm"] = ["layers.N.input_layernorm"],
        ["blk.N.attn_q"] = ["layers.N.self_attn.q_proj"],
        ["blk.N.attn_k"] = ["layers.N.self_attn.k_proj"],
        ["blk.N.attn_v"] = ["layers.N.self_attn.v_proj"],
        ["blk.N.attn_qkv"] = ["layers.N.self_attn.qkv_proj"],
        ["blk.N.attn_output"] = ["layers.N.self_attn.o_proj"],
        ["blk.N.attn_q_norm"] = ["layers.N.self_attn.q_norm"],
        ["blk.N.attn_k_norm"] = ["layers.N.self_attn.k_norm"],
        ["blk.N.ffn_norm"] = ["layers.N.post_attention_layernorm"],
        ["blk.N.ffn_gate"] = ["layers.N.mlp.gate_proj"],
        ["blk.N.ffn_up"] = ["layers.N.mlp.up_proj", "layers.N.mlp.gate_up_proj"],
        ["blk.N.ffn_down"] = ["layers.N.mlp.down_proj"],
        ["blk.N.ffn_gate_inp"] = ["layers.N.block_sparse_moe.gate", "layers.N.mlp.gate"],
        ["blk.N.ffn_gate_up_exps"] = ["layers.N.mlp.experts.gate_up_proj", "layers.N.block_sparse_moe.experts.gate_up_proj"],
        ["blk.N.ffn_gate_exps"] = ["layers.N.mlp.experts.gate_proj", "layers.N.block_sparse_moe.experts.w1"],
        ["blk.N.ffn_up_exps"] = ["layers.N.mlp.experts.up_proj", "layers.N.block_sparse_moe.experts.w3"],
        ["blk.N.ffn_down_exps"] = ["layers.N.mlp.experts.down_proj", "layers.N.block_sparse_moe.experts.down_proj", "layers.N.block_sparse_moe.experts.w2"],
        ["blk.N.ffn_gate.E"] = ["layers.N.block_sparse_moe.experts.E.w1", "layers.N.mlp.experts.E.gate_proj"],
        ["blk.N.ffn_up.E"] = ["layers.N.block_sparse_moe.experts.E.w3", "layers.N.mlp.experts.E.up_proj"],
        ["blk.N.ffn_down.E"] = ["layers.N.block_sparse_moe.experts.E.w2", "layers.N.mlp.experts.E.down_proj"],
    };

    public Llama()
        : this(["llama"], ["llama", "mistral", "ministral", "internlm3", "iquestcoder"])
    {
    }

    private protected Llama(IReadOnlyList<string> gguf, IReadOnlyList<string> huggingFace)
        : base(gguf, huggingFace)
    {
    }

    internal override TensorNames Tensors => Names;

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double> { [ConfigKeys.RmsEpsilon] = 1e-6 };

    /// <summary>True where the class ties embedding and output unless config.json says otherwise.</summary>
    private protected virtual bool TiedByDefault => false;

    /// <summary>The activation of a GGUF, which does not name one, and of a config.json that is silent.</summary>
    private protected virtual string ActivationByDefault => "silu";

    internal override Conventions Conventions(NamingScheme scheme) => scheme == NamingScheme.Gguf
        ? new Conventions { PairedRows = true }
        : new Conventions { Window = Windows.Listed(Windows.Every) };

    internal override DecoderRecipe Build(RecipeBuilder builder)
    {
        WeightMatrix table = builder.TokenTable();
        ILayer[] layers = [.. Enumerable.Range(0, builder.Layers).Select(n => Layer(builder, n))];
        LogitsHead head = new(builder.RmsNorm("output_norm"), builder.Output(table, TiedByDefault), SoftCap(builder));
        return builder.Finish(new TokenEmbedding { Table = table, Scale = EmbeddingScale(builder) }, layers, head);
    }

    private protected virtual ILayer Layer(RecipeBuilder b, int n) =>
        new PreNormLayer(b.RmsNorm("blk.N.attn_norm", n), Attention(b, n), b.RmsNorm("blk.N.ffn_norm", n), FeedForward(b, n));

    private protected SelfAttention Attention(RecipeBuilder b, int n) => b.Attention(n, AttentionOptions(b, n));

    private protected virtual AttentionOptions AttentionOptions(RecipeBuilder b, int n)
    {
        int window = b.Conventions.Window(b.Config, n);
        return new AttentionOptions { Rope = b.Rope(window > 0 ? RopeReader.Sliding : RopeReader.Full), Window = window };
    }

    private protected virtual IBlock FeedForward(RecipeBuilder b, int n) => b.Binder.Has("blk.N.ffn_gate_inp", n)
        ? b.Experts(n, b.Activation(ActivationByDefault), renormalize: true)
        : b.GatedMlp(n, b.Activation(ActivationByDefault));

    private protected virtual float EmbeddingScale(RecipeBuilder b) => 1;

    private protected virtual float SoftCap(RecipeBuilder b) => 0;
}
