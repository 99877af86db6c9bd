using LlmToolkit.Tests;

namespace LlmToolkit.Engine.Tests.Model;

/// <summary>The engine as a backend: its verdicts, and a model from container to text.</summary>
public sealed class EngineBackendTests
{
    private static readonly ModelInfo Fits = new()
    {
        Format = "gguf",
        Architecture = "llama",
        FileBytes = 100 << 20,
        ContextLength = 4096,
        EmbeddingLength = 576,
        Layers = 30,
        Heads = 9,
        KvHeads = 3,
        HeadDim = 64,
        Vocabulary = 49152,
        KvBytesPerToken = 23040,
        BytesByType = new Dictionary<string, long> { ["Q4_1"] = 90 << 20, ["F32"] = 1 << 20 },
    };

    private static readonly HardwareInfo Machine = new() { Cores = 2, TotalMemory = 8L << 30, AvailableMemory = 4L << 30 };

    [Fact]
    public void Assess_KnownModel_IsAcceptedWithFigures()
    {
        BackendFit fit = new EngineBackend().Assess(Fits, Machine, new LoadOptions());
        Assert.True(fit.Accepted, string.Join("; ", fit.Reasons));
        Assert.Equal(("managed", 4096), (fit.Backend, fit.Memory!.Context));
        Assert.Equal(4096L * 23040, fit.Memory.Kv);
        Assert.Equal(2 * fit.Memory.Kv, new EngineBackend().Assess(Fits, Machine, new LoadOptions { Exact = true }).Memory!.Kv);
        Assert.Equal(Fits.FileBytes, fit.Memory.ShouldBytes);
    }

