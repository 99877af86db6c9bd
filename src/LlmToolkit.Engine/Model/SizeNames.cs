namespace LlmToolkit.Engine.Model;

/// <summary>Which setting asks for a size, so that a wrong shape can be traced to it.</summary>
/// <param name="config">The configuration.</param>
/// <param name="hidden">Width of the hidden state.</param>
internal sealed class SizeNames(ModelConfig config, int hidden)
{
    /// <summary>The settings whose value, or whose product with the width of a head, is <paramref name="size"/>; null: none is.</summary>
    public string? Of(long size)
    {
        long? heads = Number(ConfigNames.Heads);
        long? headDim = Number(ConfigNames.HeadDim) ?? (heads > 0 ? hidden / heads : null);
        (string Name, long? Value)[] known =
        [
            (Key(ConfigNames.EmbeddingLength), hidden),
            (Key(ConfigKeys.FeedForward), Number(ConfigKeys.FeedForward)),
            (Key(ConfigNames.Vocabulary), Number(ConfigNames.Vocabulary)),
            ($"{Key(ConfigNames.Heads)} times the width of a head", heads * headDim),
            ($"{Key(ConfigNames.KvHeads)} times the width of a head", Number(ConfigNames.KvHeads) * headDim),
            (Key(ConfigKeys.ExpertFeedForward), Number(ConfigKeys.ExpertFeedForward)),
            (Key(ConfigKeys.Experts), Number(ConfigKeys.Experts)),
            ("the width of a head", headDim),
        ];
        return known.FirstOrDefault(k => k.Value == size).Name;
    }

    private string Key(ConfigName name) => config.Key(name);

    private long? Number(ConfigName name) => config.Metadata.Int64(name.Keys(config.Scheme, config.Architecture)) is { } value && Math.Abs(value) < 1L << 31 ? value : null;
}
