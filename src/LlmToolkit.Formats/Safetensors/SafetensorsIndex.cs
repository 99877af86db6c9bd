using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>Which file of a sharded model holds which tensor: from <c>model.safetensors.index.json</c>, or from the shards' names alone.</summary>
internal sealed partial class SafetensorsIndex
{
    private readonly Dictionary<string, string>? _fileByTensor;

    private SafetensorsIndex(string path, IReadOnlyList<ArtifactFile> files, Dictionary<string, string>? fileByTensor) =>
        (Path, Files, _fileByTensor) = (path, files, fileByTensor);

    /// <summary>The index, or the shard that was named when there is none.</summary>
    public string Path { get; }

    /// <summary>The shards, sorted by name.</summary>
    public IReadOnlyList<ArtifactFile> Files { get; }

    /// <summary>True for the name of an index.</summary>
    public static bool IsIndexName(string name) =>
        name.Contains(".safetensors.index.", StringComparison.OrdinalIgnoreCase) && name.EndsWith(".json", StringComparison.OrdinalIgnoreCase);

    /// <summary>The set that a file belongs to; null: it stands alone.</summary>
    /// <exception cref="ModelException">The index is faulty, or shards are missing.</exception>
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
    /// <exception cref="ModelException">A listed tensor is in no file, or a tensor is in two and no index decides.</exception>
    public IReadOnlyList<TensorInfo> Merge(IReadOnlyList<SafetensorsHeader> headers, List<Diagnostic> warnings)
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
                throw new ModelException(SafetensorsErrors.TensorTwice(tensor.File.Path, tensor.Name, seen[tensor.Name]));
            }
        }

        if (_fileByTensor is not null && _fileByTensor.Count != merged.Count)
        {
            throw new ModelException(SafetensorsErrors.TensorNotInShard(Path, [.. _fileByTensor.Keys.Where(n => !seen.ContainsKey(n))]));
        }

        if (unlisted.Count > 0)
        {
            warnings.Add(SafetensorsErrors.Unlisted(Path, unlisted));
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
            ? new SafetensorsIndex(path, Find(folder, names, path), fileByTensor)
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
        return new SafetensorsIndex(file.Path, Find(folder, new SortedSet<string>(names, StringComparer.Ordinal), file.Path), null);
    }

    private static List<ArtifactFile> Find(string folder, SortedSet<string> names, string path)
    {
        List<string> missing = [.. names.Where(n => !File.Exists(System.IO.Path.Combine(folder, n)))];
        return missing.Count == 0
            ? [.. names.Select(n => ModelFolder.File(folder, n))]
            : throw new ModelException(SafetensorsErrors.ShardsMissing(path, missing, names.Count));
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
