using System.Security.Cryptography;
using LlmToolkit.Hub;
using LlmToolkit.Tests.EndToEnd;

namespace LlmToolkit.Tests.Hub.Local;

public sealed class LocalStoresTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _digest;

    public LocalStoresTests()
    {
        byte[] model = File.ReadAllBytes(Path.Combine(SharedData.Repository, "src", "LlmToolkit.Cli", "Models", "tiny-stories-q8_0.gguf"));
        _digest = Convert.ToHexStringLower(SHA256.HashData(model));
        Write($"ollama/blobs/sha256-{_digest}", model);
        Write("studio/me/stories/stories-Q4_K_M.gguf", model);
        Write("studio/me/stories/stories-Q8_0.gguf", model);
        Write("studio/me/stories/mmproj-f16.gguf", model);
    }

    private LocalStores Stores => new([Path.Combine(_folder.Path, "ollama")], [Path.Combine(_folder.Path, "studio")]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Models_AreListedAndReadInPlace()
    {
        Manifest("registry.ollama.ai/library/stories/latest", _digest, "template", "params");
        Manifest("registry.ollama.ai/me/other/3m", _digest);
        Manifest("hf.co/owner/name/Q8_0", _digest);

        Assert.Equal(
            ["lmstudio:me/stories/stories-Q4_K_M.gguf", "lmstudio:me/stories/stories-Q8_0.gguf", "ollama:hf.co/owner/name:Q8_0", "ollama:me/other:3m", "ollama:stories"],
            Stores.List().Select(m => m.Name));
        StoredModel stored = Stores.Find("ollama:stories");
        Assert.Equal(["template", "params"], stored.Ignored);
        Assert.Equal(Path.Combine(_folder.Path, "ollama", "blobs", "sha256-" + _digest), stored.Path);
        Assert.All((string[])["ollama:me/other:3m", "ollama:hf.co/owner/name:Q8_0", "OLLAMA:stories:latest"], n => Assert.Equal(stored.Path, Stores.Find(n).Path));
        Assert.EndsWith("stories-Q4_K_M.gguf", Stores.Find("lmstudio:me/stories").Path, StringComparison.Ordinal);
        Assert.Equal(Verdict.Ok, (await new ModelLoader().ValidateAsync(stored.Path, null, TestContext.Current.CancellationToken)).Verdict);
    }

    [Theory]
    [InlineData("../../../etc/passwd")]
    [InlineData("sha256:../../../../etc/passwd")]
    [InlineData("sha256:0000")]
    [InlineData("sha256:FFFF14320299da63fcafe014a803f5f75769a43f4aed894b5640a93cf8bf33a2f3")]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    public void HostileDigest_IsRefused(string digest)
    {
        Write("ollama/manifests/registry.ollama.ai/library/bad/latest", System.Text.Encoding.UTF8.GetBytes($$"""{"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"{{digest}}"}]}"""));

        Assert.Equal("LT6062", Assert.Throws<ModelException>(() => Stores.Find("ollama:bad")).Diagnostic.Code);
        Assert.DoesNotContain(Stores.List(), m => m.Name == "ollama:bad");
    }

    [Theory]
    [InlineData("ollama:../../x", "LT6060")]
    [InlineData("ollama:absent", "LT6060")]
    [InlineData("lmstudio:me", "LT6060", true)]
    [InlineData("lmstudio:../..", "LT6060")]
    public void WrongName_IsRefused(string name, string code, bool exists = false)
    {
        if (exists)
        {
            // A folder with a model of that quantization is enough.
            Assert.EndsWith("Q4_K_M.gguf", Stores.Find(name).Path, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(code, Assert.Throws<ModelException>(() => Stores.Find(name)).Diagnostic.Code);
    }

    private void Manifest(string place, string digest, params string[] more) => Write(
        "ollama/manifests/" + place,
        System.Text.Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:{{digest}}","size":1}{{string.Concat(more.Select(m => $$""",{"mediaType":"application/vnd.ollama.image.{{m}}","digest":"sha256:0","size":1}"""))}}]}"""));

    private void Write(string path, byte[] bytes)
    {
        string full = Path.Combine([_folder.Path, .. path.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, bytes);
    }
}
