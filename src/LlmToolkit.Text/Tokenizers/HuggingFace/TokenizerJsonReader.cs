using System.Text.Json;

namespace LlmToolkit.Text;

/// <summary>Builds a tokenizer from a tokenizer.json. Truncation and padding are left to the caller.</summary>
/// <remarks>huggingface/tokenizers src/tokenizer/serialization.rs and src/models.</remarks>
internal sealed class TokenizerJsonReader
{
    private readonly JsonFields _fields;
    private readonly ComponentReader _components;

    private TokenizerJsonReader(string? file) => _components = new ComponentReader(_fields = new JsonFields(file));

    /// <summary>Reads a file's bytes.</summary>
    public static PipelineTokenizer Read(ReadOnlyMemory<byte> bytes, string? file, TokenizerConfig config)
    {
        TokenizerJsonReader reader = new(file);
        using JsonDocument document = reader._fields.Parse(bytes);
        return reader.Build(document.RootElement, config);
    }

    private PipelineTokenizer Build(JsonElement root, TokenizerConfig config)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw _fields.Bad("the document", root, "an object");
        }

        if (root.TryGetProperty("version", out JsonElement version) && (version.ValueKind != JsonValueKind.String || version.GetString() != "1.0"))
        {
            throw _fields.Bad("version", version, "\"1.0\"");
        }

        JsonElement modelJson = _fields.Require(root, "model", JsonValueKind.Object);
        TokenModel model = Model(modelJson);
        Normalizer? normalizer = JsonFields.TryGet(root, "normalizer", out JsonElement n) ? _components.Normalizer(n) : null;
        List<AddedToken> added = AddedTokens(root, model.Vocabulary, normalizer);
        return new PipelineTokenizer(new TokenizerParts
        {
            Model = model,
            Normalizer = normalizer,
            PreTokenizer = JsonFields.TryGet(root, "pre_tokenizer", out JsonElement p) ? _components.PreTokenizer(p) : null,
            PostProcessor = JsonFields.TryGet(root, "post_processor", out JsonElement o) ? _components.PostProcessor(o, PostProcessor.None) : PostProcessor.None,
            Decoder = JsonFields.TryGet(root, "decoder", out JsonElement d) ? _components.Decoder(d) : null,
            AddedTokens = added,
            Special = config.Resolve(text => added.FirstOrDefault(t => t.Content == text)?.Id ?? (model.Vocabulary.TryGet(text, out int id) ? id : null)),
        });
    }

    private List<AddedToken> AddedTokens(JsonElement root, Vocabulary vocabulary, Normalizer? normalizer)
    {
        List<AddedToken> tokens = [];
        if (!JsonFields.TryGet(root, "added_tokens", out JsonElement list))
        {
            return tokens;
        }

        int next = vocabulary.Count;
        Dictionary<string, int> known = new(StringComparer.Ordinal);
        foreach (JsonElement json in _fields.Require(root, "added_tokens", JsonValueKind.Array).EnumerateArray())
        {
            string content = _fields.Text(json, "content");
            if (content.Length == 0)
            {
                continue;
            }

            // Its value is not used, but a file with an id that is none is damaged.
            if (JsonFields.TryGet(json, "id", out JsonElement stated) && (stated.ValueKind != JsonValueKind.Number || !stated.TryGetUInt32(out _)))
            {
                throw _fields.Bad("id of an added token", stated, "a number from 0 on");
            }

            // The reference does not read the id of a token that the model lacks: it counts on from the vocabulary's size.
            if (!known.TryGetValue(content, out int id) && !vocabulary.TryGet(content, out id))
            {
                id = next++;
            }

            known[content] = id;
            bool special = _fields.Flag(json, "special", false);
            AddedToken token = new(content, id)
            {
                SingleWord = _fields.Flag(json, "single_word", false),
                LeftStrip = _fields.Flag(json, "lstrip", false),
                RightStrip = _fields.Flag(json, "rstrip", false),
                Normalized = _fields.Flag(json, "normalized", !special),
                Special = special,
            };
            if (token.Normalized && normalizer is not null)
            {
                string pattern = normalizer.Apply(content);
                token = token with { Pattern = pattern, DecodeText = pattern };
            }

            tokens.Add(token);
        }

        return tokens;
    }

    private TokenModel Model(JsonElement json)
    {
        string type = _fields.OptionalText(json, "type") ?? Infer(json);
        return type switch
        {
            "BPE" => Bpe(json),
            "Unigram" => Unigram(json),
            "WordPiece" => new WordPieceModel(
                Vocabulary.Of(ReadVocabulary(json)), _fields.OptionalText(json, "unk_token") ?? "[UNK]", _fields.OptionalText(json, "continuing_subword_prefix") ?? "##", "",
                _fields.Int(json, "max_input_chars_per_word", 100)),
            "WordLevel" => new WordLevelModel(Vocabulary.Of(ReadVocabulary(json)), _fields.OptionalText(json, "unk_token") ?? "<unk>"),
            _ => throw TokenizerErrors.UnknownType(_fields.File, "model", type),
        };
    }

    private static string Infer(JsonElement json) =>
        json.TryGetProperty("merges", out _) ? "BPE"
        : json.TryGetProperty("unk_id", out _) ? "Unigram"
        : json.TryGetProperty("continuing_subword_prefix", out _) && json.TryGetProperty("max_input_chars_per_word", out _) ? "WordPiece" : "WordLevel";

    private Dictionary<string, int> ReadVocabulary(JsonElement json)
    {
        JsonElement vocabulary = _fields.Require(json, "vocab", JsonValueKind.Object);
        Dictionary<string, int> ids = new(vocabulary.GetPropertyCount(), StringComparer.Ordinal);
        foreach (JsonProperty entry in vocabulary.EnumerateObject())
        {
            ids[entry.Name] = _fields.Int(entry.Value, "vocab");
        }

        return ids;
    }

    private BpeModel Bpe(JsonElement json)
    {
        Vocabulary vocabulary = Vocabulary.Of(ReadVocabulary(json));
        string? prefix = _fields.OptionalText(json, "continuing_subword_prefix");
        MergeTableBuilder merges = new(vocabulary, prefix?.Length ?? 0, _fields.File);
        JsonElement list = _fields.Require(json, "merges", JsonValueKind.Array);
        merges.Reserve(list.GetArrayLength());
        foreach (JsonElement merge in list.EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.Array)
            {
                if (merge.GetArrayLength() != 2)
                {
                    throw _fields.Bad("merges", merge, "two tokens");
                }

                merges.Add(_fields.String(merge[0], "merges"), _fields.String(merge[1], "merges"));
            }
            else
            {
                merges.AddLine(_fields.String(merge, "merges"));
            }
        }

        return new BpeModel(vocabulary, merges.Build(), new BpeOptions
        {
            Unknown = _fields.OptionalText(json, "unk_token"),
            ContinuingPrefix = Affix(prefix, "continuing_subword_prefix"),
            EndSuffix = Affix(_fields.OptionalText(json, "end_of_word_suffix"), "end_of_word_suffix"),
            FuseUnknown = _fields.Flag(json, "fuse_unk", false),
            ByteFallback = _fields.Flag(json, "byte_fallback", false),
            IgnoreMerges = _fields.Flag(json, "ignore_merges", false),
        });
    }

    /// <summary>A prefix or suffix of words, or null; it is written beside every character, so it must not be a book.</summary>
    private string? Affix(string? text, string field)
    {
        const int longest = 1024;
        return string.IsNullOrEmpty(text) ? null : text.Length <= longest ? text : throw TokenizerErrors.BadJson(_fields.File, field, $"{text.Length} characters long", $"at most {longest}");
    }

    private UnigramModel Unigram(JsonElement json)
    {
        JsonElement list = _fields.Require(json, "vocab", JsonValueKind.Array);
        List<string> tokens = new(list.GetArrayLength());
        List<double> scores = new(list.GetArrayLength());
        foreach (JsonElement entry in list.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Array || entry.GetArrayLength() != 2 || entry[1].ValueKind != JsonValueKind.Number)
            {
                throw _fields.Bad("vocab", entry, "a token and its score");
            }

            tokens.Add(_fields.String(entry[0], "vocab"));
            scores.Add(entry[1].GetDouble());
        }

        int unknown = _fields.Int(json, "unk_id", -1);
        if (unknown >= tokens.Count)
        {
            throw TokenizerErrors.BadJson(_fields.File, "unk_id", $"{unknown}", $"an id below {tokens.Count}");
        }

        return new UnigramModel(Vocabulary.Of(tokens), [.. scores], new UnigramOptions
        {
            Unknown = unknown,
            ByteFallback = _fields.Flag(json, "byte_fallback", false),
        });
    }
}
