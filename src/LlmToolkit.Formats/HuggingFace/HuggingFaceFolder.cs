using System.Text.Json;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>The small files of a model's folder: configuration, generation settings, chat template, tokenizer, embedding steps.</summary>
internal sealed class HuggingFaceFolder
{
    /// <summary>Files a tokenizer may be built from, or that change it.</summary>
    private static readonly string[] s_tokenizerFiles =
    [
        "tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "generation_config.json", "config.json", "spiece.model", "sentencepiece.bpe.model", "spm.model", "bpe.codes",
    ];

    /// <summary>Files that hold a vocabulary: with one of these there is a tokenizer.</summary>
    private static readonly string[] s_vocabularies =
        ["tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model", "spm.model"];

    private readonly string _folder;
    private readonly JsonElement? _tokenizerConfig;
    private readonly List<Diagnostic> _warnings = [];

    private HuggingFaceFolder(string folder)
    {
        _folder = folder;
        Config = new JsonMetadata(ReadObject("config.json") ?? throw new ModelException(HuggingFaceErrors.NoConfig(folder)));
        Generation = ReadObject("generation_config.json");
        _tokenizerConfig = ReadObject("tokenizer_config.json");
        Tokenizer = FindTokenizer();
        ChatTemplate = ReadTemplate();
        Pooling = ReadPooling();
        if (JsonMetadata.Find(Config.Root, "auto_map") is not null)
        {
            _warnings.Add(HuggingFaceErrors.RemoteCode(PathOf("config.json")));
        }
    }

    /// <summary>The configuration.</summary>
    public JsonMetadata Config { get; }

    /// <summary>generation_config.json; null: there is none.</summary>
    public JsonElement? Generation { get; }

    /// <summary>What the tokenizer is built from; null: there is none.</summary>
    public TokenizerSource? Tokenizer { get; }

    /// <summary>tokenizer_config.json; null: there is none.</summary>
    public JsonElement? TokenizerConfig => _tokenizerConfig;

    /// <summary>The chat template; null: there is none.</summary>
    public string? ChatTemplate { get; }

    /// <summary>How an embedding is made.</summary>
    public PoolingOptions Pooling { get; }

    /// <summary>True when modules.json makes it an embedding model.</summary>
    public bool HasModules { get; private set; }

    /// <summary>What is worth knowing.</summary>
    public IReadOnlyList<Diagnostic> Warnings => _warnings;

    /// <summary>True when a folder has a configuration.</summary>
    public static bool HasConfig(string folder) => File.Exists(Path.Combine(folder, "config.json"));

    /// <summary>The model that a PEFT adapter belongs to; null: adapter_config.json does not say.</summary>
    /// <exception cref="ModelException">adapter_config.json cannot be read.</exception>
    public static string? AdapterBase(string folder) =>
        JsonMetadata.Find(JsonLimits.ReadObject(ModelFolder.File(folder, "adapter_config.json").Path), "base_model_name_or_path") is { ValueKind: JsonValueKind.String } name ? name.GetString() : null;

    /// <summary>Reads the small files.</summary>
    /// <exception cref="ModelException">One of them is there and cannot be used.</exception>
    public static HuggingFaceFolder Read(string folder)
    {
        try
        {
            return new HuggingFaceFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException(FileErrors.Unreadable(folder, e), e);
        }
    }

    /// <summary>The name people know the model by: the folder's, or the repository's for a snapshot in the Hub cache.</summary>
    public string Name
    {
        get
        {
            DirectoryInfo folder = new(_folder);
            const string prefix = "models--";
            return folder.Parent is { Name: "snapshots", Parent: { } repository } && repository.Name.StartsWith(prefix, StringComparison.Ordinal)
                ? repository.Name[prefix.Length..].Replace("--", "/", StringComparison.Ordinal)
                : folder.Name;
        }
    }

