using System.Text.Json;

namespace LlmToolkit.Hub;

/// <summary>A model that another program keeps on this disk.</summary>
/// <param name="Name">The name by which it is run here: <c>ollama:llama3.2:1b</c>, <c>lmstudio:owner/name/file.gguf</c>.</param>
/// <param name="Path">Absolute path of the file that is opened; nothing is copied.</param>
/// <param name="Bytes">Its bytes; 0 where it is missing.</param>
/// <param name="Ignored">What the other program keeps with it and this one does not use: <c>template</c>, <c>params</c>, <c>system</c>.</param>
public sealed record StoredModel(string Name, string Path, long Bytes, IReadOnlyList<string> Ignored);

/// <summary>Models of Ollama and LM Studio, where those programs keep them. They are read in place, and never changed.</summary>
/// <param name="ollama">Folders of Ollama's store; null: <c>OLLAMA_MODELS</c>, else <c>~/.ollama/models</c> and the one of its Linux service.</param>
/// <param name="lmStudio">Folders of LM Studio; null: <c>~/.lmstudio/models</c> and its older place.</param>
public sealed class LocalStores(IReadOnlyList<string>? ollama = null, IReadOnlyList<string>? lmStudio = null)
{
    /// <summary>Before names of Ollama's store.</summary>
    public const string OllamaPrefix = "ollama:";

    /// <summary>Before names of LM Studio's.</summary>
    public const string LmStudioPrefix = "lmstudio:";

    private const string DefaultHost = "registry.ollama.ai";
    private const string DefaultOwner = "library";

    /// <summary>A manifest lists some ten layers of 150 bytes.</summary>
    private const int MaxManifest = 1 << 20;

    private const string LayerPrefix = "application/vnd.ollama.image.";

