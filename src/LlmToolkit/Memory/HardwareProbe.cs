using System.Globalization;

namespace LlmToolkit.Memory;

/// <summary>Reads what plans depend on from the machine: cores, memory, and the container's limits.</summary>
/// <param name="root">Root of the file system; another one in tests.</param>
public sealed class HardwareProbe(string root = "/")
{
    /// <summary>The machine's facts, completed by the given sources.</summary>
    public HardwareInfo Probe(IEnumerable<IHardwareSource>? sources = null)
    {
        GCMemoryInfo gc = GC.GetGCMemoryInfo();
        long total = MemInfo("MemTotal:") ?? gc.TotalAvailableMemoryBytes;
        long available = MemInfo("MemAvailable:") ?? Math.Max(0, gc.TotalAvailableMemoryBytes - gc.MemoryLoadBytes);
        string limit = "machine";
        foreach ((long Limit, long Used) group in Groups())
        {
            if (group.Limit < total)
            {
                (total, limit) = (group.Limit, "cgroup");
            }

            available = Math.Min(available, Math.Max(0, group.Limit - group.Used));
        }

        HardwareInfo info = new()
        {
            Cpu = CpuName(),
            Cores = Environment.ProcessorCount,
            TotalMemory = total,
            AvailableMemory = Math.Min(available, total),
            MemoryLimit = limit,
        };
        return (sources ?? []).Aggregate(info, (known, source) => source.Probe(known));
    }

    /// <summary>Every memory limit on the way up from this process's group, version 2 and 1. Page cache is not counted as used.</summary>
    private IEnumerable<(long Limit, long Used)> Groups()
    {
        foreach (string line in ReadLines("proc/self/cgroup"))
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3 || (parts[0] != "0" && !parts[1].Split(',').Contains("memory")))
            {
                continue;
            }

            bool second = parts[0] == "0";
            string top = second ? "sys/fs/cgroup" : "sys/fs/cgroup/memory";
            for (string path = parts[2].Trim('/'); ; path = path.Contains('/', StringComparison.Ordinal) ? path[..path.LastIndexOf('/')] : "")
            {
                string folder = path.Length == 0 ? top : $"{top}/{path}";
                if (Number($"{folder}/{(second ? "memory.max" : "memory.limit_in_bytes")}") is long limit and > 0 and < long.MaxValue / 2)
                {
                    long used = Number($"{folder}/{(second ? "memory.current" : "memory.usage_in_bytes")}") ?? 0;
                    long cache = Stat($"{folder}/memory.stat", second ? "inactive_file" : "total_inactive_file") + Stat($"{folder}/memory.stat", second ? "active_file" : "total_active_file");
                    yield return (limit, Math.Max(0, used - cache));
                }

                if (path.Length == 0)
                {
                    break;
                }
            }
        }
    }

    private string CpuName() =>
        ReadLines("proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2).LastOrDefault()?.Trim()
        ?? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();

    private long? MemInfo(string key)
    {
        string? line = ReadLines("proc/meminfo").FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        string? number = line?[key.Length..].Trim().Split(' ')[0];
        return long.TryParse(number, CultureInfo.InvariantCulture, out long kib) ? kib * 1024 : null;
    }

    private long Stat(string file, string key)
    {
        string? line = ReadLines(file).FirstOrDefault(l => l.StartsWith(key + " ", StringComparison.Ordinal));
        return line is not null && long.TryParse(line[(key.Length + 1)..], CultureInfo.InvariantCulture, out long value) ? value : 0;
    }

    private long? Number(string file) =>
        ReadLines(file).FirstOrDefault() is string line && long.TryParse(line, CultureInfo.InvariantCulture, out long value) ? value : null;

    private string[] ReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(root, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Not Linux, or a level of the hierarchy that this process may not see: that fact is unknown.
            return [];
        }
    }
}
