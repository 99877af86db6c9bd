using LlmToolkit.Formats.PyTorch;

namespace LlmToolkit.Tests.EndToEnd;

/// <summary>One model, three containers, the same bits.</summary>
public sealed class SameLogitsTests
{
    /// <summary>Directories that have a GGUF twin of the same values.</summary>
    public static TheoryData<string> Models => ["llama", "llama-tied-bf16", "gemma3", "gpt2", "mixtral", "qwen2", "qwen3", "gemma2", "phi3", "gpt-neox", "llama3-rope"];

    [Theory, MemberData(nameof(Models))]
    public async Task Logits_OfGgufSafetensorsAndPyTorch_AreTheSameBits(string name)
    {
        string directory = SharedData.Conformance("models", name);
        string gguf = SharedData.Conformance("gguf", name + ".gguf");
        using TemporaryFolder folder = new();
        await WritePyTorchAsync(directory, folder);

        int[] ids = [.. Enumerable.Range(0, 40).Select(i => ((i * 37) + 11) % 500)];
        float[] safetensors = await LogitsAsync(directory, ids);
        Assert.Equal(safetensors, await LogitsAsync(folder.Path, ids));
        Assert.Equal(safetensors, await LogitsAsync(gguf, ids));
    }

    private static async Task WritePyTorchAsync(string directory, TemporaryFolder folder)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        using ModelContainer container = await new ModelLoader().OpenAsync(directory, null, cancelled);
        List<TensorData> tensors = [.. container.Tensors.Select(container.Read)];
        await using (FileStream file = File.Create(folder.File("pytorch_model.bin")))
        {
            PyTorchWriter.Write(file, tensors);
        }

        tensors.ForEach(t => t.Dispose());
        File.Copy(Path.Combine(directory, "config.json"), folder.File("config.json"));
    }

    /// <summary>All positions in one go, then a few tokens one by one: panels and row dots.</summary>
    private static async Task<float[]> LogitsAsync(string path, int[] ids)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        await using ILanguageModel loaded = await new ModelLoader().LoadAsync(path, new LoadOptions { Exact = true, ContextLength = 64 }, null, cancelled);
        ILogitsModel model = Assert.IsType<ILogitsModel>(loaded, exactMatch: false);
        using IGenerationSession session = model.CreateSession();
        float[] logits = new float[(ids.Length + 3) * model.Vocabulary];
        session.Forward(ids, logits.AsSpan(0, ids.Length * model.Vocabulary), cancelled);
        for (int n = 0; n < 3; n++)
        {
            session.Forward([ids[n]], logits.AsSpan((ids.Length + n) * model.Vocabulary, model.Vocabulary), cancelled);
        }

        return logits;
    }
}
