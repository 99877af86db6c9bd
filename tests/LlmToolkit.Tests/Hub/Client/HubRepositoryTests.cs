using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Client;

public sealed class HubRepositoryTests
{
    [Theory]
    [InlineData("owner/name", HubRepositoryKind.Model, "models--owner--name", "models/owner/name", "owner/name")]
    [InlineData("gpt2", HubRepositoryKind.Model, "models--gpt2", "models/gpt2", "gpt2")]
    [InlineData("o/n.1-x_y", HubRepositoryKind.Dataset, "datasets--o--n.1-x_y", "datasets/o/n.1-x_y", "datasets/o/n.1-x_y")]
    [InlineData("o/n", HubRepositoryKind.Space, "spaces--o--n", "spaces/o/n", "spaces/o/n")]
    public void Names_AreTheFields(string id, HubRepositoryKind kind, string folder, string api, string url)
    {
        HubRepository repository = new(id, kind);

        Assert.Equal((folder, api, url), (repository.FolderName, repository.ApiPath, repository.UrlPath));
        Assert.True(HubRepository.TryParseFolder(folder, out HubRepository? parsed));
        Assert.Equal(repository, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b/c")]
    [InlineData("../x")]
    [InlineData("a--b")]
    [InlineData("a/b.git")]
    [InlineData("a/b:tag")]
    [InlineData("a/b@rev")]
    [InlineData("/a")]
    [InlineData("a b")]
    [InlineData("-a/b")]
    public void Constructor_NoRepositorysName_Throws(string id) => Assert.Throws<ArgumentException>(() => new HubRepository(id));

    [Theory]
    [InlineData(null)]
    [InlineData("models--")]
    [InlineData("models")]
    [InlineData(".locks")]
    [InlineData("kernels--a--b")]
    [InlineData("models--a--b--c")]
    [InlineData("models--..--b")]
    [InlineData("models--a/b")]
    public void TryParseFolder_AnotherFolder_IsFalse(string? folder)
    {
        Assert.False(HubRepository.TryParseFolder(folder, out HubRepository? repository));
        Assert.Null(repository);
    }
}
