namespace LlmToolkit.Tests.Loading;

/// <summary>A model and its GGUF twin are the same model: the same facts, but for those that the converter changes.</summary>
public sealed class TwinFactsTests
{
    /// <summary>What a GGUF says otherwise, and why.</summary>
    private static readonly Dictionary<string, string> s_known = new()
    {
        ["bert-embed parameters"] = "the converter leaves the pooler out",
        ["roberta-embed parameters"] = "the converter leaves the pooler out, and two position rows",
        ["roberta-embed context"] = "two position rows stand before the first token",
        ["granitemoehybrid context"] = "the converter writes 2^20 for hybrids",
        ["mamba context"] = "the converter writes 2^20 where there is no limit",
        ["llama3-rope parameters"] = "the scaled frequencies are a tensor",
        ["qwen3.5-multimodal parameters"] = "the part that sees is another file",
    };

    [Fact]
    public async Task Describe_Twins_HaveTheSameFacts()
    {
        string folder = SharedData.Require("conformance", "gguf");
        List<string> misses = [];
        int compared = 0;
        foreach (string gguf in Directory.GetFiles(folder, "*.gguf").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(gguf);
            using ModelDescription one = await new ModelLoader().DescribeAsync(gguf, null, TestContext.Current.CancellationToken);
            using ModelDescription other = await new ModelLoader().DescribeAsync(SharedData.Require("conformance", "models", name), null, TestContext.Current.CancellationToken);
            (string Fact, Func<ModelInfo, object?> Of)[] facts =
            [
                ("layers", i => i.Layers), ("heads", i => i.Heads), ("kv heads", i => i.KvHeads), ("head width", i => i.HeadDim), ("width", i => i.EmbeddingLength), ("vocabulary", i => i.Vocabulary),
                ("cache", i => i.KvBytesPerToken), ("encoder", i => i.IsEncoder), ("context", i => i.ContextLength), ("parameters", i => i.Parameters), ("tokenizer", i => i.Tokenizer?.Vocabulary),
            ];
            foreach ((string fact, Func<ModelInfo, object?> of) in facts)
            {
                compared++;
                if (!Equals(of(one.Info!), of(other.Info!)) && !s_known.ContainsKey($"{name} {fact}"))
                {
                    misses.Add($"{name} {fact}: GGUF {of(one.Info!)}, Hugging Face {of(other.Info!)}");
                }
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{compared - misses.Count} of {compared} facts agree, {s_known.Count} of them with a reason to differ");
        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }
}