    /// <summary>The licence in README.md's front matter; null: there is none.</summary>
    public string? License()
    {
        const int most = 1 << 16;
        if (!File.Exists(PathOf("README.md")))
        {
            return null;
        }

        try
        {
            MappedFile file = MappedFile.Open(ModelFolder.File(_folder, "README.md"));
            string head;
            try
            {
                head = System.Text.Encoding.UTF8.GetString(file.Head(most));
            }
            finally
            {
                file.Release();
            }

            string[] lines = head.Split('\n');
            return lines[0].Trim() != "---" ? null : lines.Skip(1).TakeWhile(l => l.Trim() != "---")
                .FirstOrDefault(l => l.StartsWith("license:", StringComparison.Ordinal))?["license:".Length..].Trim().Trim('"', '\'') is { Length: > 0 } license ? license : null;
        }
        catch (ModelException)
        {
            // A README is no part of the model: what cannot be read is as good as absent.
            return null;
        }
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private JsonElement? ReadObject(string name) =>
        ModelFolder.Exists(_folder, name) ? JsonLimits.ReadObject(ModelFolder.File(_folder, name).Path) : null;

    private TokenizerSource? FindTokenizer()
    {
        Dictionary<string, string> files = [];
        foreach (string name in s_tokenizerFiles.Where(n => ModelFolder.Exists(_folder, n)))
        {
            files[name] = ModelFolder.File(_folder, name).Path;
        }

        foreach (string path in Directory.EnumerateFiles(_folder, "*.tiktoken"))
        {
            files[Path.GetFileName(path)] = ModelFolder.File(_folder, Path.GetFileName(path)).Path;
        }

        return files.Keys.Any(n => s_vocabularies.Contains(n) || n.EndsWith(".tiktoken", StringComparison.Ordinal)) ? new TokenizerSource { Files = files } : null;
    }

    /// <summary>chat_template.jinja, else chat_template.json, else tokenizer_config.json: a text, or a list of named texts of which "default" counts.</summary>
    private string? ReadTemplate()
    {
        if (ModelFolder.Exists(_folder, "chat_template.jinja"))
        {
            return System.Text.Encoding.UTF8.GetString(JsonLimits.ReadBytes(ModelFolder.File(_folder, "chat_template.jinja").Path));
        }

        return Template(ReadObject("chat_template.json")) ?? Template(_tokenizerConfig);
    }

    private static string? Template(JsonElement? file)
    {
        if (file is not { } root || JsonMetadata.Find(root, "chat_template") is not { } template)
        {
            return null;
        }

        if (template.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement named in template.EnumerateArray())
            {
                if (JsonMetadata.Find(named, "name") is { ValueKind: JsonValueKind.String } name && name.ValueEquals("default"))
                {
                    return JsonMetadata.Find(named, "template") is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
                }
            }
        }

        return template.ValueKind == JsonValueKind.String ? template.GetString() : null;
    }

    /// <summary>The steps of modules.json. Source: sentence-transformers, <c>models/Pooling.py</c> and <c>models/Transformer.py</c>.</summary>
    private PoolingOptions ReadPooling()
    {
        if (!ModelFolder.Exists(_folder, "modules.json"))
        {
            return new PoolingOptions();
        }

        string path = ModelFolder.File(_folder, "modules.json").Path;
        JsonElement modules = JsonLimits.Read(path);
        if (modules.ValueKind != JsonValueKind.Array)
        {
            throw new ModelException(HuggingFaceErrors.ConfigValue(path, "modules.json", modules.ValueKind.ToString(), "an array of steps"));
        }

        HasModules = true;
        PoolingOptions pooling = new() { MaxTokens = MaxTokens() };
        foreach (JsonElement module in modules.EnumerateArray())
        {
            string type = JsonMetadata.Find(module, "type") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
            switch (type[(type.LastIndexOf('.') + 1)..])
            {
                case "Transformer":
                    break;
                case "Pooling":
                    string folder = JsonMetadata.Find(module, "path") is { ValueKind: JsonValueKind.String } sub ? sub.GetString()! : "1_Pooling";
                    ModelFolder.CheckPlain(folder, path, "path");
                    pooling = pooling with { Mode = ReadMode(folder) };
                    break;
                case "Normalize":
                    pooling = pooling with { Normalize = true };
                    break;
                default:
                    _warnings.Add(HuggingFaceErrors.ModuleIgnored(path, type));
                    break;
            }
        }

        return pooling;
    }

    private int? MaxTokens() =>
        ReadObject("sentence_bert_config.json") is { } config && JsonMetadata.Find(config, "max_seq_length") is { ValueKind: JsonValueKind.Number } most && most.TryGetInt32(out int tokens) && tokens > 0
            ? tokens
            : null;

    private string ReadMode(string folder)
    {
        string path = Path.Combine(_folder, folder);
        if (!ModelFolder.Exists(path, "config.json"))
        {
            return new PoolingOptions().Mode;
        }

        JsonElement config = JsonLimits.ReadObject(ModelFolder.File(path, "config.json").Path);
        if (JsonMetadata.Find(config, "pooling_mode") is { ValueKind: JsonValueKind.String } named)
        {
            return named.GetString()!;
        }

        bool Is(string key) => JsonMetadata.Find(config, key) is { ValueKind: JsonValueKind.True };
        return Is("pooling_mode_cls_token") ? "cls"
            : Is("pooling_mode_max_tokens") ? "max"
            : Is("pooling_mode_mean_sqrt_len_tokens") ? "mean_sqrt_len_tokens"
            : Is("pooling_mode_weightedmean_tokens") ? "weightedmean"
            : Is("pooling_mode_lasttoken") ? "lasttoken"
            : "mean";
    }
}
