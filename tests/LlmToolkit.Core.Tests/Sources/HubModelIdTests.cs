namespace LlmToolkit.Core.Tests.Sources;

public sealed class HubModelIdTests
{
    [Theory]
    [InlineData("foo", "foo", null, null)]
    [InlineData("foo/bar", "foo/bar", null, null)]
    [InlineData("123", "123", null, null)]
    [InlineData("Foo-BAR_foo.bar123", "Foo-BAR_foo.bar123", null, null)]
    [InlineData("_foo/bar_", "_foo/bar_", null, null)]
    [InlineData("gpt2", "gpt2", null, null)]
    [InlineData("foo/bar@main", "foo/bar", "main", null)]
    [InlineData("foo/bar@refs/pr/1", "foo/bar", "refs/pr/1", null)]
    [InlineData("foo/bar:Q4_K_M", "foo/bar", null, "Q4_K_M")]
    [InlineData("foo/bar@v1:a/b-00001-of-00002.gguf", "foo/bar", "v1", "a/b-00001-of-00002.gguf")]
    public void TryParse_ValidText_GivesItsParts(string text, string repository, string? revision, string? selector)
    {
        Assert.True(HubModelId.TryParse(text, out HubModelId? id));
        Assert.Equal((repository, revision, selector), (id.Repository, id.Revision, id.Selector));
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("datasets/foo/bar")]
    [InlineData(".repo_id")]
    [InlineData("foo.")]
    [InlineData("-foo")]
    [InlineData("foo-")]
    [InlineData("foo-/bar")]
    [InlineData("foo/.bar")]
    [InlineData("foo--bar")]
    [InlineData("foo..bar")]
    [InlineData("foo.git")]
    [InlineData("foo/bar.git")]
    [InlineData("a b")]
    [InlineData("café")]
    [InlineData("foo/")]
    [InlineData("/foo")]
    [InlineData("foo\n")]
    [InlineData("foo/bar@")]
    [InlineData("foo/bar:")]
    [InlineData("@main")]
    public void TryParse_ImpossibleText_IsRefused(string? text) => Assert.False(HubModelId.TryParse(text, out _));

    [Theory]
    [InlineData(96, true)]
    [InlineData(97, false)]
    public void TryParse_LongName_EndsAt96Characters(int length, bool valid) =>
        Assert.Equal(valid, HubModelId.TryParse("owner/" + new string('a', length), out _));

    [Fact]
    public void TryParse_HugeText_ReturnsAtOnce() => Assert.False(HubModelId.TryParse(new string('a', 1 << 20), out _));
}
