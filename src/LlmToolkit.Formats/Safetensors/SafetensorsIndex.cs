using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>Which file of a sharded model holds which tensor: from <c>model.safetensors.index.json</c>, or from the shards' names alone.</summary>
internal sealed partial class SafetensorsIndex
{
    private readonly Dictionary<string, string>? _fileByTensor;

    private SafetensorsIndex(string path, string folder, SortedSet<string> names, Dictionary<string, string>? fileByTensor)
    {
        (Path, _fileByTensor) = (path, fileByTensor);
        Missing = [.. names.Where(n => !File.Exists(System.IO.Path.Combine(folder, n)))];
        Files = [.. names.Except(Missing).Select(n => ModelFolder.File(folder, n))];
    }

    /// <summary>The index, or the shard that was named when there is none.</summary>
    public string Path { get; }

    /// <summary>The shards that are there, sorted by name.</summary>
    public IReadOnlyList<ArtifactFile> Files { get; }

    /// <summary>Names of the shards that are not.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>What the index says the tensors take together, as it stands there; null: it does not say.</summary>
    private JsonElement? TotalSize { get; init; }

    /// <summary>True for the name of an index.</summary>
    public static bool IsIndexName(string name) =>
        name.Contains(".safetensors.index.", StringComparison.OrdinalIgnoreCase) && name.EndsWith(".json", StringComparison.OrdinalIgnoreCase);

    /// <summary>The set that a file belongs to; null: it stands alone.</summary>
    /// <exception cref="ModelException">The index is faulty, or a shard is no file of its folder.</exception>
    public static SafetensorsIndex? Of(ArtifactFile file)
    {
        if (IsIndexName(file.Name))
        {
            return Read(file.Path);
        }

        Match shard = ShardName().Match(file.Name);
        if (!shard.Success)
        {
            return null;
        }

        string folder = System.IO.Path.GetDirectoryName(file.Path) ?? "";
        foreach (string name in IndexNames(shard.Groups["prefix"].Value))
        {
            string path = System.IO.Path.Combine(folder, name);
            if (File.Exists(path) && Read(path) is { } index && index.Files.Any(f => f.Name == file.Name))
            {
                return index;
            }
        }

        return Scan(file, folder, shard);
    }

    /// <summary>The tensors of all shards by the index: those it lists, each from the file it names.</summary>
    /// <param name="headers">The headers of the shards that are there.</param>
    /// <param name="isComplete">True when all are there and whole: then what is listed must be found.</param>
    /// <param name="findings">Gets what is listed and in no file, what is in two files without an index to decide, and what is not listed.</param>
    public IReadOnlyList<TensorInfo> Merge(IReadOnlyList<SafetensorsHeader> headers, bool isComplete, List<Diagnostic> findings)
    {
        List<TensorInfo> merged = [];
        Dictionary<string, string> seen = new(StringComparer.Ordinal);
        List<string> unlisted = [];
        foreach (TensorInfo tensor in headers.SelectMany(h => h.Tensors))
        {
            if (_fileByTensor is not null && (!_fileByTensor.TryGetValue(tensor.Name, out string? owner) || owner != tensor.File.Name))
            {
                unlisted.Add(tensor.Name);
            }
            else if (seen.TryAdd(tensor.Name, tensor.File.Name))
            {
                merged.Add(tensor);
            }
            else
            {
                findings.Add(SafetensorsErrors.TensorTwice(tensor.File.Path, tensor.Name, seen[tensor.Name]));
            }
        }

        if (isComplete && _fileByTensor is not null && _fileByTensor.Count != merged.Count)
        {
            findings.Add(SafetensorsErrors.TensorNotInShard(Path, [.. _fileByTensor.Keys.Where(n => !seen.ContainsKey(n))]));
        }

        if (unlisted.Count > 0)
        {
            findings.Add(SafetensorsErrors.Unlisted(Path, unlisted));
        }

        Int128 bytes = merged.Aggregate((Int128)0, (sum, t) => sum + t.Bytes);
        if (isComplete && TotalSize is { } total && !(total.ValueKind == JsonValueKind.Number && total.TryGetDouble(out double stated) && stated == (double)bytes))
        {
            findings.Add(SafetensorsErrors.TotalSize(Path, Shown.Text(total.GetRawText()), bytes));
        }

        return merged;
    }

    private static SafetensorsIndex Read(string path)
    {
        JsonElement root = JsonLimits.ReadObject(path, JsonLimits.MaxIndexBytes);
        if (!root.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new ModelException(SafetensorsErrors.IndexMap(path, "weight_map is absent or no object"));
        }

        string folder = System.IO.Path.GetDirectoryName(path) ?? "";
        Dictionary<string, string> fileByTensor = new(StringComparer.Ordinal);
        SortedSet<string> names = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string name = entry.Value.ValueKind == JsonValueKind.String
                ? entry.Value.GetString()!
                : throw new ModelException(SafetensorsErrors.IndexMap(path, $"the file of \"{Shown.Text(entry.Name)}\" is a {entry.Value.ValueKind}"));
            fileByTensor[entry.Name] = name;
            if (names.Add(name))
            {
                ModelFolder.CheckPlain(name, path, "weight_map");
                if (names.Count > SafetensorsConstants.MaxShards)
                {
                    throw new ModelException(SafetensorsErrors.TooMany(path, "files in weight_map", names.Count, SafetensorsConstants.MaxShards));
                }
            }
        }

        return names.Count > 0
            ? new SafetensorsIndex(path, folder, names, fileByTensor)
            {
                TotalSize = root.TryGetProperty("metadata", out JsonElement metadata) && metadata.ValueKind == JsonValueKind.Object && metadata.TryGetProperty("total_size", out JsonElement size) ? size : null,
            }
            : throw new ModelException(SafetensorsErrors.IndexMap(path, "it lists no tensor"));
    }

    /// <summary>Without an index, all of 1 to M must be there.</summary>
    private static SafetensorsIndex Scan(ArtifactFile file, string folder, Match shard)
    {
        int count = int.Parse(shard.Groups["count"].ValueSpan, CultureInfo.InvariantCulture);
        if (count is 0 or > SafetensorsConstants.MaxShards)
        {
            throw new ModelException(SafetensorsErrors.TooMany(file.Path, "files of the set", count, SafetensorsConstants.MaxShards));
        }

        string prefix = shard.Groups["prefix"].Value;
        IEnumerable<string> names = Enumerable.Range(1, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{i:D5}-of-{count:D5}.safetensors"));
        return new SafetensorsIndex(file.Path, folder, new SortedSet<string>(names, StringComparer.Ordinal), null);
    }

    /// <summary><c>model</c> has <c>model.safetensors.index.json</c>; <c>model.fp16</c> also <c>model.safetensors.index.fp16.json</c>.</summary>
    private static IEnumerable<string> IndexNames(string prefix)
    {
        yield return $"{prefix}.safetensors.index.json";
        int dot = prefix.LastIndexOf('.');
        if (dot > 0)
        {
            yield return $"{prefix[..dot]}.safetensors.index{prefix[dot..]}.json";
        }
    }

    [GeneratedRegex(@"^(?<prefix>.*)-(?<number>\d{5})-of-(?<count>\d{5})\.safetensors$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex ShardName();
}
