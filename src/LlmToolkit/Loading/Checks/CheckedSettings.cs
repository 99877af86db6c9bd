namespace LlmToolkit.Loading.Checks;

/// <summary>Settings that checks read beside <see cref="ConfigNames"/>.</summary>
internal static class CheckedSettings
{
    public static ConfigName FeedForward { get; } = new("feed_forward_length", "intermediate_size", "ffn_hidden_size", "n_inner", "ffn_dim", "d_ff");

    public static ConfigName ValueLength { get; } = new("attention.value_length", "v_head_dim");

    public static ConfigName Experts { get; } = new("expert_count", "num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts");

    public static ConfigName ExpertsUsed { get; } = new("expert_used_count", "num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k");

    public static ConfigName RmsEpsilon { get; } = new("attention.layer_norm_rms_epsilon", "rms_norm_eps", "norm_eps");

    public static ConfigName LayerNormEpsilon { get; } = new("attention.layer_norm_epsilon", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "layernorm_epsilon");

    public static ConfigName RopeBase { get; } = new("rope.freq_base", "rope_parameters.rope_theta", "rope_theta", "rotary_emb_base", "rope_base");

    public static ConfigName RopeBaseSliding { get; } = new("rope.freq_base_swa", "rope_local_base_freq", "local_rope_theta");

    public static ConfigName RopeFactor { get; } = new("rope.scaling.factor", "rope_parameters.factor", "rope_scaling.factor");

    public static ConfigName RopeOriginal { get; } = new("rope.scaling.original_context_length", "original_max_position_embeddings", "rope_scaling.original_max_position_embeddings", "rope_parameters.original_max_position_embeddings");

    public static ConfigName SlidingPattern { get; } = new("attention.sliding_window_pattern", "sliding_window_pattern");
}
