using System.Text;
using LlmToolkit.Hub;
using LlmToolkit.Testing;

namespace LlmToolkit.Tests.Hub.Faults;

/// <summary>What faults may cost, in bytes and requests, and what happens around a download: other processes' files, full and read-only disks, changes on the Hub.</summary>
public sealed class FaultNumberTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Drops_CostAtMostAMebibyteEach()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        Random random = new(3);
        const int drops = 12;
        for (int i = 0; i < drops; i++)
        {
            bench.Hub.Fault(new FakeFault { Kind = FakeFaultKind.Reset, Origin = FakeOrigin.Data, Path = "model.safetensors", At = random.Next(1 << 20, 7 << 20), Skip = i, Times = 1 });
        }

        HubSnapshot snapshot = await bench.DownloadAsync();

        bench.AssertComplete(snapshot);
        long needed = bench.Files.Sum(f => (long)f.Value.Length);
        long sent = bench.Hub.Requests.Sum(r => r.BytesSent);
        TestContext.Current.TestOutputHelper?.WriteLine($"{sent - needed} bytes more than needed over {drops} drops");
        Assert.True(sent - needed <= (long)drops << 20, $"{sent - needed} bytes more than needed over {drops} drops");
        bench.Audit();
    }

    [Fact]
    public async Task ManySmallFiles_CostOneListingAndOneRequestEach_WarmNone()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        const int count = 1000;
        FakeRepository many = bench.Hub.AddRepository("owner/many", Enumerable.Range(0, count).ToDictionary(i => $"folder{i % 7}/{i}.txt", i => Encoding.UTF8.GetBytes($"file {i}")));
        HubDownloadRequest request = new() { Repository = new HubRepository("owner/many") };

        HubSnapshot cold = await bench.DownloadAsync(request);
        int listings = bench.Hub.Requests.Count(r => r.Path.StartsWith("/api/models/", StringComparison.Ordinal));
        int files = bench.Hub.Requests.Count(r => r.Path.Contains("/resolve/", StringComparison.Ordinal) && !r.Path.StartsWith("/api/", StringComparison.Ordinal));
        bench.Hub.ClearRequests();
        HubSnapshot pinned = await bench.DownloadAsync(request with { Revision = many.Commit });
        int warm = bench.Hub.Requests.Count;
        HubSnapshot branch = await bench.DownloadAsync(request);

        Assert.Equal((1, count, 0, 1), (listings, files, warm, bench.Hub.Requests.Count));
        Assert.All(pinned.Files, f => Assert.True(f.FromCache));
        Assert.Equal((0L, 0L), (pinned.BytesFetched, branch.BytesFetched));
        Assert.Equal(count, cold.Files.Count);
        bench.Audit();
    }

    [Fact]
    public async Task Cancelled_GoesOnWhereItStopped()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        long length = bench.Files["model.safetensors"].Length;
        bench.Hub.Fault(new FakeFault { Kind = FakeFaultKind.Throttle, Origin = FakeOrigin.Data, Path = "model.safetensors", BytesPerSecond = 4_000_000 });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        stop.CancelAfter(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.DownloadAsync(null, stop.Token));
        long first = bench.Hub.Requests.Where(r => r.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).Sum(r => r.BytesSent);
        bench.Audit();
        bench.Hub.ClearFaults();
        bench.Hub.ClearRequests();
        HubSnapshot snapshot = await bench.DownloadAsync();
        long second = bench.Hub.Requests.Where(r => r.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).Sum(r => r.BytesSent);

        bench.AssertComplete(snapshot);
        Assert.True(first > length / 20, $"{first} bytes came before");
        // What was on its way when the run stopped is lost: the buffers of four connections.
        Assert.True(second <= length - first + (4 << 20), $"{second} bytes were sent again, of {length} with {first} before");
        bench.Audit();
    }

    [Fact]
    public async Task DamagedPart_CostsThatPart()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        bench.Hub.Fault(new FakeFault { Kind = FakeFaultKind.Reset, Origin = FakeOrigin.Data, Path = "model.safetensors", Skip = 2, At = 10 });
        await Assert.ThrowsAsync<ModelException>(() => bench.DownloadAsync());
        string partial = Assert.Single(Directory.EnumerateFiles(bench.Home, "*.incomplete", SearchOption.AllDirectories), f => new FileInfo(f).Length > 1 << 20);
        long done = PartialFile.BytesIn(partial);
        byte[] bytes = await File.ReadAllBytesAsync(partial, Token);
        bytes[1_000] ^= 1;
        await File.WriteAllBytesAsync(partial, bytes, Token);
        bench.Hub.ClearFaults();
        bench.Hub.ClearRequests();

        HubSnapshot snapshot = await bench.DownloadAsync();

        bench.AssertComplete(snapshot);
        long sent = bench.Hub.Requests.Where(r => r.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).Sum(r => r.BytesSent);
        Assert.True(done > 1 << 20, $"{done} bytes were there");
        Assert.InRange(sent, bench.Files["model.safetensors"].Length - done, bench.Files["model.safetensors"].Length - done + PartJournal.BlockSizeFor(bytes.Length));
        bench.Audit();
    }

    [Fact]
    public async Task TornJournal_LosesItsEndAlone()
    {
        for (int cut = 1; cut <= 40; cut += 13)
        {
            await using FaultBench bench = await FaultBench.StartAsync();
            bench.Hub.Fault(new FakeFault { Kind = FakeFaultKind.Reset, Origin = FakeOrigin.Data, Path = "model.safetensors", Skip = 2, At = 10 });
            await Assert.ThrowsAsync<ModelException>(() => bench.DownloadAsync());
            string journal = Assert.Single(Directory.EnumerateFiles(bench.Home, "*.parts.incomplete", SearchOption.AllDirectories), f => new FileInfo(f).Length > 1000);
            using (FileStream file = new(journal, FileMode.Open))
            {
                file.SetLength(file.Length - cut);
            }

            bench.Hub.ClearFaults();
            bench.AssertComplete(await bench.DownloadAsync());
            bench.Audit();
        }
    }

    [Fact]
    public async Task SeveralAtOnce_FetchOnce()
    {
        await using FaultBench bench = await FaultBench.StartAsync();

        HubSnapshot[] all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => bench.DownloadAsync())));

        Assert.All(all, bench.AssertComplete);
        Assert.Equal(bench.Files["model.safetensors"].Length, bench.Hub.Requests.Where(r => r.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).Sum(r => r.BytesSent));
        bench.Progress.Clear();
        bench.Audit();
    }

    [Fact]
    public async Task BranchMoves_TwoVersionsAreNeverMixed()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        HubSnapshot old = await bench.DownloadAsync();
        byte[] fresh = [.. bench.Files["model.safetensors"].Reverse()];
        string commit = bench.Repository.Update(new Dictionary<string, byte[]?> { ["model.safetensors"] = fresh });

        HubSnapshot now = await bench.DownloadAsync();

        Assert.NotEqual(old.Commit, now.Commit);
        Assert.Equal(commit, now.Commit);
        Assert.Equal(fresh, await File.ReadAllBytesAsync(now.Files.First(f => f.File.Path == "model.safetensors").FullPath, Token));
        bench.AssertComplete(old);
        Assert.Equal(fresh.Length, now.BytesFetched);
        bench.Audit();
    }

    [Fact]
    public async Task HubDown_TakesWhatIsThereAndSaysSo()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        await bench.DownloadAsync();
        bench.Hub.Fault(new FakeFault { Kind = FakeFaultKind.Status, Origin = FakeOrigin.Hub });
        bench.Hub.ClearRequests();

        HubSnapshot snapshot = await bench.DownloadAsync();

        Assert.True(snapshot.Offline);
        Assert.Contains("not reached", snapshot.Note, StringComparison.Ordinal);
        Assert.Single(bench.Hub.Requests);
        bench.AssertComplete(snapshot);
    }

    [Fact]
    public async Task IncompleteSnapshot_IsNoModelOffline()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        bench.Hub.Fault(new FakeFault { Kind = FakeFaultKind.Status, Origin = FakeOrigin.Data, Status = 404 });
        await Assert.ThrowsAsync<ModelException>(() => bench.DownloadAsync());
        using HubClient offline = new(bench.Settings with { Offline = true });

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => new HubDownloader(offline).DownloadAsync(new HubDownloadRequest { Repository = new HubRepository("owner/name"), Revision = bench.Repository.Commit }, null, Token));

        Assert.Equal("LT6157", error.Diagnostic.Code);
    }

    [Fact]
    public async Task NoLinks_FilesAreMovedAndCopied()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        bench.Repository.Update(new Dictionary<string, byte[]?> { ["copy/notes.txt"] = bench.Files["folder/notes.txt"] });
        using HubClient client = new(bench.Settings with { UseSymlinks = false });
        HubDownloadRequest request = new() { Repository = new HubRepository("owner/name") };

        HubSnapshot first = await new HubDownloader(client).DownloadAsync(request, null, Token);
        HubSnapshot second = await new HubDownloader(client).DownloadAsync(request, null, Token);

        Assert.All(first.Files, f => Assert.Null(new FileInfo(f.FullPath).LinkTarget));
        Assert.Equal(bench.Files["model.safetensors"], await File.ReadAllBytesAsync(first.Files.First(f => f.File.Path == "model.safetensors").FullPath, Token));
        Assert.Equal((6, 0L), (second.Files.Count(f => f.FromCache), second.BytesFetched));
        bench.Audit();
    }

    [Fact]
    public async Task LocalFolder_IsPlainAndCurrent()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        string folder = Path.Combine(bench.Home, "mine");
        HubDownloadRequest request = new() { Repository = new HubRepository("owner/name"), LocalFolder = folder };

        HubSnapshot first = await bench.DownloadAsync(request);
        HubSnapshot second = await bench.DownloadAsync(request);
        await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), "{\"mine\":1}", Token);
        HubSnapshot third = await bench.DownloadAsync(request);

        bench.AssertComplete(first);
        Assert.Equal(0, second.BytesFetched);
        Assert.Equal(["config.json"], third.Files.Where(f => !f.FromCache).Select(f => f.File.Path));
        Assert.Equal(3, (await File.ReadAllLinesAsync(Path.Combine(folder, ".cache", "huggingface", "download", "config.json.metadata"), Token)).Length);
        bench.AssertComplete(third);
    }

    [Fact]
    public async Task TooLargeForTheDisk_IsRefusedBeforeTheFirstByte()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        bench.Hub.Fault(new FakeFault
        {
            Kind = FakeFaultKind.ReplaceBody,
            Path = "/api/models/",
            Body = $"{{\"id\":\"owner/name\",\"sha\":\"{bench.Repository.Commit}\",\"siblings\":[{string.Join(',', Enumerable.Range(0, 6).Select(i => $"{{\"rfilename\":\"{i}.safetensors\",\"size\":49000000000,\"blobId\":\"{i}{new string('a', 39)}\",\"lfs\":{{\"sha256\":\"{i}{new string('b', 63)}\",\"size\":49000000000,\"pointerSize\":1}}}}"))}]}}",
        });
        Assert.SkipWhen(new DriveInfo(bench.Home).AvailableFreeSpace > 290_000_000_000, "This disk has room for the model.");

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => bench.DownloadAsync());

        Assert.Equal(("LT6020", FaultKind.DoesNotFit), (error.Diagnostic.Code, error.Diagnostic.Kind));
        Assert.Single(bench.Hub.Requests);
        Assert.Empty(Directory.EnumerateFiles(bench.Home, "*", SearchOption.AllDirectories));
    }
}
