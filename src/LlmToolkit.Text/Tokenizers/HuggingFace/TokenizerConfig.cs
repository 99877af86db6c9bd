using System.Text.Json;

namespace LlmToolkit.Text;

/// <summary>What tokenizer_config.json, special_tokens_map.json, generation_config.json, config.json and added_tokens.json say about a tokenizer.</summary>
internal sealed class TokenizerConfig
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<int> _ends = [];

    /// <summary>The class that transformers would build.</summary>
    public string? Class { get; private set; }

    /// <summary>Whether a dummy prefix follows special tokens too (SentencePiece files). Default: true.</summary>
    public bool Legacy { get; private set; } = true;

    /// <summary>Whether a begin token is added; null: as the class does.</summary>
    public bool? AddBos { get; private set; }

    /// <summary>Whether an end token is added; null: as the class does.</summary>
    public bool? AddEos { get; private set; }

    /// <summary>Lower-casing, for vocab.txt. Default: true.</summary>
    public bool Lowercase { get; private set; } = true;

    /// <summary>Accent removal, for vocab.txt; null: as <see cref="Lowercase"/>.</summary>
    public bool? StripAccents { get; private set; }

    /// <summary>Spaces around ideographs, for vocab.txt. Default: true.</summary>
    public bool ChineseChars { get; private set; } = true;

    /// <summary>A space before the text, for vocab.json. Default: false.</summary>
    public bool AddPrefixSpace { get; private set; }

    /// <summary>Tokens beyond the vocabulary file, with their ids.</summary>
    public List<AddedToken> AddedTokens { get; } = [];

    public static TokenizerConfig Read(TokenizerSource source)
    {
        TokenizerConfig config = new();
        // Later files overrule earlier ones.
        ReadFile(source, "config.json", config.ReadIds);
        ReadFile(source, "added_tokens.json", config.ReadAddedTokens);
        ReadFile(source, "special_tokens_map.json", config.ReadTexts);
        ReadFile(source, "tokenizer_config.json", config.ReadConfig);
        ReadFile(source, "generation_config.json", config.ReadIds);
        return config;
    }

    /// <summary>Text of a role (<c>bos_token</c> …), or null.</summary>
    public string? Text(string role) => _texts.GetValueOrDefault(role);

    /// <summary>The ids of the roles, given a way to find a token.</summary>
    public SpecialTokens Resolve(Func<string, int?> find, string? defaultBos = null, string? defaultEos = null, string? defaultUnknown = null, string? defaultPad = null)
    {
        return new SpecialTokens
        {
            Bos = Find("bos_token", defaultBos) ?? Id("bos_token_id"),
            Eos = Find("eos_token", defaultEos) ?? Id("eos_token_id"),
            Pad = Find("pad_token", defaultPad) ?? Id("pad_token_id"),
            Unknown = Find("unk_token", defaultUnknown),
            Ends = _ends,
        };

        int? Id(string name) => _ids.TryGetValue(name, out int id) ? id : null;
        int? Find(string role, string? otherwise) => (Text(role) ?? otherwise) is { } text ? find(text) : null;
    }

    private static void ReadFile(TokenizerSource source, string name, Action<JsonElement, JsonFields> read)
    {
        if (!source.Files.TryGetValue(name, out string? path) || !File.Exists(path))
        {
            return;
        }

        JsonFields fields = new(path);
        using JsonDocument document = fields.Parse(File.ReadAllBytes(path));
        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            read(document.RootElement, fields);
        }
    }

    private void ReadIds(JsonElement json, JsonFields fields)
    {
        foreach (string name in (ReadOnlySpan<string>)["bos_token_id", "eos_token_id", "pad_token_id"])
        {
            if (!JsonFields.TryGet(json, name, out JsonElement value))
            {
                continue;
            }

            int[] ids = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Where(IsInt).Select(v => v.GetInt32())] : IsInt(value) ? [value.GetInt32()] : [];
            if (ids.Length > 0)
            {
                _ids[name] = ids[0];
            }

            if (name == "eos_token_id")
            {
                _ends.AddRange(ids);
            }
        }

        static bool IsInt(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _);
    }

    private void ReadTexts(JsonElement json, JsonFields fields)
    {
        foreach (string role in (ReadOnlySpan<string>)["bos_token", "eos_token", "unk_token", "pad_token", "cls_token", "sep_token", "mask_token"])
        {
            if (!json.TryGetProperty(role, out JsonElement value))
            {
                continue;
            }

            if (value.ValueKind == JsonValueKind.Object && JsonFields.TryGet(value, "content", out JsonElement content))
            {
                value = content;
            }

            if (value.ValueKind == JsonValueKind.String)
            {
                _texts[role] = fields.String(value, role);
            }
        }
    }

    private void ReadConfig(JsonElement json, JsonFields fields)
    {
        ReadTexts(json, fields);
        Class = Optional("tokenizer_class");
        Legacy = Bool("legacy") ?? true;
        AddBos = Bool("add_bos_token");
        AddEos = Bool("add_eos_token");
        Lowercase = Bool("do_lower_case") ?? true;
        StripAccents = Bool("strip_accents");
        ChineseChars = Bool("tokenize_chinese_chars") ?? true;
        AddPrefixSpace = Bool("add_prefix_space") ?? false;
        if (!JsonFields.TryGet(json, "added_tokens_decoder", out JsonElement added) || added.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (JsonProperty entry in added.EnumerateObject())
        {
            if (int.TryParse(entry.Name, out int id) && id >= 0 && fields.OptionalText(entry.Value, "content") is { Length: > 0 } content)
            {
                AddedTokens.RemoveAll(t => t.Content == content);
                AddedTokens.Add(new AddedToken(content, id)
                {
                    SingleWord = fields.Flag(entry.Value, "single_word", false),
                    LeftStrip = fields.Flag(entry.Value, "lstrip", false),
                    RightStrip = fields.Flag(entry.Value, "rstrip", false),
                    Normalized = fields.Flag(entry.Value, "normalized", false),
                    Special = fields.Flag(entry.Value, "special", false),
                });
            }
        }

        string? Optional(string name) => JsonFields.TryGet(json, name, out JsonElement v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;
        bool? Bool(string name) => JsonFields.TryGet(json, name, out JsonElement v) && v.ValueKind is JsonValueKind.True or JsonValueKind.False ? v.GetBoolean() : null;
    }

    private void ReadAddedTokens(JsonElement json, JsonFields fields)
    {
        foreach (JsonProperty entry in json.EnumerateObject())
        {
            if (entry.Name.Length > 0 && entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out int id) && id >= 0)
            {
                AddedTokens.Add(new AddedToken(entry.Name, id));
            }
        }
    }
}
