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
}
