using System.Globalization;
using System.Runtime.InteropServices;
using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Tests.EndToEnd;

/// <summary>Weights are used where the file has them: loading adds next to no private memory.</summary>
public sealed class LoadMemoryTests
{
    private const int Width = 1024;
    private const int Inner = 3072;
    private const int Vocabulary = 4096;

    [Fact]
    public async Task Load_HundredMegabytesOfBf16_AddsUnderTenOfPrivateMemory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "RssAnon is Linux's figure.");
        using TemporaryFolder small = new();
        using TemporaryFolder large = new();
        Write(small, layers: 1, width: 64, inner: 64, vocabulary: 256);
        Write(large, layers: 4, Width, Inner, Vocabulary);
        Assert.True(new FileInfo(large.File("model.safetensors")).Length > 100_000_000);

        // The first load compiles the code; what it leaves is the empty load that the second is compared with.
        await using ILanguageModel first = await LoadAsync(small.Path);
        long before = PrivateBytes();
        await using ILanguageModel second = await LoadAsync(large.Path);
        long added = PrivateBytes() - before;

        Assert.True(added < 10_000_000, $"Loading added {added} bytes of private memory.");
    }

    private static Task<ILanguageModel> LoadAsync(string path) =>
        new ModelLoader().LoadAsync(path, new LoadOptions { ContextLength = 64, Threads = 1 }, null, TestContext.Current.CancellationToken);

    private static long PrivateBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line["RssAnon:".Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
    }

    private static void Write(TemporaryFolder folder, int layers, int width, int inner, int vocabulary)
    {
        File.WriteAllText(folder.File("config.json"), $$"""
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": {{width}}, "intermediate_size": {{inner}}, "num_hidden_layers": {{layers}},
             "num_attention_heads": {{width / 64}}, "num_key_value_heads": {{width / 64}}, "vocab_size": {{vocabulary}}, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
             "rope_theta": 10000.0, "tie_word_embeddings": false, "torch_dtype": "bfloat16"}
            """);
        List<(string Name, TensorShape Shape)> tensors = [("model.embed_tokens.weight", [vocabulary, width]), ("model.norm.weight", [width]), ("lm_head.weight", [vocabulary, width])];
        for (int layer = 0; layer < layers; layer++)
        {
            string p = $"model.layers.{layer}.";
            tensors.AddRange(
            [
                (p + "input_layernorm.weight", [width]), (p + "post_attention_layernorm.weight", [width]),
                (p + "self_attn.q_proj.weight", [width, width]), (p + "self_attn.k_proj.weight", [width, width]), (p + "self_attn.v_proj.weight", [width, width]), (p + "self_attn.o_proj.weight", [width, width]),
                (p + "mlp.gate_proj.weight", [inner, width]), (p + "mlp.up_proj.weight", [inner, width]), (p + "mlp.down_proj.weight", [width, inner]),
            ]);
        }

        using SafetensorsWriter writer = SafetensorsWriter.Create(folder.File("model.safetensors"));
        tensors.ForEach(t => writer.Declare(t.Name, DTypes.BF16, t.Shape));
        ushort[] row = new ushort[Math.Max(width, inner)];
        Random random = new(1);
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = (ushort)(BitConverter.SingleToUInt32Bits(((float)random.NextDouble() - 0.5f) / 16) >> 16);
        }

        foreach ((_, TensorShape shape) in tensors)
        {
            for (long r = 0; r < shape.Rows; r++)
            {
                writer.Write(MemoryMarshal.AsBytes<ushort>(row.AsSpan(0, (int)shape.Columns)));
            }
        }

        writer.Complete();
    }
}
