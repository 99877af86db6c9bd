using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>BERT, RoBERTa and their kin: learned positions and token types, norms after the residual, every position sees all. Gives hidden states.</summary>
internal class Bert : Architecture
{
    private static readonly ConfigName PadToken = new("-", "pad_token_id");

    private static readonly ConfigName PositionKind = new("-", "position_embedding_type");

    public Bert()
        : this(["bert"], ["bert"])
    {
    }

    private protected Bert(IReadOnlyList<string> gguf, IReadOnlyList<string> huggingFace)
        : base(gguf, huggingFace)
    {
    }

    public override bool IsEncoder => true;

    internal override IReadOnlyList<string> Prefixes => ["", "bert.", "model.", "roberta."];

    internal override TensorNames Tensors { get; } = new()
    {
        ["token_embd"] = ["embeddings.word_embeddings"],
        ["token_types"] = ["embeddings.token_type_embeddings"],
        ["position_embd"] = ["embeddings.position_embeddings"],
        ["token_embd_norm"] = ["embeddings.LayerNorm"],
        ["blk.N.attn_q"] = ["encoder.layer.N.attention.self.query"],
        ["blk.N.attn_k"] = ["encoder.layer.N.attention.self.key"],
        ["blk.N.attn_v"] = ["encoder.layer.N.attention.self.value"],
        ["blk.N.attn_output"] = ["encoder.layer.N.attention.output.dense"],
        ["blk.N.attn_output_norm"] = ["encoder.layer.N.attention.output.LayerNorm"],
        ["blk.N.ffn_up"] = ["encoder.layer.N.intermediate.dense"],
        ["blk.N.ffn_down"] = ["encoder.layer.N.output.dense"],
        ["blk.N.layer_output_norm"] = ["encoder.layer.N.output.LayerNorm"],
    };

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.LayerNormEpsilon] = 1e-12,
        [ConfigNames.ContextLength] = 512,
        [PadToken] = 1,
    };

    /// <summary>True where a checkpoint's positions are counted from behind the padding token; a GGUF has those rows cut off.</summary>
    private protected virtual bool PositionsFollowPadding => false;

    internal override Conventions Conventions(NamingScheme scheme) => new();

    internal override unsafe DecoderRecipe Build(RecipeBuilder b)
    {
        if (b.Config.Text(PositionKind) is { } kind and not "absolute")
        {
            throw EngineErrors.UnsupportedConfig(b.Config.File, b.Config.Key(PositionKind), kind, "absolute");
        }

        WeightMatrix positions = b.Binder.Table("position_embd", null, b.Hidden);
        int first = PositionsFollowPadding && b.Config.Scheme == NamingScheme.HuggingFace ? 1 + (int)Math.Clamp(b.Config.Number(PadToken) ?? 0, 0, 1 << 16) : 0;
        if (first >= positions.Rows)
        {
            throw EngineErrors.BadConfig(b.Config.File, b.Config.Key(PadToken), $"{first - 1}", $"less than the {positions.Rows} rows of the table of positions, which begin behind it");
        }

        TokenEmbedding embedding = new()
        {
            Table = b.TokenTable(),
            Positions = positions,
            FirstPosition = first,
            TokenType = b.Binder.Has("token_types") ? b.Binder.FirstRow("token_types", b.Hidden) : null,
            Norm = b.LayerNorm("token_embd_norm"),
        };
        ILayer[] layers = [.. Enumerable.Range(0, b.Layers).Select(n => Layer(b, n))];
        return b.Finish(embedding, layers, new HiddenHead(b.Hidden));
    }

    private static PostNormLayer Layer(RecipeBuilder b, int n) => new(
        b.Attention(n, new AttentionOptions { Causal = false }),
        b.LayerNorm("blk.N.attn_output_norm", n),
        b.PlainMlp(n, b.FeedForward(n), b.Activation("gelu")),
        b.LayerNorm("blk.N.layer_output_norm", n));
}
