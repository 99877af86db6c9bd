using System.Text.Json;
using LlmToolkit.Formats.HuggingFace;

namespace LlmToolkit.Formats.Tests.HuggingFace;

public sealed class HuggingFaceKvCacheTests
{
    /// <summary>Configurations in the spelling of their family, layers, KV heads, head width, and the bytes by hand.</summary>
    public static TheoryData<string, int?, int?, int?, long?> Families => new()
    {
        { """{"model_type":"llama"}""", 32, 8, 128, 32L * 8 * 128 * 2 * 2 },
        { """{"model_type":"deepseek_v3","kv_lora_rank":512,"qk_rope_head_dim":64}""", 61, 128, 192, 61L * 576 * 2 },
        { """{"model_type":"deepseek_v32","kv_lora_rank":512,"qk_rope_head_dim":64,"index_head_dim":128,"index_topk":2048}""", 61, 128, 192, 61L * (576 + 128) * 2 },
        { """{"model_type":"mamba"}""", 24, null, null, 0L },
        { """{"model_type":"rwkv"}""", 24, null, null, 0L },
        { """{"model_type":"jamba","attn_layer_period":8,"attn_layer_offset":4}""", 32, 8, 128, 4L * 8 * 128 * 2 * 2 },
        { """{"model_type":"jamba","attn_layer_period":8,"attn_layer_offset":4}""", 5, 8, 128, 1L * 8 * 128 * 2 * 2 },
        { """{"model_type":"bamba","attn_layer_indices":[9,18,27]}""", 32, 8, 128, 3L * 8 * 128 * 2 * 2 },
        { """{"model_type":"granitemoehybrid","layer_types":["mamba","mamba","attention","mamba"]}""", 4, 2, 16, 1L * 2 * 16 * 2 * 2 },
        { """{"model_type":"nemotron_h","hybrid_override_pattern":"ME*-M"}""", 5, 2, 16, 1L * 2 * 16 * 2 * 2 },
        { """{"model_type":"qwen3_next","full_attention_interval":4}""", 48, 2, 256, 12L * 2 * 256 * 2 * 2 },
        { """{"model_type":"lfm2","full_attn_idxs":[2,5,8,10,12,14]}""", 16, 8, 64, 6L * 8 * 64 * 2 * 2 },
        { """{"model_type":"kimi_linear","kv_lora_rank":512,"qk_rope_head_dim":64,"linear_attn_config":{"full_attn_layers":[4,8,12]}}""", 12, 32, 72, 3L * 576 * 2 },
        { """{"model_type":"minimax","attn_type_list":[0,0,0,1]}""", 4, 8, 128, 1L * 8 * 128 * 2 * 2 },
        { """{"model_type":"recurrent_gemma","block_types":["recurrent","recurrent","attention"]}""", 26, 1, 256, 8L * 256 * 2 * 2 },
        { """{"model_type":"gemma2","layer_types":["sliding_attention","full_attention"]}""", 2, 4, 256, 2L * 4 * 256 * 2 * 2 },
        { """{"model_type":"gemma3n_text","num_kv_shared_layers":10}""", 30, 2, 256, 20L * 2 * 256 * 2 * 2 },
        { """{"model_type":"gemma4_text","layer_types":["sliding_attention","full_attention","sliding_attention","full_attention"],"global_head_dim":32,"num_kv_shared_layers":1}""", 4, 2, 16, 128 + 256 + 128 },
        { """{"model_type":"gemma4_text","layer_types":["sliding_attention","full_attention"],"global_head_dim":32,"num_global_key_value_heads":1}""", 2, 2, 16, 128 + 128 },
        { """{"model_type":"mimo_v2_flash","hybrid_layer_pattern":[0,1],"v_head_dim":128,"swa_num_key_value_heads":8,"swa_head_dim":192,"swa_v_head_dim":128}""", 2, 4, 192, (4L + 8) * (192 + 128) * 2 },
        { """{"model_type":"t5","num_decoder_layers":6}""", 12, 8, 64, 6L * 8 * 64 * 2 * 2 },
        { """{"model_type":"longcat_flash","kv_lora_rank":512,"qk_rope_head_dim":64}""", 28, 64, 192, 56L * 576 * 2 },
        { """{"model_type":"openelm","num_kv_heads":[3,3,4,5]}""", 4, 3, 64, 15L * 64 * 2 * 2 },
        { """{"model_type":"nemotron-nas","num_attention_heads":64,"block_configs":[{"attention":{"n_heads_in_group":8}},{"attention":{"no_op":true}}]}""", 2, 64, 128, 8L * 128 * 2 * 2 },
        { """{"model_type":"deepseek_v4"}""", 61, 1, 512, null },
        { """{"model_type":"llama"}""", 32, null, 128, null },
        { """{"model_type":"llama"}""", null, 8, 128, null },
        { """{"model_type":"llama"}""", int.MaxValue, int.MaxValue, int.MaxValue, null },
        { """{"model_type":"llama"}""", 65536, int.MaxValue, int.MaxValue, null },
    };

    [Theory, MemberData(nameof(Families))]
    public void BytesPerToken_Family_CountsTheLayersThatCache(string config, int? layers, int? kvHeads, int? headDim, long? expected)
    {
        using JsonDocument document = JsonDocument.Parse(config);

        Assert.Equal(expected, HuggingFaceKvCache.BytesPerToken(new JsonMetadata(document.RootElement), layers, kvHeads, headDim));
    }
}
