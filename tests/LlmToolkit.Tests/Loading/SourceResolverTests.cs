using LlmToolkit.Loading;

namespace LlmToolkit.Tests.Loading;

public sealed class SourceResolverTests
{
    /// <summary>Text, and what it is: the kind of source with its parts, or the code of the diagnostic.</summary>
    [Theory]
    [InlineData("gpt2", "hub gpt2")]
    [InlineData("owner/name", "hub owner/name")]
    [InlineData("owner/name@v1", "hub owner/name@v1")]
    [InlineData("owner/name:Q4_K_M", "hub owner/name:Q4_K_M")]
    [InlineData("owner/name:file-q4.gguf", "hub owner/name:file-q4.gguf")]
    [InlineData("Owner/Name-GGUF", "hub Owner/Name-GGUF")]
    [InlineData("http://localhost:8000/v1", "endpoint http://localhost:8000/v1 model ")]
    [InlineData("http://localhost:8000/v1/", "endpoint http://localhost:8000/v1/ model ")]
    [InlineData("https://host/api/v1#my-model", "endpoint https://host/api/v1 model my-model")]
    [InlineData("https://host/v1/model.gguf", "url https://host/v1/model.gguf")]
    [InlineData("HTTPS://host/m.gguf?download=true", "url https://host/m.gguf?download=true")]
    [InlineData("https://huggingface.co/owner/name/resolve/main/m.gguf", "hub owner/name@main:m.gguf")]
    [InlineData("hf.co/owner/name:Q4_K_M", "hub owner/name:Q4_K_M")]
    [InlineData("hf://owner/name@v1/folder/m.gguf", "hub owner/name@v1:folder/m.gguf")]
    [InlineData("https://huggingface.co/owner/name/tree/v1", "hub owner/name@v1")]
    [InlineData("owner/name:../../m.gguf", "LT2003")]
    [InlineData("http://", "LT2003")]
    [InlineData("", "LT2001")]
    [InlineData("./absent", "LT2001")]
    [InlineData("../absent", "LT2001")]
    [InlineData("/absent/absent", "LT2001")]
    [InlineData("~/absent", "LT2001")]
    [InlineData("absent\\absent", "LT2001")]
    [InlineData("C:\\absent", "LT2001")]
    [InlineData("C:/absent", "LT2001")]
    [InlineData("a/b/c", "LT2001")]
    [InlineData("absent.gguf", "LT2001")]
    [InlineData("owner/absent.GGUF", "LT2001")]
    [InlineData("absent.safetensors", "LT2001")]
    [InlineData("Tell me a story", "LT2003")]
    [InlineData("foo--bar", "LT2003")]
    [InlineData("foo.git", "LT2003")]
    [InlineData("café", "LT2003")]
    [InlineData("a\0b", "LT2003")]
    [InlineData("owner/name@", "LT2003")]
    public void Resolve_Text_IsASourceOrOneDiagnostic(string text, string expected)
    {
        string actual;
        try
        {
            actual = SourceResolver.Resolve(text) switch
            {
                ModelSource.Local local => $"local {local.FullPath}",
                ModelSource.Hub hub => $"hub {hub.Id}",
                ModelSource.Endpoint endpoint => $"endpoint {endpoint.Address} model {endpoint.Model}",
                ModelSource.Url url => $"url {url.Address}",
                ModelSource other => other.ToString(),
            };
        }
        catch (ModelException e)
        {
            actual = e.Diagnostic.Code;
            Assert.NotEmpty(e.Diagnostic.Fixes);
            Assert.Equal(FaultKind.Usage, e.Diagnostic.Kind);
        }

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Resolve_PathThatExists_WinsOverTheHubId()
    {
        // Not a temporary folder: the text must look like a Hub ID, so it has to be relative.
        string owner = "owner" + Guid.NewGuid().ToString("N");
        string path = Path.GetFullPath(Path.Combine(owner, "name"));
        Directory.CreateDirectory(path);
        try
        {
            Assert.Equal(new ModelSource.Local(path), SourceResolver.Resolve($"{owner}/name"));
            Assert.Equal(new ModelSource.Local(Path.GetFullPath(owner)), SourceResolver.Resolve(owner));
        }
        finally
        {
            Directory.Delete(owner, recursive: true);
        }
    }

    [Fact]
    public void Resolve_FileWithAnyEnding_IsLocal()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("no ending: 100 % fine");

        Assert.Equal(new ModelSource.Local(path), SourceResolver.Resolve(path));
    }
}