    public static TheoryData<string, string, FaultKind> Refusals => new()
    {
        { "architecture", "LT4010", FaultKind.Unsupported },
        { "type", "LT4022", FaultKind.Unsupported },
        { "packed", "LT4026", FaultKind.Unsupported },
        { "budget", "LT5001", FaultKind.DoesNotFit },
        { "memory", "LT5001", FaultKind.DoesNotFit },
        { "kv", "LT4050", FaultKind.Unsupported },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void Assess_Obstacle_IsNamed(string what, string code, FaultKind kind)
    {
        ModelInfo model = what switch
        {
            "architecture" => Fits with { Architecture = "rwkv" },
            "type" => Fits with { BytesByType = new Dictionary<string, long> { ["IQ1_S"] = 1 << 20 } },
            "packed" => Fits with { Quantization = "gptq-4bit", BytesByType = new Dictionary<string, long> { ["I32"] = 1 << 20, ["F16"] = 1 << 20 } },
            _ => Fits,
        };
        HardwareInfo machine = what == "memory" ? Machine with { AvailableMemory = 64 << 20 } : Machine;
        LoadOptions options = new() { ContextLength = what is "memory" or "budget" ? 4096 : null, MemoryBudget = what == "budget" ? 128 << 20 : null, KvType = what == "kv" ? KvType.Q8_0 : null };
        BackendFit fit = new EngineBackend().Assess(model, machine, options);
        Assert.False(fit.Accepted);
        BackendReason reason = Assert.Single(fit.Reasons, r => r.Kind is not null);
        Assert.Equal((code, kind), (reason.Code, reason.Kind));
        Assert.NotNull(reason.Remedy);
    }

    [Theory]
    [InlineData(300L << 20, null)]
    [InlineData(4L << 30, 400L << 20)]
    public void Assess_WholeContextDoesNotFit_TakesWhatFitsAndSaysSo(long available, long? budget)
    {
        ModelInfo longer = Fits with { ContextLength = 131072 };
        BackendFit fit = new EngineBackend().Assess(longer, Machine with { AvailableMemory = available }, new LoadOptions { MemoryBudget = budget });
        Assert.True(fit.Accepted, string.Join("; ", fit.Reasons));
        Assert.Contains(fit.Reasons, r => r.Code == "LT5003");
        Assert.InRange(fit.Memory!.Context, 512, 65536);
        Assert.True(budget is null ? fit.Memory.MustBytes <= available : fit.Memory.PeakBytes <= budget);
    }

    [Fact]
    public void Assess_GpuAskedFor_IsAcceptedWithANote()
    {
        BackendFit fit = new EngineBackend().Assess(Fits, Machine, new LoadOptions { GpuLayers = 10 });
        Assert.True(fit.Accepted);
        Assert.Equal("LT4027", Assert.Single(fit.Reasons).Code);
    }

    [Fact]
    public void Diagnose_ThisMachine_SaysTheVectors()
    {
        BackendStatus status = new EngineBackend().Diagnose();
        Assert.True(status.Usable);
        Assert.Contains(status.Variant, (string[])["scalar", "simd128", "avx2", "avx512"]);
    }

    [Fact]
    public async Task LoadAsync_Checkpoint_GeneratesTheReferenceTokens()
    {
        ConformanceModel model = new("llama", false);
        ReferenceTensors expected = model.Expected();
        await using ILanguageModel loaded = await LoadAsync(model);
        ILogitsModel logits = Assert.IsAssignableFrom<ILogitsModel>(loaded);
        Assert.Equal((512, 512), (logits.Vocabulary, logits.ContextLength));
        List<int> ids = [];
        GenerateOptions greedy = new() { Temperature = 0, MaxTokens = 8, IgnoreEndTokens = true };
        await foreach (TextChunk chunk in loaded.GenerateAsync(Prompt.FromIds(expected.Ids("prompt.1")), greedy, TestContext.Current.CancellationToken))
        {
            ids.AddRange(chunk.Ids);
        }

        Assert.Equal(expected.Ids("greedy.1").Take(8), ids);
    }

    [Fact]
    public async Task LoadAsync_Encoder_GivesReferenceStates()
    {
        ConformanceModel model = new("bert-embed", false);
        ReferenceTensors expected = model.Expected();
        await using ILanguageModel loaded = await LoadAsync(model);
        IEncoderModel encoder = Assert.IsAssignableFrom<IEncoderModel>(loaded);
        float[] hidden = new float[expected.Floats("hidden.2").Length];
        encoder.Encode(expected.Ids("prompt.2"), hidden, TestContext.Current.CancellationToken);
        Assert.InRange(ModelSteps.Distance(hidden, expected.Floats("hidden.2")), 0, model.Tolerance(expected.Floats("hidden.2")));
    }

    /// <summary>A real model, read the exact way: the best twenty logits after a prompt, and the first greedy tokens.</summary>
    [Fact]
    public void Forward_SmolLm2_MeetsTheExactReference()
    {
        string folder = SharedData.Require("models", "smollm2-135m-instruct");
        using System.Text.Json.JsonDocument expected = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        using LlmToolkit.Engine.Model.DecoderModel engine = ConformanceModel.Load(Path.Combine(folder, "SmolLM2-135M-Instruct.Q4_1.gguf"), exact: true, context: 256);
        foreach (System.Text.Json.JsonElement one in expected.RootElement.GetProperty("cases").EnumerateArray().Take(2))
        {
            int[] ids = [.. one.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
            System.Text.Json.JsonElement exact = one.GetProperty("hf_f32");
            using LlmToolkit.Engine.Model.DecoderState state = engine.CreateState();
            float[] logits = engine.Run(state, ids, 1);
            Assert.All(exact.GetProperty("last_top20").EnumerateArray(), pair => Assert.InRange(Math.Abs(logits[pair[0].GetInt32()] - pair[1].GetDouble()), 0, 2e-3));
        }
    }

    private static async Task<ILanguageModel> LoadAsync(ConformanceModel model)
    {
        using ModelContainer container = ConformanceModel.Open(model.Path);
        EngineBackend backend = new();
        LoadOptions options = new() { Exact = true };
        LoadPlan plan = new() { Winner = "managed", Fits = [backend.Assess(container.Info, Machine, options)], Options = options, Hardware = Machine };
        return await backend.LoadAsync(plan, new LoadInput { Container = container }, null, TestContext.Current.CancellationToken);
    }
}
