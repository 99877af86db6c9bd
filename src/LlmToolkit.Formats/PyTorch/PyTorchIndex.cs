using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>Which shard holds which tensor: <c>pytorch_model.bin.index.json</c>, or the shards' own names where it is absent.</summary>
internal sealed partial class PyTorchIndex
{
    /// <summary>Largest index; those of the largest models known have 10 MiB.</summary>
    private const long MaxBytes = 64L << 20;

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
        return count is < 2 or > 10_000 ? null : new PyTorchIndex { Shards = [.. Enumerable.Range(1, count).Select(i => Name(shard, i))] };
    }

    /// <summary>The tensors that a shard must hold.</summary>
    public IReadOnlyList<string> TensorsOf(string shard) => _tensors.TryGetValue(shard, out List<string>? names) ? names : [];

    private static PyTorchIndex Read(ArtifactFile file)
    {
        if (file.Length > MaxBytes)
        {
            throw PyTorchErrors.BadIndex(file.Path, $"{file.Length} bytes, over the limit of {MaxBytes}");
        }

        PyTorchIndex index = new() { File = file };
        try
        {
            using FileStream stream = new(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            using JsonDocument json = JsonDocument.Parse(stream, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            {
                throw PyTorchErrors.BadIndex(file.Path, "there is no object \"weight_map\"");
            }

            foreach (JsonProperty entry in map.EnumerateObject())
            {
                index.Add(entry.Name, entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : throw PyTorchErrors.BadIndex(file.Path, "\"weight_map\" holds what is no text"), file.Path);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new ModelException(PyTorchErrors.BadIndex(file.Path, $"no JSON: {PyTorchErrors.Show(error.Message)}").Diagnostic, error);
        }

        if (index._tensors.Count == 0)
        {
            throw PyTorchErrors.BadIndex(file.Path, "\"weight_map\" is empty");
        }

        index.Shards = [.. index._tensors.Keys.Order(StringComparer.Ordinal)];
        return index;
    }

    private void Add(string tensor, string shard, string path)
    {
        bool isPlain = shard.Length is > 0 and < 256 && shard is not ("." or "..") && shard.IndexOfAny(['/', '\\', ':', '\0']) < 0;
        if (!isPlain)
        {
            throw PyTorchErrors.IndexPath(path, shard);
        }

        if (!_tensors.TryGetValue(shard, out List<string>? names))
        {
            _tensors.Add(shard, names = []);
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
