using System.Text.Json;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>What one token takes in an F16 KV cache, from config.json alone, layer by layer. Source: huggingface/transformers, <c>cache_utils.py</c> and the configuration classes.</summary>
internal static class HuggingFaceKvCache
{
    /// <summary>More layers than any model has: beyond it the configuration is absurd and nothing is computed.</summary>
    private const int MaxLayers = 1 << 16;

    private const int BytesOfF16 = 2;

    /// <summary>Layers that keep keys and values, by the words of <c>layer_types</c> and its kin.</summary>
    private static readonly HashSet<string> s_attention = ["full_attention", "sliding_attention", "chunked_attention", "attention", "hybrid", "global", "local", "global_attention", "local_attention", "sparse_attention"];

    /// <summary>Layers that see a window only.</summary>
    private static readonly HashSet<string> s_windows = ["sliding_attention", "chunked_attention", "local", "local_attention"];

    /// <summary>Families without any attention: their state does not grow.</summary>
    private static readonly HashSet<string> s_recurrent = ["mamba", "mamba2", "falcon_mamba", "rwkv", "rwkv5", "rwkv6", "rwkv7", "xlstm"];

    /// <summary>Families that pool what they cache over several tokens.</summary>
    private static readonly HashSet<string> s_beyondUs = ["deepseek_v4"];

    /// <summary>Bytes for one token over all layers; 0 for a model that keeps none; null where the configuration does not tell.</summary>
    public static long? BytesPerToken(JsonMetadata config, int? layers, int? kvHeads, int? headDim)
    {
        string type = config.Text("model_type") ?? "";
        if (s_recurrent.Contains(type))
        {
            return 0;
        }

        // An encoder-decoder's cache grows with its decoder.
        long? all = Positive(config, "num_decoder_layers", "decoder_layers") ?? layers;
        if (all is not > 0 or > MaxLayers || s_beyondUs.Contains(type))
        {
            return null;
        }

        Func<long, UInt128?> width = Width(config, kvHeads, headDim);
        Func<long, bool> attends = Attends(config, all.Value);
        long own = all.Value - Math.Clamp(config.Int64("num_kv_shared_layers") ?? 0, 0, all.Value);
        UInt128 sum = 0;
        for (long i = 0; i < own; i++)
        {
            if (!attends(i))
            {
                continue;
            }

            if (width(i) is not { } elements)
            {
                return null;
            }

            sum += elements * BytesOfF16;
        }

        // Two attentions stand in each layer of this family.
        sum *= type == "longcat_flash" ? 2u : 1u;
        return sum <= long.MaxValue ? (long)sum : null;
    }

    /// <summary>Elements of key and value that a layer caches.</summary>
    private static Func<long, UInt128?> Width(JsonMetadata config, int? kvHeads, int? headDim)
    {
        if (Positive(config, "kv_lora_rank") is { } rank)
        {
            // Latent attention caches one compressed row that serves as key and as value, and sparse attention a key for its indexer.
            UInt128 latent = (UInt128)(rank + (Positive(config, "qk_rope_head_dim") ?? 0));
            long indexer = Positive(config, "index_topk") is null ? 0 : Positive(config, "index_head_dim") ?? 0;
            IReadOnlyList<string>? owners = Words(config, "indexer_types");
            return i => latent + (UInt128)(owners is not null && i < owners.Count && owners[(int)i] == "shared" ? 0 : indexer);
        }

        if (Blocks(config) is { } blocks)
        {
            long heads = Positive(config, ConfigNames.Heads.HuggingFace) ?? 0;
            return i => i < blocks.Count && headDim is { } dim ? (UInt128)(blocks[(int)i] == 0 ? 0 : heads / blocks[(int)i]) * (UInt128)dim * 2 : null;
        }

        IReadOnlyList<long>? perLayer = Numbers(config, ConfigNames.KvHeads.HuggingFace);
        Func<long, bool> slides = Slides(config);
        // Global layers may be wider than the others (gemma4), or the windows' layers may have sizes of their own (mimo).
        long? Choose(long i, long? standard, string global, string window) => slides(i) ? Positive(config, window) ?? standard : Positive(config, global) ?? standard;
        return i =>
        {
            long? heads = Choose(i, perLayer is null ? kvHeads : i < perLayer.Count ? perLayer[(int)i] : null, "num_global_key_value_heads", "swa_num_key_value_heads");
            long? key = Choose(i, headDim, "global_head_dim", "swa_head_dim");
            long? value = Choose(i, Positive(config, "v_head_dim") ?? key, "global_v_head_dim", "swa_v_head_dim");
            return heads is >= 0 && key is >= 0 && value is >= 0 ? (UInt128)heads * (UInt128)(key + value) : null;
        };
    }

