using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Client;

public sealed class HubPathsTests
{
    [Theory]
    [InlineData("config.json")]
    [InlineData("a/b/c/model-00001-of-00002.safetensors")]
    [InlineData(".gitattributes")]
    [InlineData(".hidden/x")]
    [InlineData("a..b/c...d")]
    [InlineData("with space, (and) more #1 50%+ä漢🙂.bin")]
    public void IsSafeFile_RealNames_AreTaken(string path)
    {
        Assert.True(HubPaths.IsSafeFile(path, windows: false));
        Assert.True(HubPaths.IsSafeFile(path, windows: true));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("/etc/passwd")]
    [InlineData("//server/share")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("a/..")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("..\\x")]
    [InlineData("a\\..\\..\\x")]
    [InlineData("a/..\\x")]
    [InlineData("\\\\server\\share")]
    [InlineData("\\x")]
    [InlineData("C:\\x")]
    [InlineData("c:/x")]
    [InlineData("C:x")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("a\u001bb")]
    [InlineData(".git/hooks/post-checkout")]
    [InlineData("x/.GIT/config")]
    public void IsSafeFile_WhatLeadsAway_IsRefusedOnEverySystem(string? path)
    {
        Assert.False(HubPaths.IsSafeFile(path, windows: false));
        Assert.False(HubPaths.IsSafeFile(path, windows: true));
    }

    [Theory]
    [InlineData("nul")]
    [InlineData("a/NUL.txt")]
    [InlineData("com1")]
    [InlineData("LPT9.x.y")]
    [InlineData("aux .txt")]
    [InlineData("a./b")]
    [InlineData("a ")]
    [InlineData("ab:c")]
    [InlineData("a/b:stream")]
    [InlineData("a\\b")]
    [InlineData("what?")]
    [InlineData("git~1/hooks")]
    public void IsSafeFile_WhatWindowsCannotKeep_IsRefusedThere(string path)
    {
        Assert.True(HubPaths.IsSafeFile(path, windows: false));
        Assert.False(HubPaths.IsSafeFile(path, windows: true));
    }

    [Fact]
    public void IsSafeFile_HalfOfASurrogatePair_IsRefused() => Assert.False(HubPaths.IsSafeFile("a\ud800b"));

    [Fact]
    public void IsSafeFile_Lengths_AreThoseOfFileSystems()
    {
        Assert.True(HubPaths.IsSafeFile(new string('a', 255)));
        Assert.False(HubPaths.IsSafeFile(new string('a', 256)));
        Assert.False(HubPaths.IsSafeFile(new string('ä', 128)));
        Assert.False(HubPaths.IsSafeFile(string.Join('/', Enumerable.Repeat("abcdefgh", 300))));
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef01234567", true)]
    [InlineData("W-weak.and_odd", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData(".hidden", false)]
    [InlineData("a.", false)]
    [InlineData("a/b", false)]
    [InlineData("a\\b", false)]
    [InlineData("../../x", false)]
    [InlineData("a b", false)]
    [InlineData("a:b", false)]
    [InlineData("a\0b", false)]
    [InlineData("ä", false)]
    [InlineData("NUL", false)]
    [InlineData("con.txt", false)]
    [InlineData("abc.12345678.incomplete", false)]
    [InlineData("abc.lock", false)]
    public void IsSafeEtag_Table_Holds(string? etag, bool safe) => Assert.Equal(safe, HubPaths.IsSafeEtag(etag));

    [Fact]
    public void IsSafeEtag_Length_EndsAt128()
    {
        Assert.True(HubPaths.IsSafeEtag(new string('a', 128)));
        Assert.False(HubPaths.IsSafeEtag(new string('a', 129)));
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef01234567", true)]
    [InlineData("0123456789ABCDEF0123456789abcdef01234567", false)]
    [InlineData("0123456789abcdef0123456789abcdef0123456", false)]
    [InlineData("0123456789abcdef0123456789abcdef01234567\n", false)]
    [InlineData("../456789abcdef0123456789abcdef0123456789", false)]
    [InlineData("main", false)]
    [InlineData(null, false)]
    public void IsCommit_Table_Holds(string? text, bool commit) => Assert.Equal(commit, HubPaths.IsCommit(text));

    [Theory]
    [InlineData("main", true)]
    [InlineData("v1.0-beta_2", true)]
    [InlineData("refs/pr/7", true)]
    [InlineData("refs/convert/parquet", true)]
    [InlineData("feature/x", true)]
    [InlineData("", false)]
    [InlineData("..", false)]
    [InlineData("a/../b", false)]
    [InlineData("a..b", false)]
    [InlineData("/main", false)]
    [InlineData("main/", false)]
    [InlineData(".hidden", false)]
    [InlineData("a/.b", false)]
    [InlineData("main.lock", false)]
    [InlineData("a b", false)]
    [InlineData("a@{1}", false)]
    [InlineData("a?b", false)]
    [InlineData("a\\b", false)]
    [InlineData("C:x", false)]
    [InlineData("a\nb", false)]
    public void IsSafeRevision_Table_Holds(string revision, bool safe) => Assert.Equal(safe, HubPaths.IsSafeRevision(revision));

    [Theory]
    [InlineData("refs/pr/7", "refs%2Fpr%2F7")]
    [InlineData("main", "main")]
    public void EncodeRevision_Slash_IsEncoded(string revision, string encoded) => Assert.Equal(encoded, HubPaths.EncodeRevision(revision));

    [Theory]
    [InlineData("a/b c.bin", "a/b%20c.bin")]
    [InlineData("50%+#?&=ä.bin", "50%25%2B%23%3F%26%3D%C3%A4.bin")]
    public void EncodePath_Slash_Stays(string path, string encoded) => Assert.Equal(encoded, HubPaths.EncodePath(path));

    [Theory]
    [InlineData("a,b,c/a", null)]
    [InlineData("README.md,readme.MD", "README.md|readme.MD")]
    [InlineData("A/x,a/y", null)]
    [InlineData("a,A/y", "a|A/y")]
    [InlineData("A/y,a", "A/y|a")]
    [InlineData("x/y/z,X/Y", "x/y/z|X/Y")]
    public void Collision_WithoutRegardToCase_IsFound(string paths, string? pair) =>
        Assert.Equal(pair, HubPaths.Collision(paths.Split(',')) is (string first, string second) ? $"{first}|{second}" : null);
}
