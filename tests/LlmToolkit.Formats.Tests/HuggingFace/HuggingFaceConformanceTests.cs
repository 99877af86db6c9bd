using System.Text.Json;
using LlmToolkit.Formats.HuggingFace;
using LlmToolkit.Tests;

namespace LlmToolkit.Formats.Tests.HuggingFace;

/// <summary>The tiny models of the shared set as directories.</summary>
public sealed class HuggingFaceConformanceTests
{
    private static IModelFormat Format => DefaultFormats.All.Single(f => f.Name == "huggingface");

    [Theory]
    [InlineData("models")]
    [InlineData("models-quantized")]
    public void Open_EveryDirectory_HasRightInfo(string set)
    {
        List<string> misses = [];
        foreach (string folder in Directory.GetDirectories(SharedData.Conformance(set)))
        {
            string name = Path.GetFileName(folder);
            ModelArtifact artifact = ModelArtifact.FromPath(folder);
            if (DirectoryAnalyzer.Analyze(artifact).WeightFormat == "pytorch" && DefaultFormats.All.All(f => f.Name != "pytorch"))
            {
                continue;
            }

            try
            {
                using ModelContainer model = Format.Open(artifact);
                using JsonDocument meta = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "meta.json")));
                ModelInfo info = model.Info;
                string? modelClass = meta.RootElement.TryGetProperty("architecture", out JsonElement c) ? c.GetString() : info.ModelClass;
                bool encoder = meta.RootElement.TryGetProperty("kind", out JsonElement kind) && kind.GetString() == "encoder";
                if (info.ModelClass != modelClass || info.IsEncoder != encoder || info is not { Layers: > 0, EmbeddingLength: > 0, Vocabulary: > 0, Parameters: > 0, Quantization: not null, Tokenizer.Vocabulary: > 0 }
                    || (info.Heads is null && name != "mamba") || model.Tokenizer is null || info.Format != "huggingface" || info.Name != name)
                {
                    misses.Add($"{name}: {info}");
                }

                foreach (TensorInfo tensor in model.Tensors)
                {
                    model.Read(tensor).Dispose();
                }
            }
            catch (ModelException e)
            {
                misses.Add($"{name}: {e.Message}");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    /// <summary>What llama.cpp's converter writes otherwise than the checkpoint says.</summary>
    private static readonly Dictionary<string, string[]> s_convertedOtherwise = new()
    {
        // Latent attention is stored as one key and value head.
        ["deepseek-v3"] = ["kv_heads"],
        ["glm4-moe-lite"] = ["kv_heads"],
        // A recurrent model has no longest context; the converter writes 2^20.
        ["mamba"] = ["context"],
        ["granitemoehybrid"] = ["context"],
        // RoBERTa's positions begin behind the padding id: two of them are never used.
        ["roberta-embed"] = ["context"],
    };

    /// <summary>A GGUF and the directory it was converted from describe one model.</summary>
    [Fact]
    public void Info_OfGgufTwin_IsTheSame()
    {
        List<string> misses = [];
        foreach (string path in Directory.GetFiles(SharedData.Conformance("gguf"), "*.gguf"))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            using ModelContainer gguf = DefaultFormats.All.Single(f => f.Name == "gguf").Open(ModelArtifact.FromPath(path));
            using ModelContainer folder = Format.Open(ModelArtifact.FromPath(SharedData.Conformance("models", name)));
            foreach (((string fact, long? ours), (_, long? theirs)) in Facts(gguf.Info).Zip(Facts(folder.Info)))
            {
                if (ours != theirs && !s_convertedOtherwise.GetValueOrDefault(name, []).Contains(fact))
                {
                    misses.Add($"{name}: {fact} is {ours} in the GGUF and {theirs} in the directory");
                }
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    private static IEnumerable<(string Fact, long? Value)> Facts(ModelInfo info) =>
    [
        ("context", info.ContextLength), ("embedding", info.EmbeddingLength), ("layers", info.Layers), ("heads", info.Heads ?? 0), ("kv_heads", info.KvHeads ?? 0),
        ("head_dim", info.HeadDim ?? 0), ("vocabulary", info.Vocabulary), ("kv_bytes", info.KvBytesPerToken ?? 0), ("encoder", info.IsEncoder ? 1 : 0),
    ];
}
