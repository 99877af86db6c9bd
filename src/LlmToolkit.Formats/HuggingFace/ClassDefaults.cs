namespace LlmToolkit.Formats.HuggingFace;

/// <summary>What a multimodal model's text configuration leaves out: it is written as the difference from its class. Source: huggingface/transformers, the configuration classes of each family.</summary>
internal static class ClassDefaults
{
    private static readonly Dictionary<string, Dictionary<ConfigName, int>> s_all = new()
    {
        ["gemma3_text"] = Of(2304, 26, 8, 4, 256, 131072, 262208),
        ["gemma2"] = Of(2304, 26, 8, 4, 256, 8192, 256000),
        ["gemma"] = Of(3072, 28, 16, 16, 256, 8192, 256000),
        ["llama"] = Of(4096, 32, 32, null, null, 2048, 32000),
        ["mistral"] = Of(4096, 32, 32, 8, null, 131072, 32000),
        ["qwen2"] = Of(4096, 32, 32, 32, null, 32768, 151936),
    };

    /// <summary>The class's value; null: it has none, or the configuration is no part of another.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="type">Its model type.</param>
    /// <param name="name">The fact.</param>
    public static int? Find(JsonMetadata config, string? type, ConfigName name) =>
        config.IsNested && type is not null && s_all.TryGetValue(type, out Dictionary<ConfigName, int>? known) && known.TryGetValue(name, out int value) ? value : null;

    private static Dictionary<ConfigName, int> Of(int width, int layers, int heads, int? kvHeads, int? headDim, int context, int vocabulary)
    {
        Dictionary<ConfigName, int> values = new()
        {
            [ConfigNames.EmbeddingLength] = width,
            [ConfigNames.Layers] = layers,
            [ConfigNames.Heads] = heads,
            [ConfigNames.ContextLength] = context,
            [ConfigNames.Vocabulary] = vocabulary,
        };
        if (kvHeads is int count)
        {
            values[ConfigNames.KvHeads] = count;
        }

        if (headDim is int wide)
        {
            values[ConfigNames.HeadDim] = wide;
        }

        return values;
    }
}
