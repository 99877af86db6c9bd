using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Model;
using LlmToolkit.Formats;
using LlmToolkit.Tests;

namespace LlmToolkit.Engine.Tests.Model;

/// <summary>A model of the conformance set in one of its containers, with what the reference implementation answers.</summary>
/// <param name="Name">Name of the folder or file.</param>
/// <param name="Gguf">True for the GGUF twin.</param>
public sealed record ConformanceModel(string Name, bool Gguf)
{
    /// <summary>Models of the architectures that the engine runs.</summary>
    private static readonly string[] Decoders =
    [
        "llama", "llama-bin", "llama-bin-sharded", "llama-tied-bf16", "llama3-rope", "mistral", "mixtral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "gpt2", "gpt-neox", "smollm3",
    ];

    private static readonly string[] Encoders = ["bert-embed", "roberta-embed"];

    public static TheoryData<ConformanceModel> AllDecoders => [.. Decoders.SelectMany(n => new ConformanceModel[] { new(n, false), new(n, true) })];

    public static TheoryData<ConformanceModel> AllEncoders => [.. Encoders.SelectMany(n => new ConformanceModel[] { new(n, false), new(n, true) })];

    public static TheoryData<string> Twins => [.. Decoders];

    public string Path => Gguf ? SharedData.Conformance("gguf", Name + ".gguf") : SharedData.Conformance("models", Name);

    /// <summary>The reference; a GGUF that cannot mean what the checkpoint means has its own.</summary>
    internal ReferenceTensors Expected()
    {
        string own = System.IO.Path.ChangeExtension(Path, ".expected.safetensors");
        return new ReferenceTensors(Gguf && File.Exists(own) ? own : SharedData.Conformance("models", Name, "expected.safetensors"));
    }

    /// <summary>Largest difference allowed, by the READMEs of the set.</summary>
    internal double Tolerance(float[] expected)
    {
        double mean = expected.Average(x => (double)x);
        double tolerance = 1e-3 * Math.Max(1, Math.Sqrt(expected.Average(x => (x - mean) * (x - mean))));
        if (!Gguf)
        {
            return tolerance;
        }

        using System.Text.Json.JsonDocument facts = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.ChangeExtension(Path, ".json")));
        return Math.Max(tolerance, 3 * facts.RootElement.GetProperty("llama_cpp_max_abs_diff").GetDouble());
    }

    internal DecoderModel Load(bool exact = true, int? context = null, int threads = 2) => Load(Path, exact, context, threads);

    internal static DecoderModel Load(string path, bool exact, int? context = null, int threads = 2)
    {
        using ModelContainer container = Open(path);
        return DecoderModel.Load(container, new EngineBackend().Find(container), new EngineSettings(context ?? container.Info.ContextLength ?? 512, exact ? KvType.F32 : KvType.F16, threads, exact) { AloneBelow = 0 });
    }

    internal static ModelContainer Open(string path)
    {
        ModelArtifact artifact = ModelArtifact.FromPath(path);
        string name = artifact.IsDirectory ? "huggingface" : System.IO.Path.GetExtension(path)[1..];
        return DefaultFormats.All.Single(f => f.Name == name).Open(artifact);
    }

    public override string ToString() => Gguf ? Name + ".gguf" : Name;
}

/// <summary>Small steps of the tests of models.</summary>
internal static class ModelSteps
{
    /// <summary>Logits of the last <paramref name="rows"/> tokens.</summary>
    public static float[] Run(this DecoderModel model, DecoderState state, ReadOnlySpan<int> ids, int rows)
    {
        float[] logits = new float[rows * model.Recipe.Head.Width];
        model.Forward(state, ids, logits, TestContext.Current.CancellationToken);
        return logits;
    }

    public static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double largest = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double distance = Math.Abs(a[i] - b[i]);
            largest = distance <= largest ? largest : distance;
        }

        return largest;
    }

    public static int ArgMax(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int i = 1; i < row.Length; i++)
        {
            best = row[i] > row[best] ? i : best;
        }

        return best;
    }

    public static IEnumerable<int> Prompts(this ReferenceTensors expected) => Enumerable.Range(0, 100).TakeWhile(n => expected.Has($"prompt.{n}"));
}
