namespace LlmToolkit.Engine.Model;

/// <summary>Facts that only the engine needs, under their GGUF and Hugging Face names. What <see cref="ModelInfo"/> shows is in <see cref="ConfigNames"/>.</summary>
internal static class ConfigKeys
{
    /// <summary>The GGUF name of what a GGUF never says.</summary>
    private const string Nowhere = "-";

    /// <summary>Width of the feed-forward block.</summary>
    public static ConfigName FeedForward { get; } = new("feed_forward_length", "intermediate_size", "ffn_hidden_size", "n_inner", "ffn_dim");

    /// <summary>Width of a value; keys' width when absent.</summary>
    public static ConfigName ValueDim { get; } = new("attention.value_length");

    /// <summary>Epsilon of RMSNorm.</summary>
    public static ConfigName RmsEpsilon { get; } = new("attention.layer_norm_rms_epsilon", "rms_norm_eps", "norm_eps", "layer_norm_eps", "layer_norm_epsilon");

    /// <summary>Epsilon of LayerNorm.</summary>
    public static ConfigName LayerNormEpsilon { get; } = new("attention.layer_norm_epsilon", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "layernorm_epsilon", "norm_eps");

    /// <summary>Name of the activation.</summary>
    public static ConfigName Activation { get; } = new(Nowhere, "hidden_activation", "hidden_act", "activation_function");

    /// <summary>True when the output matrix is the embedding.</summary>
    public static ConfigName Tied { get; } = new(Nowhere, "tie_word_embeddings");

    /// <summary>Width of the sliding window.</summary>
    public static ConfigName SlidingWindow { get; } = new("attention.sliding_window", "sliding_window", "sliding_window_size", "attention_window_size");

    /// <summary>Every how many layers one sees everything.</summary>
    public static ConfigName SlidingPattern { get; } = new("attention.sliding_window_pattern", "sliding_window_pattern", "_sliding_window_pattern");

    /// <summary>Kind of each layer.</summary>
    public static ConfigName LayerTypes { get; } = new(Nowhere, "layer_types");

    /// <summary>Whether the window is in use at all.</summary>
    public static ConfigName UseSlidingWindow { get; } = new(Nowhere, "use_sliding_window");

    /// <summary>The first layer that slides.</summary>
    public static ConfigName MaxWindowLayers { get; } = new(Nowhere, "max_window_layers");

    /// <summary>Cap of the attention scores.</summary>
    public static ConfigName ScoreSoftCap { get; } = new("attn_logit_softcapping", "attn_logit_softcapping");

    /// <summary>Cap of the logits.</summary>
    public static ConfigName LogitSoftCap { get; } = new("final_logit_softcapping", "final_logit_softcapping");

    /// <summary>The scale of scores is one over the root of this.</summary>
    public static ConfigName QueryScalar { get; } = new(Nowhere, "query_pre_attn_scalar");

    /// <summary>Number of experts.</summary>
    public static ConfigName Experts { get; } = new("expert_count", "num_local_experts", "num_experts", "n_routed_experts");

    /// <summary>Experts a token uses.</summary>
    public static ConfigName ExpertsUsed { get; } = new("expert_used_count", "num_experts_per_tok", "num_experts_per_token", "moe_topk");

    /// <summary>Width of one expert; the feed-forward width when absent.</summary>
    public static ConfigName ExpertFeedForward { get; } = new("expert_feed_forward_length", "moe_intermediate_size");

    /// <summary>Whether the chosen experts' weights are divided by their sum.</summary>
    public static ConfigName NormTopK { get; } = new("expert_weights_norm", "norm_topk_prob");

    /// <summary>Trailing layers for multi-token prediction; no part of the ordinary forward pass.</summary>
    public static ConfigName NextN { get; } = new("nextn_predict_layers");

    /// <summary>Base of the rope.</summary>
    public static ConfigName RopeBase { get; } = new("rope.freq_base", "rope_theta", "rotary_emb_base", "rope_base");

    /// <summary>Base of the rope in sliding layers.</summary>
    public static ConfigName RopeBaseSliding { get; } = new("rope.freq_base_swa", "rope_local_base_freq");

    /// <summary>Share of a head that is rotated.</summary>
    public static ConfigName RopeShare { get; } = new(Nowhere, "partial_rotary_factor", "rotary_pct", "rotary_emb_fraction");

    /// <summary>Width that is rotated.</summary>
    public static ConfigName RopeDims { get; } = new("rope.dimension_count", "rotary_dim");

    /// <summary>Length for which the unscaled rope was trained.</summary>
    public static ConfigName RopeOriginal { get; } = new("rope.scaling.original_context_length", "original_max_position_embeddings");
}
