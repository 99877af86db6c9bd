using System.Globalization;

namespace LlmToolkit.Formats.Gguf;

/// <summary>What one token takes in an F16 KV cache, from the keys alone, layer by layer. Source: ggml-org/llama.cpp, src/llama-hparams.cpp (n_embd_k_gqa, n_embd_v_gqa) and src/llama-kv-cache.cpp.</summary>
internal static class GgufKvCache
{
    /// <summary>More layers than any model has: beyond it the header is absurd and nothing is computed.</summary>
    private const int MaxLayers = 1 << 16;

    private const int BytesOfF16 = 2;

    /// <summary>Families whose layers are gated delta nets but for every fourth, when no key says otherwise.</summary>
    private static readonly HashSet<string> s_mostlyRecurrent = ["qwen3next", "qwen35", "qwen35moe"];

    /// <summary>Bytes for one token over all layers; 0 for a model that keeps none; null where the keys do not tell.</summary>
    /// <param name="metadata">The keys.</param>
    /// <param name="architecture">Their prefix.</param>
    /// <param name="blocks">Layers of the ordinary forward.</param>
    /// <param name="headDim">Width of a head where the keys do not say it.</param>
    /// <param name="tensors">Tell which layers own an indexer.</param>
    public static long? BytesPerToken(GgufMetadata metadata, string? architecture, int? blocks, int? headDim, IReadOnlyList<TensorInfo> tensors)
    {
        long? Value(string key) => metadata.Int64($"{architecture}.{key}") is { } value and >= 0 and <= int.MaxValue ? value : null;

        // An encoder-decoder's cache grows with its decoder.
        long? layers = Value("decoder_block_count") ?? blocks;
        if (layers is null or <= 0 or > MaxLayers || IsBeyondUs(metadata, architecture))
        {
            return null;
        }

        if ((GgufModelInfo.PerLayer(metadata, architecture, ConfigNames.KvHeads) ?? GgufModelInfo.PerLayer(metadata, architecture, ConfigNames.Heads)) is not { Length: > 0 } heads)
        {
            return Value("ssm.state_size") is not null || Value("wkv.head_size") is not null ? 0 : null;
        }

        bool isLatent = Value("attention.key_length_mla") is not null;
        long Width(string suffix)
        {
            long key = Value("attention.key_length" + suffix) ?? Value("attention.key_length") ?? headDim ?? 0;
            long value = Value("attention.value_length" + suffix) ?? Value("attention.value_length") ?? headDim ?? 0;
            // Latent attention caches one compressed row that serves as key and as value.
            return isLatent ? key : key + value;
        }

        (long wide, long window) = (Width(""), Width("_swa"));
        Func<long, bool> attends = Attends(metadata, architecture);
        Func<long, bool> slides = Slides(metadata, architecture);
        long own = layers.Value - Math.Min(Value("attention.shared_kv_layers") ?? 0, layers.Value);
        UInt128 sum = IndexerBytes(Value("attention.indexer.key_length") ?? 0, layers.Value, tensors);
        for (long i = 0; i < own; i++)
        {
            long count = heads.Length == 1 ? heads[0] : i < heads.Length ? heads[i] : 0;
            sum += attends(i) ? (UInt128)count * (UInt128)(slides(i) ? window : wide) * BytesOfF16 : 0;
        }

        return sum <= long.MaxValue ? (long)sum : null;
    }

    /// <summary>Caches of other shapes: rows that are pooled over several tokens, or latent rows of two widths.</summary>
    private static bool IsBeyondUs(GgufMetadata metadata, string? architecture) =>
        metadata.Entries.Any(e => e.Key.StartsWith($"{architecture}.attention.compress", StringComparison.Ordinal)) || metadata.TryGet($"{architecture}.attention.kv_lora_rank_swa", out _);

    /// <summary>Which layers have attention where <c>head_count_kv</c> is one number: a list names the recurrent ones, or every n-th attends.</summary>
    private static Func<long, bool> Attends(GgufMetadata metadata, string? architecture)
    {
        if (metadata.TryGet($"{architecture}.attention.recurrent_layers", out MetadataValue? list) && list.TryGetInt64s(out IReadOnlyList<long>? recurrent))
        {
            return i => i >= recurrent.Count || recurrent[(int)i] == 0;
        }

        long standard = architecture is not null && s_mostlyRecurrent.Contains(architecture) ? 4 : 1;
        long interval = Math.Max(metadata.Int64($"{architecture}.full_attention_interval") ?? standard, 1);
        return i => (i + 1) % interval == 0;
    }

    /// <summary>Which layers see a window only: a list says it, or all but every n-th do.</summary>
    private static Func<long, bool> Slides(GgufMetadata metadata, string? architecture)
    {
        if (!metadata.TryGet($"{architecture}.attention.sliding_window_pattern", out MetadataValue? pattern))
        {
            return _ => false;
        }

        if (pattern.TryGetInt64s(out IReadOnlyList<long>? windows))
        {
            return i => i < windows.Count && windows[(int)i] != 0;
        }

        return pattern.TryGetInt64(out long period) && period > 0 ? i => (i + 1) % period != 0 : _ => false;
    }

    /// <summary>Sparse attention keeps one more key for its indexer, in each layer that owns one.</summary>
    private static UInt128 IndexerBytes(long width, long layers, IReadOnlyList<TensorInfo> tensors)
    {
        if (width == 0)
        {
            return 0;
        }

        long owners = tensors.Count == 0 ? layers : tensors.Count(t => Block(t.Name) is { } block && block < layers && (t.Name.Contains(".indexer.attn_k.", StringComparison.Ordinal) || t.Name.Contains(".indexer.k_proj.", StringComparison.Ordinal)));
        return (UInt128)owners * (UInt128)width * BytesOfF16;
    }

    /// <summary>The number in <c>blk.N.…</c>.</summary>
    private static long? Block(string name)
    {
        string[] parts = name.Split('.', 3);
        return parts.Length == 3 && parts[0] == "blk" && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long block) ? block : null;
    }
}
