using System.Runtime.Versioning;

namespace LlmToolkit.Tests.Loading.Catalog;

public sealed class MetadataCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _kept = new();

    public MetadataCacheTests()
    {
        for (int i = 0; i < 5; i++)
        {
            _folder.File($"{i}.gguf", TinyGguf.Sound().Set("general.name", $"model {i}").Build());
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Entries => Path.Combine(_kept.Path, "metadata");

    [Fact]
    public async Task Info_AndClear_TellAndRemoveTheEntries()
    {
        MetadataCache cache = new(_kept.Path);
        Assert.Equal(new CacheInfo(Entries, 0, 0), cache.Info());
        _ = await ListAsync(cache);
        string foreign = _kept.File("metadata/notes.json", "mine");

        CacheInfo info = cache.Info();
        CacheInfo removed = cache.Clear();

        Assert.Equal(5, info.Entries);
        Assert.InRange(info.Bytes, 5 * 100, 5 * 20_000);
        Assert.Equal(info, removed);
        Assert.Equal([foreign], Directory.GetFiles(Entries));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1,2]")]
    [InlineData("{\"Toolkit\":null}")]
    [InlineData("\u0000\u0001")]
    [InlineData("{\"Toolkit\":\"x\",\"Path\":\"y\",\"Stamp\":\"z\",\"Entry\":{}}")]
    public async Task Entry_Damaged_IsReadAnewAndWrittenAgain(string content)
    {
        _ = await ListAsync(new MetadataCache(_kept.Path));
        foreach (string file in Directory.GetFiles(Entries))
        {
            await File.WriteAllTextAsync(file, content, Cancellation);
        }

        CatalogEntry[] again = await ListAsync(new MetadataCache(_kept.Path));
        CatalogEntry[] after = await ListAsync(new MetadataCache(_kept.Path));

        Assert.All(again, e => Assert.False(e.FromCache));
        Assert.All(after, e => Assert.True(e.FromCache));
        Assert.Equal("model 3", after[3].Info!.Name);
    }

    [Fact]
    public async Task Entry_OfAnotherPath_IsNotTaken()
    {
        _ = await ListAsync(new MetadataCache(_kept.Path));
        string[] files = [.. Directory.GetFiles(Entries).Order(StringComparer.Ordinal)];
        File.Copy(files[0], files[1], overwrite: true);

        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"model {i}"), (await ListAsync(new MetadataCache(_kept.Path))).Select(e => e.Info!.Name));
    }

    [Fact]
    public async Task Folder_ThatCannotBeMade_EverythingWorksWithoutIt()
    {
        string inTheWay = _kept.File("a file", "x");

        CatalogEntry[] entries = await ListAsync(new MetadataCache(inTheWay));

        Assert.All(entries, e => Assert.Equal(Verdict.Ok, e.Report.Verdict));
        Assert.Equal(0, new MetadataCache(inTheWay).Info().Entries);
        Assert.Equal(0, new MetadataCache(inTheWay).Clear().Entries);
        Assert.Equal(new CacheInfo(null, 0, 0), MetadataCache.None.Info());
    }

    [Fact]
    public async Task Bound_Exceeded_TheOldestEntriesGo()
    {
        MetadataCache cache = new(_kept.Path);
        _ = await ListAsync(cache);
        long one = cache.Info().Bytes / 5;
        File.SetLastWriteTimeUtc(Path.Combine(_folder.Path, "4.gguf"), DateTime.UtcNow.AddDays(-1));

        _ = await ListAsync(new MetadataCache(_kept.Path, (one * 3) + (one / 2)));

        Assert.Equal(3, new MetadataCache(_kept.Path).Info().Entries);
        Assert.True((await ListAsync(new MetadataCache(_kept.Path)))[4].FromCache);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Entries_AreTheUsersAlone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has other rights.");
        _ = await ListAsync(new MetadataCache(_kept.Path));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Entries));
        Assert.All(Directory.GetFiles(Entries), f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
    }

    [Fact]
    public async Task Caches_AtTheSameTime_LeaveWholeEntries()
    {
        CatalogEntry[][] all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ListAsync(new MetadataCache(_kept.Path)), Cancellation)));

        Assert.All(all, entries => Assert.Equal(5, entries.Length));
        Assert.All(Directory.GetFiles(Entries), f => Assert.EndsWith(".json", f, StringComparison.Ordinal));
        Assert.All(await ListAsync(new MetadataCache(_kept.Path)), e => Assert.True(e.FromCache));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _kept.Dispose();
    }

    private async Task<CatalogEntry[]> ListAsync(MetadataCache cache) => await new ModelCatalog(null, cache).ListAsync(_folder.Path, cancellationToken: Cancellation).ToArrayAsync(Cancellation);
}