    /// <summary>Which layers keep keys and values.</summary>
    private static Func<long, bool> Attends(JsonMetadata config, long layers)
    {
        if ((Words(config, "layer_types") ?? Words(config, "layers_block_type")) is { } kinds)
        {
            return i => i < kinds.Count && s_attention.Contains(kinds[(int)i]);
        }

        if ((Words(config, "block_types") ?? Words(config, "_block_types")) is { Count: > 0 } cycle)
        {
            return i => s_attention.Contains(cycle[(int)(i % cycle.Count)]);
        }

        if (config.Text("hybrid_override_pattern") is { } pattern)
        {
            return i => i < pattern.Length && pattern[(int)i] == '*';
        }

        if (Numbers(config, ["attn_type_list"]) is { } types)
        {
            return i => i < types.Count && types[(int)i] == 1;
        }

        if (Numbers(config, ["full_attn_idxs", "attn_layer_indices"]) is { } indices)
        {
            return indices.ToHashSet().Contains;
        }

        if (Numbers(config, ["linear_attn_config.full_attn_layers"]) is { } counted)
        {
            // Counted from one.
            HashSet<long> full = [.. counted];
            return i => full.Contains(i + 1);
        }

        if (Positive(config, "attn_layer_period") is { } period)
        {
            long offset = config.Int64("attn_layer_offset") ?? 0;
            return i => i % period == offset;
        }

        return Positive(config, "full_attention_interval") is { } interval ? i => (i + 1) % interval == 0 : i => i < layers;
    }

    /// <summary>Which layers see a window only.</summary>
    private static Func<long, bool> Slides(JsonMetadata config)
    {
        if (Words(config, "layer_types") is { } kinds)
        {
            return i => i < kinds.Count && s_windows.Contains(kinds[(int)i]);
        }

        return Numbers(config, ["hybrid_layer_pattern"]) is { } windows ? i => i < windows.Count && windows[(int)i] == 1 : _ => false;
    }

    /// <summary>Of configurations that describe each block (deci): how many query heads share a key, 0 for a block without attention.</summary>
    private static List<long>? Blocks(JsonMetadata config)
    {
        if (JsonMetadata.Find(config.Root, "block_configs") is not { ValueKind: JsonValueKind.Array } blocks)
        {
            return null;
        }

        return [.. blocks.EnumerateArray().Select(b => JsonMetadata.Find(b, "attention.n_heads_in_group") is { ValueKind: JsonValueKind.Number } n && n.TryGetInt64(out long group) && group > 0 ? group : 0)];
    }

    private static IReadOnlyList<string>? Words(JsonMetadata config, string key) => config.TryGet(key, out MetadataValue? value) && value.TryGetStrings(out IReadOnlyList<string>? words) ? words : null;

    private static IReadOnlyList<long>? Numbers(JsonMetadata config, IEnumerable<string> keys)
    {
        foreach (string key in keys)
        {
            if (config.TryGet(key, out MetadataValue? value) && value.TryGetInt64s(out IReadOnlyList<long>? numbers) && numbers.All(n => n is >= 0 and <= int.MaxValue))
            {
                return numbers;
            }
        }

        return null;
    }

    private static long? Positive(JsonMetadata config, params IEnumerable<string> keys) => config.Int64([.. keys]) is { } value and > 0 and <= int.MaxValue ? value : null;
}
