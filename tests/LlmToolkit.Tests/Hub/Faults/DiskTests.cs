using System.Diagnostics;
using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Faults;

/// <summary>Disks that are full, become full, or take nothing: real ones, mounted for the test where that is allowed.</summary>
public sealed class DiskTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SmallDisk_IsRefusedBeforeTheFirstByte()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        using SmallDisk disk = SmallDisk.Mount(20);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => DownloadAsync(bench, disk));

        Assert.Equal(("LT6020", FaultKind.DoesNotFit), (error.Diagnostic.Code, error.Diagnostic.Kind));
        Assert.DoesNotContain(bench.Hub.Requests, r => r.Path.Contains("/resolve/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DiskThatBecomesFull_KeepsWhatCame_AndGoesOnWithRoom()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        using SmallDisk disk = SmallDisk.Mount(34);
        string filler = Path.Combine(disk.Folder, "filler");
        bench.Hub.Fault(new() { Kind = Testing.FakeFaultKind.Throttle, Origin = Testing.FakeOrigin.Data, BytesPerSecond = 8_000_000 });

        Task<HubSnapshot> download = DownloadAsync(bench, disk);
        await Task.Delay(300, Token);
        await Assert.ThrowsAsync<IOException>(() => File.WriteAllBytesAsync(filler, new byte[34 << 20], Token));
        ModelException error = await Assert.ThrowsAsync<ModelException>(() => download);
        Assert.Equal(("LT6021", FaultKind.DoesNotFit), (error.Diagnostic.Code, error.Diagnostic.Kind));
        File.Delete(filler);
        bench.Hub.ClearFaults();
        bench.Hub.ClearRequests();
        HubSnapshot snapshot = await DownloadAsync(bench, disk);

        bench.AssertComplete(snapshot);
        Assert.True(bench.Hub.Requests.Sum(r => r.BytesSent) < bench.Files.Sum(f => f.Value.Length), "everything was fetched again");
    }

    [Fact]
    public async Task ReadOnlyDisk_IsUsed_AndSaysWhatItCannotTake()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        using SmallDisk disk = SmallDisk.Mount(60);
        await DownloadAsync(bench, disk);
        disk.MakeReadOnly();

        bench.AssertComplete(await DownloadAsync(bench, disk));
        bench.Repository.Update(new Dictionary<string, byte[]?> { ["new.txt"] = "new"u8.ToArray() });
        ModelException error = await Assert.ThrowsAsync<ModelException>(() => DownloadAsync(bench, disk));

        Assert.Equal("LT6022", error.Diagnostic.Code);
    }

    private static async Task<HubSnapshot> DownloadAsync(FaultBench bench, SmallDisk disk)
    {
        using HubClient client = new(bench.Settings with { CacheFolder = Path.Combine(disk.Folder, "hub") }, HubToken.Explicit(FaultBench.Secret));
        return await new HubDownloader(client).DownloadAsync(new HubDownloadRequest { Repository = new HubRepository("owner/name") }, null, Token);
    }

    /// <summary>A disk in memory; the test is skipped, visibly, where none may be mounted.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private SmallDisk(string folder) => Folder = folder;

        public string Folder { get; }

        public static SmallDisk Mount(int mebibytes)
        {
            string folder = Directory.CreateTempSubdirectory("llmtk-disk-").FullName;
            if (!OperatingSystem.IsLinux() || Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "llmtk-test", folder) != 0)
            {
                Directory.Delete(folder);
                Assert.Skip("This user may not mount a small disk.");
            }

            return new SmallDisk(folder);
        }

        public void MakeReadOnly() => Assert.Equal(0, Run("mount", "-o", "remount,ro", Folder));

        public void Dispose()
        {
            Run("umount", "-l", Folder);
            Directory.Delete(Folder);
        }

        private static int Run(string program, params string[] arguments)
        {
            try
            {
                using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
                process.WaitForExit();
                return process.ExitCode;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return -1;
            }
        }
    }
}
