using LlmToolkit.Formats.Gguf;
using LlmToolkit.Formats.Tests.Shared;

namespace LlmToolkit.Formats.Tests.Gguf;

public sealed class GgufKvCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Architecture, keys ("name=number" or "name=1,0,1" for lists) and the bytes by hand.</summary>
    public static TheoryData<string, string, long?> Families => new()
    {
        { "llama", "block_count=32 embedding_length=4096 attention.head_count=32 attention.head_count_kv=8", 32L * 8 * 128 * 2 * 2 },
        { "llama", "block_count=32 embedding_length=4096 attention.head_count=32", 32L * 32 * 128 * 2 * 2 },
        { "deepseek2", "block_count=61 attention.head_count=128 attention.head_count_kv=1 attention.key_length=576 attention.value_length=512 attention.key_length_mla=192 attention.value_length_mla=128", 61L * 576 * 2 },
        { "deepseek2", "block_count=61 attention.head_count=128 attention.head_count_kv=128 attention.key_length=192 attention.value_length=128", 61L * 128 * 320 * 2 },
        { "deepseek32", "block_count=2 attention.head_count=128 attention.head_count_kv=1 attention.key_length=576 attention.value_length=512 attention.key_length_mla=192 attention.indexer.key_length=128", 2L * (576 + 128) * 2 },
        { "glm4moe", "block_count=47 nextn_predict_layers=1 attention.head_count=96 attention.head_count_kv=8 attention.key_length=128 attention.value_length=128", 46L * 8 * 128 * 2 * 2 },
        { "mamba", "block_count=24 attention.head_count=0 ssm.state_size=16", 0L },
        { "mamba2", "block_count=24 ssm.state_size=16", 0L },
        { "rwkv7", "block_count=24 wkv.head_size=64", 0L },
        { "jamba", "block_count=4 embedding_length=64 attention.head_count=4 attention.head_count_kv=0,0,2,0", 1L * 2 * 16 * 2 * 2 },
        { "nemotron_h", "block_count=3 attention.head_count=4 attention.head_count_kv=0,2,0 attention.key_length=16 attention.value_length=16", 1L * 2 * 16 * 2 * 2 },
        { "qwen3next", "block_count=48 attention.head_count=16 attention.head_count_kv=2 attention.key_length=256 attention.value_length=256", 12L * 2 * 256 * 2 * 2 },
        { "qwen35", "block_count=8 full_attention_interval=2 attention.head_count=16 attention.head_count_kv=2 attention.key_length=256 attention.value_length=256", 4L * 2 * 256 * 2 * 2 },
        { "qwen35", "block_count=4 attention.recurrent_layers=1,1,0,1 attention.head_count=16 attention.head_count_kv=2 attention.key_length=256 attention.value_length=256", 1L * 2 * 256 * 2 * 2 },
        { "gemma3n", "block_count=30 attention.shared_kv_layers=10 attention.head_count=8 attention.head_count_kv=2 attention.key_length=256 attention.value_length=256", 20L * 2 * 256 * 2 * 2 },
        { "gemma4", "block_count=4 attention.shared_kv_layers=1 attention.head_count=4 attention.head_count_kv=2,2,2,2 attention.key_length=32 attention.value_length=32 attention.key_length_swa=16 attention.value_length_swa=16 attention.sliding_window_pattern=1,0,1,0", 128 + 256 + 128 },
        { "t5", "block_count=12 decoder_block_count=6 attention.head_count=8 attention.key_length=64 attention.value_length=64", 6L * 8 * 64 * 2 * 2 },
        { "bert", "block_count=12 embedding_length=768 attention.head_count=12", null },
        { "deepseek4", "block_count=61 attention.head_count=64 attention.head_count_kv=1 attention.key_length=512 attention.compress_ratios=4,128", null },
        { "llama", "block_count=32 embedding_length=4096", null },
        { "llama", "attention.head_count=32 embedding_length=4096", null },
        { "llama", "block_count=2147483647 attention.head_count=2147483647 attention.key_length=2147483647", null },
        { "llama", "block_count=65536 attention.head_count=2147483647 attention.key_length=2147483647 attention.value_length=2147483647", null },
    };

    [Theory, MemberData(nameof(Families))]
    public void BytesPerToken_Family_CountsTheLayersThatCache(string architecture, string keys, long? expected)
    {
        GgufFile file = new GgufFile().Key("general.architecture", architecture);
        foreach (string[] pair in keys.Split(' ').Select(k => k.Split('=')))
        {
            uint[] numbers = [.. pair[1].Split(',').Select(uint.Parse)];
            string name = $"{architecture}.{pair[0]}";
            _ = numbers.Length == 1
                ? file.Key(name, numbers[0])
                : file.Key(name, 9, [4, 0, 0, 0, .. BitConverter.GetBytes((ulong)numbers.Length), .. numbers.SelectMany(BitConverter.GetBytes)]);
        }

        using ModelDescription description = new GgufFormat().Describe(_folder.ArtifactOf("m.gguf", file.Build()));

        Assert.Equal(expected, description.Info!.KvBytesPerToken);
    }

    public void Dispose() => _folder.Dispose();
}
