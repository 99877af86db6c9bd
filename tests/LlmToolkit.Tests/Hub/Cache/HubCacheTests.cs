using LlmToolkit.Hub;
using LlmToolkit.Tests.Hub.Faults;

namespace LlmToolkit.Tests.Hub.Cache;

/// <summary>Looking after the cache: what lies there, verifying, removing.</summary>
public sealed class HubCacheTests
{
    private static readonly HubRepository s_repository = new("owner/name");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scan_TellsRevisionsRefsAndDamage()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        HubSnapshot first = await bench.DownloadAsync();
        bench.Repository.Update(new Dictionary<string, byte[]?> { ["config.json"] = "{\"new\":1}"u8.ToArray() });
        HubSnapshot second = await bench.DownloadAsync();
        HubCache cache = new(bench.Settings);
        await File.WriteAllTextAsync(Path.Combine(cache.Folder, "stray.txt"), "stray", Token);
        File.CreateSymbolicLink(Path.Combine(second.Folder, "dangling.bin"), "../../blobs/absent");
        File.CreateSymbolicLink(Path.Combine(second.Folder, "outside.txt"), "/etc/hostname");

        HubCacheReport report = cache.Scan(Token);

        CachedRepository found = Assert.Single(report.Repositories);
        Assert.Equal(new[] { first.Commit, second.Commit }.Order(StringComparer.Ordinal), found.Revisions.Select(r => r.Commit));
        Assert.Equal(["main"], found.Revisions.Single(r => r.Commit == second.Commit).Refs);
        Assert.Empty(found.Revisions.Single(r => r.Commit == first.Commit).Refs);
        Assert.Equal(bench.Files.Sum(f => (long)f.Value.Length) + 9, report.Bytes);
        Assert.Equal(3, report.Damaged.Count);
    }

    [Fact]
    public async Task Verify_FindsTheDamagedFile()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        HubSnapshot snapshot = await bench.DownloadAsync();
        string blob = File.ResolveLinkTarget(snapshot.Files.First(f => f.File.Path == "other.bin").FullPath, true)!.FullName;
        byte[] bytes = await File.ReadAllBytesAsync(blob, Token);
        bytes[7] ^= 1;
        await File.WriteAllBytesAsync(blob, bytes, Token);

        List<VerifiedFile> files = await new HubCache(bench.Settings).VerifyAsync(s_repository, null, null, Token).ToListAsync(Token);

        Assert.Equal(["other.bin"], files.Where(f => f.State == CachedFileState.Differs).Select(f => f.Path));
        Assert.Equal(bench.Files.Count - 1, files.Count(f => f.State == CachedFileState.Sound));
        bench.AssertComplete(await bench.DownloadAsync(new HubDownloadRequest { Repository = s_repository, Force = true }));
    }

    [Fact]
    public async Task Prune_RemovesWhatNothingRefersTo_AndNothingElse()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        await bench.DownloadAsync();
        bench.Repository.Update(new Dictionary<string, byte[]?> { ["config.json"] = "{\"new\":1}"u8.ToArray() });
        HubSnapshot second = await bench.DownloadAsync();
        HubCache cache = new(bench.Settings);

        HubCacheRemoval planned = cache.Prune(dryRun: true);
        HubCacheRemoval done = cache.Prune();

        Assert.Equal((planned.Bytes, planned.Paths.Count), (done.Bytes, done.Paths.Count));
        Assert.Equal(bench.Files["config.json"].Length, done.Bytes);
        Assert.Equal(second.Commit, Assert.Single(Assert.Single(cache.Scan(Token).Repositories).Revisions).Commit);
        Assert.Equal(0, (await bench.DownloadAsync()).BytesFetched);
        Assert.Equal(0, cache.Prune().Bytes);
    }

    [Fact]
    public async Task Delete_KeepsWhatAnotherRevisionUses()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        HubSnapshot first = await bench.DownloadAsync();
        bench.Repository.Update(new Dictionary<string, byte[]?> { ["config.json"] = "{\"new\":1}"u8.ToArray() });
        await bench.DownloadAsync();
        HubCache cache = new(bench.Settings);

        Assert.Equal("LT6030", Assert.Throws<ModelException>(() => cache.Delete(new HubRepository("owner/absent"))).Diagnostic.Code);
        HubCacheRemoval one = cache.Delete(s_repository, "main");
        bench.AssertComplete(first);
        HubCacheRemoval all = cache.Delete(s_repository);

        Assert.Equal(9, one.Bytes);
        Assert.Equal(bench.Files.Sum(f => (long)f.Value.Length), all.Bytes);
        Assert.False(Directory.Exists(cache.RepositoryFolder(s_repository)));
    }

    [Fact]
    public async Task Delete_DoesNotFollowLinksOut()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        HubSnapshot snapshot = await bench.DownloadAsync();
        string outside = Path.Combine(bench.Home, "mine");
        Directory.CreateDirectory(outside);
        string kept = Path.Combine(outside, "kept.txt");
        await File.WriteAllTextAsync(kept, "mine", Token);
        Directory.CreateSymbolicLink(Path.Combine(snapshot.Folder, "link"), outside);
        File.CreateSymbolicLink(Path.Combine(snapshot.Folder, "kept.txt"), kept);

        HubCache cache = new(bench.Settings);
        cache.Delete(s_repository);
        Directory.CreateDirectory(cache.RepositoryFolder(s_repository));
        Directory.CreateDirectory(Path.Combine(outside, new string('a', 40)));
        Directory.CreateSymbolicLink(Path.Combine(cache.RepositoryFolder(s_repository), "snapshots"), outside);
        cache.Prune();
        Assert.Throws<ModelException>(() => cache.Delete(s_repository, new string('a', 40)));
        cache.Delete(s_repository);

        Assert.True(File.Exists(kept));
        Assert.True(Directory.Exists(Path.Combine(outside, new string('a', 40))));
    }

    [Theory]
    [InlineData("*.json", "a/b.json", true)]
    [InlineData("*.json", "A.JSON", false)]
    [InlineData("folder/", "folder/x/y.txt", true)]
    [InlineData("model-0000?-of-*", "model-00001-of-00002.safetensors", true)]
    [InlineData("[!m]*", "model.bin", false)]
    [InlineData("[a-c].txt", "b.txt", true)]
    [InlineData("[]x].txt", "].txt", true)]
    [InlineData("[abc", "[abc", true)]
    [InlineData("a\\*.txt", "a/b.txt", true)]
    [InlineData("(a+)+$", "(a+)+$", true)]
    public void Patterns_AreThoseOfPythonsFnmatch(string pattern, string path, bool matches) =>
        Assert.Equal(matches, new FilePatterns([pattern], []).Against(path) is null);
}
