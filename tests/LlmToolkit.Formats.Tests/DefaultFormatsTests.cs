using LlmToolkit.Formats.Tests.Gguf;
using LlmToolkit.Formats.Tests.Shared;

namespace LlmToolkit.Formats.Tests;

public sealed class DefaultFormatsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, byte[], string> Files => new()
    {
        { "m.gguf", GgufFile.Sound().Build(), "gguf" },
        { "named.safetensors", GgufFile.Sound().Build(), "gguf" },
        { "m.safetensors", [2, 0, 0, 0, 0, 0, 0, 0, .. "{}"u8], "safetensors" },
        { "named.gguf", [4, 0, 0, 0, 0, 0, 0, 0, .. "\t\n{}"u8], "safetensors" },
        { "cut.safetensors", [200, 0, 0, 0, 0, 0, 0, 0, .. "{\"a\":"u8], "safetensors" },
        { "model.safetensors.index.json", "{\"metadata\":{},\"weight_map\":{\"a\":\"model-00001-of-00001.safetensors\"}}"u8.ToArray(), "safetensors" },
        { "page.gguf", "<!DOCTYPE html>"u8.ToArray(), "" },
        { "text.bin", "just some text, and more of it"u8.ToArray(), "" },
        { "zeros.safetensors", new byte[64], "" },
        { "empty.gguf", [], "" },
        { "config.json", "{\"model_type\":\"llama\"}"u8.ToArray(), "" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Files))]
    public void Probe_File_OneFormatAnswersByContent(string name, byte[] bytes, string expected)
    {
        ModelArtifact artifact = _folder.ArtifactOf(name, bytes);

        string[] found = [.. DefaultFormats.All.Where(f => f.Probe(artifact, new ProbeBytes(bytes, [])).Score > 0).Select(f => f.Name)];

        Assert.Equal(expected.Length == 0 ? [] : [expected], found);
    }

    [Theory]
    [InlineData("config.json,model.safetensors", "huggingface")]
    [InlineData("config.json,pytorch_model.bin,modules.json", "huggingface")]
    [InlineData("config.json", "huggingface")]
    [InlineData("a-Q4_K_M.gguf,mmproj-a.gguf,README.md", "gguf")]
    [InlineData("notes.txt", "")]
    [InlineData("model_index.json,model.safetensors", "")]
    public void Probe_Directory_OneFormatAnswersByNames(string files, string expected)
    {
        foreach (string name in files.Split(','))
        {
            _folder.Write(name, "{}");
        }

        FormatMatch[] matches = [.. DefaultFormats.All.Select(f => f.Probe(_folder.Artifact, default))];

        Assert.Equal(expected.Length == 0 ? [] : [expected], DefaultFormats.All.Where((_, i) => matches[i].Score > 0).Select(f => f.Name));
        Assert.All(matches, m => Assert.True(m.Score == 0 || m.Reason.Length > 0));
    }

    [Fact]
    public void All_Names_AreThoseOfTheCommandLine()
    {
        Assert.Equal(["gguf", "safetensors", "pytorch", "huggingface"], DefaultFormats.All.Select(f => f.Name));
        Assert.All(DefaultFormats.All, f => Assert.NotEmpty(f.Summary));
    }
}
