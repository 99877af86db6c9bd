using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>Which shard holds which tensor: <c>pytorch_model.bin.index.json</c>, or the shards' own names where it is absent.</summary>
internal sealed partial class PyTorchIndex
{
    /// <summary>Most files of a set; the largest known have some hundred.</summary>
    private const int MaxShards = 10_000;

    private const string Suffix = ".index.json";

    private readonly Dictionary<string, List<string>> _tensors = new(StringComparer.Ordinal);

    private PyTorchIndex()
    {
    }

    /// <summary>The index file; null when the shards were counted by their names.</summary>
    public ArtifactFile? File { get; private init; }

    /// <summary>The shards, in order.</summary>
    public IReadOnlyList<string> Shards { get; private set; } = [];

    /// <summary>True when it says which tensors exist.</summary>
    public bool IsComplete => File is not null;

    /// <summary>The index that the named file is, or that lists it; null: it is a file of its own.</summary>
    public static PyTorchIndex? Find(ModelArtifact artifact)
    {
        ArtifactFile file = artifact.Files[0];
        if (file.Name.EndsWith(Suffix, StringComparison.Ordinal))
        {
            return Read(file);
        }

        if (ShardName().Match(file.Name) is not { Success: true } shard)
        {
            return null;
        }

        string path = Path.Combine(artifact.Directory, shard.Groups["stem"].Value + shard.Groups["end"].Value + Suffix);
        if (System.IO.File.Exists(path))
        {
            PyTorchIndex index = Read(ModelArtifact.FromPath(path).Files[0]);
            if (index._tensors.ContainsKey(file.Name))
            {
                return index;
            }
        }

        int count = int.Parse(shard.Groups["count"].Value, CultureInfo.InvariantCulture);
        return count is < 2 or > MaxShards ? null : new PyTorchIndex { Shards = [.. Enumerable.Range(1, count).Select(i => Name(shard, i))] };
    }

    /// <summary>The tensors that a shard must hold.</summary>
    public IReadOnlyList<string> TensorsOf(string shard) => _tensors.TryGetValue(shard, out List<string>? names) ? names : [];

    private static PyTorchIndex Read(ArtifactFile file)
    {
        PyTorchIndex index = new() { File = file };
        JsonElement root = JsonLimits.ReadObject(file.Path, JsonLimits.MaxIndexBytes);
        if (!root.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
        {
            throw PyTorchSetErrors.BadIndex(file.Path, "there is no object \"weight_map\"");
        }

        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string shard = entry.Value.ValueKind == JsonValueKind.String
                ? entry.Value.GetString()!
                : throw PyTorchSetErrors.BadIndex(file.Path, $"the file of \"{Shown.Text(entry.Name)}\" is a {entry.Value.ValueKind}");
            index.Add(entry.Name, shard, file.Path);
        }

        if (index._tensors.Count == 0)
        {
            throw PyTorchSetErrors.BadIndex(file.Path, "\"weight_map\" is empty");
        }

        index.Shards = [.. index._tensors.Keys.Order(StringComparer.Ordinal)];
        return index;
    }

    private void Add(string tensor, string shard, string path)
    {
        if (!_tensors.TryGetValue(shard, out List<string>? names))
        {
            ModelFolder.CheckPlain(shard, path, "weight_map");
            _tensors.Add(shard, names = []);
            if (_tensors.Count > MaxShards)
            {
                throw PyTorchSetErrors.BadIndex(path, $"it names more than {MaxShards} files");
            }
        }

        names.Add(tensor);
    }

    private static string Name(Match shard, int number)
    {
        int width = shard.Groups["number"].Length;
        return $"{shard.Groups["stem"].Value}-{number.ToString($"D{width}", CultureInfo.InvariantCulture)}-of-{shard.Groups["count"].Value}{shard.Groups["end"].Value}";
    }

    [GeneratedRegex(@"^(?<stem>.+)-(?<number>\d{5,6})-of-(?<count>\d{5,6})(?<end>\.(bin|pt|pth))$", RegexOptions.CultureInvariant)]
    private static partial Regex ShardName();
}