    private static readonly EnumerationOptions s_below = new() { RecurseSubdirectories = true, MaxRecursionDepth = 8, IgnoreInaccessible = true };

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);

    /// <summary>The folders that are looked in.</summary>
    public IReadOnlyList<string> OllamaFolders { get; } = ollama ?? (Environment.GetEnvironmentVariable("OLLAMA_MODELS") is { Length: > 0 } named ? [named] : [Path.Combine(Home, ".ollama", "models"), "/usr/share/ollama/.ollama/models"]);

    /// <summary>The folders that are looked in.</summary>
    public IReadOnlyList<string> LmStudioFolders { get; } = lmStudio ?? [Path.Combine(Home, ".lmstudio", "models"), Path.Combine(Home, ".cache", "lm-studio", "models")];

    /// <summary>True for a name of one of the stores.</summary>
    public static bool IsName(string text) =>
        text.StartsWith(OllamaPrefix, StringComparison.OrdinalIgnoreCase) || text.StartsWith(LmStudioPrefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Every model of both, sorted by name. What cannot be read is passed over.</summary>
    public IEnumerable<StoredModel> List()
    {
        List<StoredModel> models = [];
        foreach (string folder in OllamaFolders.Select(f => Path.Combine(f, "manifests")).Where(Directory.Exists))
        {
            foreach (string path in Directory.EnumerateFiles(folder, "*", s_below))
            {
                string[] parts = Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar);
                if (parts.Length >= 3 && parts.All(IsNamePart) && Quietly(() => OfManifest(Shown(parts), Path.GetDirectoryName(folder)!, path)) is { } model)
                {
                    models.Add(model);
                }
            }
        }

        foreach (string folder in LmStudioFolders.Where(Directory.Exists))
        {
            foreach (string path in Directory.EnumerateFiles(folder, "*.gguf", s_below).Where(p => !WeightSets.IsGgufSideFile(Path.GetFileName(p)) && !IsLaterPart(p)))
            {
                models.Add(new StoredModel(LmStudioPrefix + Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'), path, HubCache.FileLength(path) ?? 0, []));
            }
        }

        return models.OrderBy(m => m.Name, StringComparer.Ordinal).DistinctBy(m => m.Name);
    }

    /// <summary>The model of a name.</summary>
    /// <exception cref="ModelException">No store has it, or its manifest or file is damaged.</exception>
    public StoredModel Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith(OllamaPrefix, StringComparison.OrdinalIgnoreCase) ? FindOllama(name[OllamaPrefix.Length..]) : FindLmStudio(name[LmStudioPrefix.Length..]);
    }

    private StoredModel FindOllama(string text)
    {
        int colon = text.LastIndexOf(':');
        string tag = colon > text.LastIndexOf('/') ? text[(colon + 1)..] : "latest";
        string[] parts = (colon > text.LastIndexOf('/') ? text[..colon] : text).Split('/');
        string[] place = parts.Length switch
        {
            1 => [DefaultHost, DefaultOwner, parts[0], tag],
            2 => [DefaultHost, .. parts, tag],
            _ => [.. parts, tag],
        };
        if (!place.All(IsNamePart))
        {
            throw LocalStoreErrors.NotFound(OllamaPrefix + text, OllamaFolders, []);
        }

        foreach (string folder in OllamaFolders)
        {
            string manifest = Path.Combine([folder, "manifests", .. place]);
            if (File.Exists(manifest))
            {
                return OfManifest(OllamaPrefix + text, folder, manifest);
            }
        }

        throw LocalStoreErrors.NotFound(OllamaPrefix + text, OllamaFolders, Near(OllamaPrefix + text));
    }

    private StoredModel FindLmStudio(string text)
    {
        string name = LmStudioPrefix + text;
        StoredModel[] found = [.. List().Where(m => m.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || m.Name.StartsWith(name.TrimEnd('/') + "/", StringComparison.OrdinalIgnoreCase))];
        return found.Length switch
        {
            0 => throw LocalStoreErrors.NotFound(name, LmStudioFolders, Near(name)),
            1 => found[0],
            _ => found.FirstOrDefault(m => m.Name.Contains("Q4_K_M", StringComparison.OrdinalIgnoreCase)) ?? throw LocalStoreErrors.Several(name, [.. found.Select(m => m.Name)]),
        };
    }

    private IReadOnlyList<string> Near(string name) => NearNames.Of(name, List().Select(m => m.Name), 5);

    private static StoredModel OfManifest(string name, string store, string manifest)
    {
        if (HubCache.ReadSmall(manifest, MaxManifest) is not { } text)
        {
            throw LocalStoreErrors.Damaged(name, manifest, "it cannot be read, or is too long to be one");
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            string? digest = null;
            List<string> ignored = [];
            foreach (JsonElement layer in json.RootElement.GetProperty("layers").EnumerateArray())
            {
                string kind = layer.GetProperty("mediaType").GetString() is { } type && type.StartsWith(LayerPrefix, StringComparison.Ordinal) ? type[LayerPrefix.Length..] : "";
                if (kind == "model")
                {
                    digest ??= layer.GetProperty("digest").GetString();
                }
                else if (kind is "template" or "params" or "system" or "adapter" or "projector")
                {
                    ignored.Add(kind);
                }
            }

            // The digest becomes a part of a path: 64 digits, and nothing else.
            const string algorithm = "sha256:";
            if (digest is null || !digest.StartsWith(algorithm, StringComparison.Ordinal) || digest.Length != algorithm.Length + 64 || !digest[algorithm.Length..].All(char.IsAsciiHexDigitLower))
            {
                throw LocalStoreErrors.Damaged(name, manifest, digest is null ? "it names no model" : "the digest of its model is none");
            }

            string blob = Path.Combine(store, "blobs", "sha256-" + digest[algorithm.Length..]);
            return HubCache.FileLength(blob) is { } length ? new StoredModel(name, blob, length, ignored) : throw LocalStoreErrors.Damaged(name, manifest, $"its model {blob} is missing");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw LocalStoreErrors.Damaged(name, manifest, "it is no manifest");
        }
    }

    /// <summary>Without the host and the owner that go without saying.</summary>
    private static string Shown(string[] place)
    {
        IEnumerable<string> parts = place[..^1];
        if (place[0] == DefaultHost)
        {
            parts = parts.Skip(place[1] == DefaultOwner ? 2 : 1);
        }

        return OllamaPrefix + string.Join('/', parts) + (place[^1] == "latest" ? "" : ":" + place[^1]);
    }

    private static bool IsNamePart(string part) => part.Length is > 0 and <= 128 && part is not ("." or "..") && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static bool IsLaterPart(string path) =>
        System.Text.RegularExpressions.Regex.IsMatch(Path.GetFileName(path), @"-(?!00001)\d{5}-of-\d{5}\.gguf$", System.Text.RegularExpressions.RegexOptions.IgnoreCase);

    private static StoredModel? Quietly(Func<StoredModel> find)
    {
        try
        {
            return find();
        }
        catch (ModelException)
        {
            return null;
        }
    }
}
