using System.Text.Json;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.HuggingFace;

/// <summary>What a folder's tokenizer files tell without building the tokenizer: one pass over tokenizer.json, nothing kept of its vocabulary.</summary>
internal static class HuggingFaceTokenizerInfo
{
    /// <summary>Largest tokenizer.json looked into. The largest real ones take 40 MB.</summary>
    private const int MaxBytes = 256 << 20;

    private static readonly (string Member, string Role)[] s_roles =
        [("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unk"), ("sep_token", "sep"), ("pad_token", "pad"), ("cls_token", "cls"), ("mask_token", "mask")];

    /// <summary>Reads the facts; null: there is no tokenizer, or its file is for the tokenizer's own reader to refuse.</summary>
    public static TokenizerInfo? Read(HuggingFaceFolder folder)
    {
        if (folder.Tokenizer is not { } source)
        {
            return null;
        }

        if (!source.Files.TryGetValue("tokenizer.json", out string? path))
        {
            return new TokenizerInfo(KindByFiles(source.Files), null, null, Special(folder, []));
        }

        try
        {
            Scan scan = Look(path);
            return new TokenizerInfo(scan.Kind, null, scan.Vocabulary, Special(folder, scan.Added));
        }
        catch (Exception e) when (e is ModelException or JsonException or InvalidOperationException)
        {
            // Whoever needs the tokenizer reads the file in full and says what is wrong; here it is one fact of many.
            return null;
        }
    }

    private static string KindByFiles(IReadOnlyDictionary<string, string> files) =>
        files.ContainsKey("tekken.json") || files.Keys.Any(n => n.EndsWith(".tiktoken", StringComparison.Ordinal)) || files.ContainsKey("merges.txt") ? "bpe"
        : files.ContainsKey("tokenizer.model") ? "spm"
        : files.ContainsKey("vocab.txt") ? "wordpiece"
        : "unigram";

    private static Dictionary<string, int> Special(HuggingFaceFolder folder, Dictionary<string, int> added)
    {
        Dictionary<string, int> special = [];
        foreach ((string member, string role) in s_roles)
        {
            JsonElement? token = folder.TokenizerConfig is { } config ? JsonMetadata.Find(config, member) : null;
            JsonElement? text = token is { ValueKind: JsonValueKind.Object } o ? JsonMetadata.Find(o, "content") : token;
            if (text is { ValueKind: JsonValueKind.String } content && added.TryGetValue(content.GetString()!, out int id))
            {
                special[role] = id;
            }
            else if (HuggingFaceModelInfo.Ids(folder.Config, member + "_id").Select(i => (int?)i).FirstOrDefault() is { } configured)
            {
                special[role] = configured;
            }
        }

        return special;
    }

    private static Scan Look(string path)
    {
        MappedFile file = MappedFile.Open(new ArtifactFile(path, 0));
        try
        {
            if (file.Length is 0 or > MaxBytes)
            {
                throw new ModelException(FileErrors.JsonTooLarge(path, file.Length, MaxBytes));
            }

            return Look(new Utf8JsonReader(file.Span(0, (int)file.Length), new JsonReaderOptions { MaxDepth = JsonLimits.MaxDepth }));
        }
        finally
        {
            file.Release();
        }
    }

    private static Scan Look(Utf8JsonReader json)
    {
        string? type = null;
        int entries = 0;
        bool hasMerges = false;
        Dictionary<string, int> added = new(StringComparer.Ordinal);
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (json.CurrentDepth == 1 && json.ValueTextEquals("added_tokens"u8))
            {
                ReadAdded(ref json, added);
            }
            else if (json.CurrentDepth == 1 && !json.ValueTextEquals("model"u8))
            {
                json.Skip();
            }
            else if (json.CurrentDepth == 2 && json.ValueTextEquals("type"u8))
            {
                json.Read();
                type = json.GetString();
            }
            else if (json.CurrentDepth == 2 && json.ValueTextEquals("vocab"u8))
            {
                entries = CountEntries(ref json);
            }
            else if (json.CurrentDepth == 2)
            {
                hasMerges |= json.ValueTextEquals("merges"u8);
                json.Skip();
            }
        }

        string kind = type?.ToLowerInvariant() ?? (hasMerges ? "bpe" : "wordpiece");
        return new Scan(kind, Math.Max(entries, added.Count == 0 ? 0 : added.Values.Max() + 1), added);
    }

    private static int CountEntries(ref Utf8JsonReader json)
    {
        json.Read();
        int depth = json.CurrentDepth, count = 0;
        bool isObject = json.TokenType == JsonTokenType.StartObject;
        while (json.Read() && json.CurrentDepth > depth)
        {
            count += json.CurrentDepth == depth + 1 && (isObject ? json.TokenType == JsonTokenType.PropertyName : json.TokenType == JsonTokenType.StartArray) ? 1 : 0;
        }

        return count;
    }

    private static void ReadAdded(ref Utf8JsonReader json, Dictionary<string, int> added)
    {
        json.Read();
        int depth = json.CurrentDepth;
        string? content = null;
        int? id = null;
        while (json.Read() && json.CurrentDepth > depth)
        {
            if (json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("id"u8))
            {
                json.Read();
                id = json.TokenType == JsonTokenType.Number && json.TryGetInt32(out int number) && number >= 0 ? number : null;
            }
            else if (json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("content"u8))
            {
                json.Read();
                content = json.TokenType == JsonTokenType.String ? json.GetString() : null;
            }
            else if (json.TokenType == JsonTokenType.EndObject && content is not null && id is not null)
            {
                added.TryAdd(content, id.Value);
                (content, id) = (null, null);
            }
        }
    }

    private sealed record Scan(string Kind, int Vocabulary, Dictionary<string, int> Added);
}
