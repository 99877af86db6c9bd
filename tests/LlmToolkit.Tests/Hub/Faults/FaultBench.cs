using System.Security.Cryptography;
using System.Text;
using LlmToolkit.Hub;
using LlmToolkit.Testing;

namespace LlmToolkit.Tests.Hub.Faults;

/// <summary>A fake Hub with one repository, a cache of its own, and an audit: nothing damaged under a final name, nothing outside the cache, no token where it must not go.</summary>
internal sealed class FaultBench : IAsyncDisposable
{
    /// <summary>A token that would be noticed anywhere.</summary>
    public const string Secret = "hf_aVeryNoticeableTokenOfTheTests42";

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("llmtk-faults-");

    private FaultBench(FakeHub hub, IReadOnlyDictionary<string, byte[]> files) => (Hub, Files) = (hub, files);

    public FakeHub Hub { get; }

    public IReadOnlyDictionary<string, byte[]> Files { get; }

    public FakeRepository Repository { get; private set; } = null!;

    public string Home => _home.FullName;

    public HubSettings Settings => new()
    {
        Endpoint = Hub.Endpoint,
        Home = Path.Combine(Home, "huggingface"),
        DownloadTimeout = TimeSpan.FromSeconds(1),
        MetadataTimeout = TimeSpan.FromSeconds(2),
    };

    public List<HubProgress> Progress { get; } = [];

    /// <summary>A large file of three ranges and a bit, one of a single range, and small ones.</summary>
    public static async Task<FaultBench> StartAsync(FakeHubOptions? options = null)
    {
        Random random = new(20261126);
        byte[] Bytes(int length)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            return bytes;
        }

        Dictionary<string, byte[]> files = new()
        {
            ["model.safetensors"] = Bytes((25 << 20) + 12_345),
            ["other.bin"] = Bytes((3 << 20) + 77),
            ["config.json"] = Encoding.UTF8.GetBytes("""{"model_type":"llama","n":1}"""),
            ["folder/notes.txt"] = "notes"u8.ToArray(),
            ["empty.txt"] = [],
        };
        FaultBench bench = new(await FakeHub.StartAsync(options, TestContext.Current.CancellationToken), files);
        bench.Hub.AddUser("tester", Secret);
        bench.Repository = bench.Hub.AddRepository("owner/name", files);
        return bench;
    }

    public HubClient Client() => new(Settings, HubToken.Explicit(Secret), null, TimeProvider.System, new HubRetry(TimeProvider.System, () => 0.5, [.. Enumerable.Repeat(TimeSpan.FromMilliseconds(5), 5)]));

    /// <summary>Downloads everything. Each run's progress is looked at alone.</summary>
    public async Task<HubSnapshot> DownloadAsync(HubDownloadRequest? request = null, CancellationToken? cancellationToken = null)
    {
        Progress.Clear();
        using HubClient client = Client();
        return await new HubDownloader(client).DownloadAsync(request ?? new HubDownloadRequest { Repository = new HubRepository("owner/name") }, new Listener(Progress), cancellationToken ?? TestContext.Current.CancellationToken);
    }

    /// <summary>What must hold after everything.</summary>
    public void Audit()
    {
        foreach (string path in Directory.EnumerateFiles(Home, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetFileName(path);
            Assert.DoesNotContain("evil", path, StringComparison.OrdinalIgnoreCase);
            Assert.StartsWith(Home, File.ResolveLinkTarget(path, true)?.FullName ?? path, StringComparison.Ordinal);
            if (Path.GetFileName(Path.GetDirectoryName(path)) == "blobs" && !name.EndsWith(".incomplete", StringComparison.Ordinal))
            {
                byte[] bytes = File.ReadAllBytes(path);
                Assert.Equal(name, name.Length == 64 ? Convert.ToHexStringLower(SHA256.HashData(bytes)) : GitHash(bytes));
            }
        }

        Assert.DoesNotContain(Hub.Requests, r => r.Origin == FakeOrigin.Data && r.Authorization is not null);
        Assert.DoesNotContain(Progress, p => p.Note?.Contains(Secret, StringComparison.Ordinal) == true);
        long shown = 0;
        foreach (HubProgress one in Progress.Where(p => p.State != HubProgressState.Listing && p.TotalOfAll > 0))
        {
            Assert.True(one.TotalBytes >= shown || one.State == HubProgressState.Restarted, $"{one} after {shown}");
            shown = one.TotalBytes;
        }

        Progress.Clear();
    }

    /// <summary>The snapshot holds the right bytes of every file.</summary>
    public void AssertComplete(HubSnapshot snapshot)
    {
        Assert.Equal(Files.Count, snapshot.Files.Count);
        foreach (HubSnapshotFile file in snapshot.Files)
        {
            Assert.Equal(Files[file.File.Path], File.ReadAllBytes(file.FullPath));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        _home.Delete(recursive: true);
    }

    private static string GitHash(byte[] bytes)
    {
#pragma warning disable CA5350
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {bytes.Length}\0"), .. bytes]));
#pragma warning restore CA5350
    }

    private sealed class Listener(List<HubProgress> heard) : IProgress<HubProgress>
    {
        public void Report(HubProgress value)
        {
            lock (heard)
            {
                heard.Add(value);
            }
        }
    }
}
