using LlmToolkit.Memory;
using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Memory;

public sealed class HardwareProbeTests : IDisposable
{
    private const long GiB = 1L << 30;

    private readonly TemporaryFolder _root = new();

    public HardwareProbeTests()
    {
        _root.File("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n");
        _root.File("proc/cpuinfo", "processor\t: 0\nmodel name\t: Test CPU: the second\n");
    }

    [Fact]
    public void Probe_NoGroup_IsTheMachine()
    {
        HardwareInfo info = new HardwareProbe(_root.Path).Probe();

        Assert.Equal((16 * GiB, 8 * GiB, "machine"), (info.TotalMemory, info.AvailableMemory, info.MemoryLimit));
        Assert.Equal("Test CPU: the second", info.Cpu);
        Assert.Equal(Environment.ProcessorCount, info.Cores);
    }

    /// <summary>Version, then the groups from the outermost: path, limit, use and page cache in MiB (−1: none). What is total and available, in MiB.</summary>
    [Theory]
    [InlineData("a limit", 2, "box:4096:1024:0", 4096, 3072)]
    [InlineData("a limit", 1, "box:4096:1024:0", 4096, 3072)]
    [InlineData("page cache is not used", 2, "box:4096:4000:3500", 4096, 3596)]
    [InlineData("page cache is not used", 1, "box:4096:4000:3500", 4096, 3596)]
    [InlineData("the inner limit is smaller", 2, "box:8192:1024:0 in:2048:512:0", 2048, 1536)]
    [InlineData("the outer limit is smaller", 2, "box:2048:1024:0 in:8192:512:0", 2048, 1024)]
    [InlineData("the outer limit is smaller", 1, "box:2048:1024:0 in:8192:512:0", 2048, 1024)]
    [InlineData("the inner is smaller, the outer is full", 2, "box:4096:4000:0 in:2048:512:0", 2048, 96)]
    [InlineData("a level without a limit between", 2, "box:3072:1024:0 mid:-1:900:0 in:-1:512:0", 3072, 2048)]
    [InlineData("no limit anywhere", 2, "box:-1:1024:0", 16384, 8192)]
    [InlineData("no limit anywhere", 1, "box:-1:1024:0", 16384, 8192)]
    [InlineData("a limit above the machine", 2, "box:65536:1024:0", 16384, 8192)]
    [InlineData("over its limit", 2, "box:1024:2048:0", 1024, 0)]
    public void Probe_Groups_LimitTheMachine(string name, int version, string groups, long total, long available)
    {
        string path = "";
        foreach (string[] group in groups.Split(' ').Select(g => g.Split(':')))
        {
            path += "/" + group[0];
            string folder = (version == 2 ? "sys/fs/cgroup" : "sys/fs/cgroup/memory") + path;
            string limit = group[1] != "-1" ? Bytes(group[1]) : version == 2 ? "max" : "9223372036854771712";
            string prefix = version == 2 ? "" : "total_";
            _root.File($"{folder}/{(version == 2 ? "memory.max" : "memory.limit_in_bytes")}", limit + "\n");
            _root.File($"{folder}/{(version == 2 ? "memory.current" : "memory.usage_in_bytes")}", Bytes(group[2]) + "\n");

            // Half of the cache was used lately; neither half is lost when it is needed for something else.
            _root.File($"{folder}/memory.stat", $"anon 1\n{prefix}inactive_file {Half(group[3])}\n{prefix}active_file {Half(group[3])}\n");
        }

        _root.File("proc/self/cgroup", version == 2 ? $"0::{path}\n" : $"12:cpu,cpuacct:/elsewhere\n7:memory:{path}\n0::/elsewhere\n");

        HardwareInfo info = new HardwareProbe(_root.Path).Probe();

        Assert.True((total << 20, available << 20) == (info.TotalMemory, info.AvailableMemory), $"{name}: {info}");
        Assert.Equal(total < 16384 ? "cgroup" : "machine", info.MemoryLimit);
    }

    [Fact]
    public void Probe_RootOfItsOwnNamespace_HasItsLimitAtTheTop()
    {
        _root.File("proc/self/cgroup", "0::/\n");
        _root.File("sys/fs/cgroup/memory.max", $"{GiB}\n");
        _root.File("sys/fs/cgroup/memory.current", "0\n");

        Assert.Equal((GiB, "cgroup"), (new HardwareProbe(_root.Path).Probe().TotalMemory, new HardwareProbe(_root.Path).Probe().MemoryLimit));
    }

    [Fact]
    public void Probe_NothingReadable_FallsBackToTheRuntime()
    {
        using TemporaryFolder empty = new();

        HardwareInfo info = new HardwareProbe(empty.Path).Probe();

        Assert.True(info.TotalMemory > 0);
        Assert.InRange(info.AvailableMemory, 0, info.TotalMemory);
    }

    [Fact]
    public void Probe_Sources_CompleteTheFactsInOrder()
    {
        HardwareInfo info = new HardwareProbe(_root.Path).Probe([new Gpu("first"), new Gpu("second")]);

        Assert.Equal(["first", "second"], info.Accelerators);
        Assert.Equal(16 * GiB, info.TotalMemory);
    }

    public void Dispose() => _root.Dispose();

    private static string Bytes(string mebibytes) => (long.Parse(mebibytes, System.Globalization.CultureInfo.InvariantCulture) << 20).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static long Half(string mebibytes) => long.Parse(Bytes(mebibytes), System.Globalization.CultureInfo.InvariantCulture) / 2;

    private sealed class Gpu(string name) : IHardwareSource
    {
        public HardwareInfo Probe(HardwareInfo known) => known with { Accelerators = [.. known.Accelerators, name] };
    }
}
