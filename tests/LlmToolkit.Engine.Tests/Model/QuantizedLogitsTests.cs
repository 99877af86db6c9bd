using System.Text.Json;
using LlmToolkit.Engine.Model;
using LlmToolkit.Tests;

namespace LlmToolkit.Engine.Tests.Model;

/// <summary>One tiny model in the file types of llama-quantize: exact against float32 on the dequantized weights, fast against llama.cpp's own error.</summary>
public sealed class QuantizedLogitsTests
{
    /// <summary>Error of logits that an f16 cache alone makes: what llama.cpp's error counts as at least, by the set's README.</summary>
    private const double LeastRms = 1e-3;

    private const double LeastLargest = 6e-3;

    public static TheoryData<string> Files { get; } = [.. Names()];

    [Theory, MemberData(nameof(Files))]
    public void Forward_Exact_GivesReferenceLogits(string name)
    {
        using DecoderModel engine = Load(name, exact: true);
        ReferenceTensors expected = Expected(name);
        foreach (int n in expected.Prompts())
        {
            using DecoderState state = engine.CreateState();
            int[] ids = expected.Ids($"prompt.{n}");
            double distance = ModelSteps.Distance(engine.Run(state, ids, ids.Length), expected.Floats($"logits.{n}"));
            Assert.True(distance <= 1.3e-3, $"{name}, prompt {n}: {distance:g3}");
        }
    }

    [Theory, MemberData(nameof(Files))]
    public void Forward_Fast_IsAsNearAsLlamaCpp(string name)
    {
        using DecoderModel engine = Load(name, exact: false);
        ReferenceTensors expected = Expected(name);
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(SharedData.Conformance("gguf-quantized", "index.json")));
        JsonElement facts = index.RootElement.GetProperty(name);
        double squares = 0;
        double largest = 0;
        long count = 0;
        foreach (int n in expected.Prompts())
        {
            using DecoderState state = engine.CreateState();
            int[] ids = expected.Ids($"prompt.{n}");
            float[] logits = expected.Floats($"logits.{n}");
            float[] ours = engine.Run(state, ids, ids.Length);
            squares += ours.Zip(logits, (a, b) => (double)(a - b) * (a - b)).Sum();
            largest = Math.Max(largest, ModelSteps.Distance(ours, logits));
            count += logits.Length;
        }

        double rms = Math.Sqrt(squares / count);
        double allowed = 1.5 * Math.Max(LeastRms, facts.GetProperty("llama_cpp_rms_error").GetDouble());
        Assert.True(rms <= allowed, $"{name}: rms {rms:g3} > {allowed:g3}");

        // A tiny error may choose another expert: then single logits are far off.
        double most = 1.5 * Math.Max(LeastLargest, facts.GetProperty("llama_cpp_max_abs_error").GetDouble());
        Assert.True(largest <= most || name.Contains("moe", StringComparison.Ordinal), $"{name}: largest {largest:g3} > {most:g3}");
    }

    private static ReferenceTensors Expected(string name) => new(SharedData.Conformance("gguf-quantized", name + ".safetensors"));

    private static DecoderModel Load(string name, bool exact)
    {
        string path = SharedData.Conformance("gguf-quantized", name + ".gguf");
        using (ModelContainer container = ConformanceModel.Open(path))
        {
            string? foreign = container.Tensors.Select(t => t.DType).FirstOrDefault(t => DefaultQuants.Find(t) is null)?.Name;
            Assert.SkipWhen(foreign is not null, $"The engine does not multiply {foreign}.");
        }

        return ConformanceModel.Load(path, exact);
    }

    private static IEnumerable<string> Names()
    {
        string? folder = SharedData.Root is null ? null : Path.Combine(SharedData.Root, "conformance", "gguf-quantized");
        folder = Directory.Exists(folder) ? folder : Path.Combine(SharedData.Fixtures, "conformance", "gguf-quantized");
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.gguf").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal) : ["llama-F32"];
    }
}
