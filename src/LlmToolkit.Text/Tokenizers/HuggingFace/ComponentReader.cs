using System.Text.Json;

namespace LlmToolkit.Text;

/// <summary>Builds normalizers, pre-tokenizers, decoders and post-processors from their JSON.</summary>
internal sealed class ComponentReader(JsonFields fields)
{
    /// <summary>Nested sequences accepted; real files nest twice.</summary>
    private const int MaxDepth = 32;

    /// <summary>Components accepted in all; real files have some tens, and every one of them goes over the whole text.</summary>
    private const int MaxComponents = 1000;

    /// <summary>Tokens that a template may put around a text.</summary>
    private const int MaxTemplateTokens = 10_000;

    // The reference runs Rust's regex here, whose \w has the joiners and lacks the digits of Latin-1.
    private const string WordsAndMarks = @"[\w\u200C\u200D&&[^\u00B2\u00B3\u00B9\u00BC-\u00BE]]+|[[^\w\s\u200C\u200D]\u00B2\u00B3\u00B9\u00BC-\u00BE]+";

    private int _depth;
    private int _components;

    public Normalizer Normalizer(JsonElement json)
    {
        string type = fields.Text(json, "type");
        switch (type)
        {
            case "Sequence": return new SequenceNormalizer(List(json, "normalizers", Normalizer));
            case "NFC": return new UnicodeNormalizer(true, false);
            case "NFD": return new UnicodeNormalizer(false, false);
            case "NFKC": return new UnicodeNormalizer(true, true);
            case "NFKD": return new UnicodeNormalizer(false, true);
            case "Lowercase": return new LowercaseNormalizer();
            case "Strip" or "StripNormalizer": return new StripNormalizer(fields.Flag(json, "strip_left", true), fields.Flag(json, "strip_right", true));
            case "StripAccents": return FilterNormalizer.StripAccents;
            case "Prepend": return new PrependNormalizer(fields.Text(json, "prepend"));
            case "Nmt": return new NmtNormalizer();
            case "ByteLevel": return new ByteLevelNormalizer();
            case "BertNormalizer":
                bool lowercase = fields.Flag(json, "lowercase", true);
                return new BertNormalizer(fields.Flag(json, "clean_text", true), fields.Flag(json, "handle_chinese_chars", true), fields.Flag(json, "strip_accents", lowercase), lowercase);
            case "Precompiled":
                JsonElement map = fields.Require(json, "precompiled_charsmap", JsonValueKind.String);
                return new PrecompiledNormalizer(new CharsMap(map.TryGetBytesFromBase64(out byte[]? blob) ? blob : throw fields.Bad("precompiled_charsmap", map, "base64")));
            case "Replace":
                JsonElement pattern = fields.Require(json, "pattern", JsonValueKind.Object);
                string content = fields.Text(json, "content");
                return Literal(pattern) is [char from] && content is [char to] && !char.IsSurrogate(from) && !char.IsSurrogate(to)
                    ? new ReplaceCharNormalizer(from, to)
                    : new ReplaceNormalizer(Pattern(pattern), content);
            default: throw TokenizerErrors.UnknownType(fields.File, "normalizer", type);
        }
    }

    public PreTokenizer PreTokenizer(JsonElement json)
    {
        string type = fields.Text(json, "type");
        switch (type)
        {
            case "Sequence": return new SequencePreTokenizer(List(json, "pretokenizers", PreTokenizer));
            case "ByteLevel":
                CodePointRegex? gpt2 = fields.Flag(json, "use_regex", true) ? PatternCache.Get(ByteLevelPreTokenizer.Gpt2Pattern) : null;
                return new ByteLevelPreTokenizer(fields.Flag(json, "add_prefix_space", true), gpt2);
            case "Metaspace": return new MetaspacePreTokenizer(Character(json, "replacement", '▁'), Scheme(json), fields.Flag(json, "split", true));
            case "Split":
                return new SplitPreTokenizer(Pattern(fields.Require(json, "pattern", JsonValueKind.Object)), Behavior(json, null), fields.Flag(json, "invert", false));
            case "Whitespace": return new SplitPreTokenizer(PatternCache.Get(WordsAndMarks), SplitBehavior.Removed, invert: true);
            case "WhitespaceSplit": return CharacterPreTokenizer.WhitespaceSplit;
            case "Punctuation": return CharacterPreTokenizer.Punctuation(Behavior(json, SplitBehavior.Isolated));
            case "Digits": return CharacterPreTokenizer.Digits(fields.Flag(json, "individual_digits", false));
            case "CharDelimiterSplit": return CharacterPreTokenizer.Delimiter(Character(json, "delimiter", null));
            case "BertPreTokenizer": return CharacterPreTokenizer.Bert;
            case "UnicodeScripts": return new UnicodeScriptsPreTokenizer();
            case "FixedLength":
                int length = fields.Int(json, "length", 5);
                return new FixedLengthPreTokenizer(length > 0 ? length : throw TokenizerErrors.BadJson(fields.File, "length", $"{length}", "at least 1"));
            default: throw TokenizerErrors.UnknownType(fields.File, "pre_tokenizer", type);
        }
    }

    public TokenDecoder Decoder(JsonElement json)
    {
        string type = fields.Text(json, "type");
        switch (type)
        {
            case "Sequence": return new SequenceDecoder(List(json, "decoders", Decoder));
            case "ByteLevel": return new ByteLevelDecoder();
            case "Metaspace": return new MetaspaceDecoder(char.ConvertFromUtf32(Character(json, "replacement", '▁')), Scheme(json) != PrependScheme.Never);
            case "WordPiece": return new WordPieceDecoder(fields.OptionalText(json, "prefix") ?? "##", fields.Flag(json, "cleanup", true));
            case "ByteFallback": return new ByteFallbackDecoder();
            case "Fuse": return new FuseDecoder();
            case "Strip":
                return new StripDecoder(char.ConvertFromUtf32(Character(json, "content", null)), fields.Int(json, "start", 0), fields.Int(json, "stop", 0));
            case "Replace":
                JsonElement pattern = fields.Require(json, "pattern", JsonValueKind.Object);
                string content = fields.Text(json, "content");
                return Literal(pattern) is { Length: > 0 } literal ? new ReplaceTextDecoder(literal, content) : new ReplaceDecoder(Pattern(pattern), content);
            case "BPEDecoder": return new BpeDecoder(fields.OptionalText(json, "suffix") ?? "</w>");
            case "CTC":
                return new CtcDecoder(fields.OptionalText(json, "pad_token") ?? "<pad>", fields.OptionalText(json, "word_delimiter_token") ?? "|", fields.Flag(json, "cleanup", true));
            default: throw TokenizerErrors.UnknownType(fields.File, "decoder", type);
        }
    }

    public PostProcessor PostProcessor(JsonElement json, PostProcessor before)
    {
        string type = fields.Text(json, "type");
        switch (type)
        {
            case "Sequence":
                foreach (JsonElement part in fields.Require(json, "processors", JsonValueKind.Array).EnumerateArray())
                {
                    Enter();
                    before = PostProcessor(part, before);
                    _depth--;
                }

                return before;
            case "ByteLevel":
                return fields.Flag(json, "trim_offsets", true) ? before with { TrimOffsets = [.. before.TrimOffsets, fields.Flag(json, "add_prefix_space", true)] } : before;
            case "BertProcessing" or "RobertaProcessing":
                return Classifier(json, before, type == "RobertaProcessing");
            case "TemplateProcessing":
                Dictionary<string, TemplatePart> special = SpecialTokens(json);
                return before with { Single = Template(json, "single", special), Pair = Template(json, "pair", special) };
            default: throw TokenizerErrors.UnknownType(fields.File, "post_processor", type);
        }
    }

    private PostProcessor Classifier(JsonElement json, PostProcessor before, bool roberta)
    {
        TemplatePart cls = new(null, 0, [TokenAndId(json, "cls")]);
        TemplatePart sep = new(null, 0, [TokenAndId(json, "sep")]);
        int second = roberta ? 0 : 1;
        TemplatePart b = new(1, second, []);
        TemplatePart end = sep with { TypeId = second };
        if (roberta && fields.Flag(json, "trim_offsets", true))
        {
            before = before with { TrimOffsets = [.. before.TrimOffsets, fields.Flag(json, "add_prefix_space", true)] };
        }

        TemplatePart a = new(0, 0, []);
        return before with { Single = [cls, a, sep], Pair = roberta ? [cls, a, sep, end, b, end] : [cls, a, sep, b, end], OneType = roberta };
    }

    private (int, string) TokenAndId(JsonElement json, string name)
    {
        JsonElement pair = fields.Require(json, name, JsonValueKind.Array);
        return pair.GetArrayLength() == 2 ? (fields.Int(pair[1], name), fields.String(pair[0], name)) : throw fields.Bad(name, pair, "a token and its id");
    }

    private Dictionary<string, TemplatePart> SpecialTokens(JsonElement json)
    {
        Dictionary<string, TemplatePart> special = [];
        if (!JsonFields.TryGet(json, "special_tokens", out JsonElement tokens))
        {
            return special;
        }

        // An object by name in files; the reference also takes a list.
        IEnumerable<JsonElement> entries = tokens.ValueKind switch
        {
            JsonValueKind.Object => tokens.EnumerateObject().Select(p => p.Value),
            JsonValueKind.Array => tokens.EnumerateArray(),
            _ => throw fields.Bad("special_tokens", tokens, "an object"),
        };
        foreach (JsonElement entry in entries)
        {
            int[] ids = [.. fields.Require(entry, "ids", JsonValueKind.Array).EnumerateArray().Select(id => fields.Int(id, "ids"))];
            string[] texts = [.. fields.Require(entry, "tokens", JsonValueKind.Array).EnumerateArray().Select(t => fields.String(t, "tokens"))];
            special[fields.Text(entry, "id")] = ids.Length == texts.Length
                ? new TemplatePart(null, 0, [.. ids.Zip(texts)])
                : throw TokenizerErrors.BadJson(fields.File, "special_tokens", $"{ids.Length} ids and {texts.Length} tokens", "as many");
        }

        return special;
    }

    private List<TemplatePart> Template(JsonElement json, string name, Dictionary<string, TemplatePart> special)
    {
        List<TemplatePart> parts = [];
        int tokens = 0;
        foreach (JsonElement piece in fields.Require(json, name, JsonValueKind.Array).EnumerateArray())
        {
            if (parts.Count > 0 && (tokens += 1 + parts[^1].Tokens.Count) > MaxTemplateTokens)
            {
                throw TokenizerErrors.BadJson(fields.File, name, $"a template of more than {MaxTemplateTokens} tokens", "fewer");
            }

            if (JsonFields.TryGet(piece, "Sequence", out JsonElement sequence))
            {
                int index = fields.Text(sequence, "id") switch
                {
                    "A" => 0,
                    "B" when name == "pair" => 1,
                    string id => throw TokenizerErrors.BadJson(fields.File, name, $"the sequence \"{id}\"", "A, or in a pair B"),
                };
                parts.Add(new TemplatePart(index, fields.Int(sequence, "type_id", 0), []));
            }
            else
            {
                JsonElement token = fields.Require(piece, "SpecialToken", JsonValueKind.Object);
                string id = fields.Text(token, "id");
                parts.Add(special.TryGetValue(id, out TemplatePart? part)
                    ? part with { TypeId = fields.Int(token, "type_id", 0) }
                    : throw TokenizerErrors.BadJson(fields.File, name, $"the token \"{id}\", which special_tokens lacks", "a token of special_tokens"));
            }
        }

        return parts;
    }

    private List<T> List<T>(JsonElement json, string name, Func<JsonElement, T> read)
    {
        List<T> items = [];
        foreach (JsonElement item in fields.Require(json, name, JsonValueKind.Array).EnumerateArray())
        {
            Enter();
            items.Add(read(item));
            _depth--;
        }

        return items;
    }

    private void Enter()
    {
        if (++_depth > MaxDepth)
        {
            throw TokenizerErrors.BadJson(fields.File, "a Sequence", $"nested more than {MaxDepth} deep", "fewer levels");
        }

        if (++_components > MaxComponents)
        {
            throw TokenizerErrors.BadJson(fields.File, "a Sequence", $"made of more than {MaxComponents} parts", "fewer parts");
        }
    }

    private static string? Literal(JsonElement pattern) => JsonFields.TryGet(pattern, "String", out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private CodePointRegex Pattern(JsonElement pattern) =>
        JsonFields.TryGet(pattern, "Regex", out JsonElement regex) ? PatternCache.Get(fields.String(regex, "pattern"))
        : PatternCache.Get(RegexParser.Escape(fields.Text(pattern, "String")));

    private int Character(JsonElement json, string name, int? otherwise)
    {
        string? text = fields.OptionalText(json, name);
        if (text is null && otherwise is { } value)
        {
            return value;
        }

        return text is { Length: 1 } ? text[0] : text is { Length: 2 } && char.IsSurrogatePair(text, 0) ? char.ConvertToUtf32(text, 0)
            : throw TokenizerErrors.BadJson(fields.File, name, text is null ? "missing" : $"\"{text}\"", "one character");
    }

    private PrependScheme Scheme(JsonElement json)
    {
        PrependScheme scheme = fields.OptionalText(json, "prepend_scheme") switch
        {
            null or "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            string other => throw TokenizerErrors.BadJson(fields.File, "prepend_scheme", $"\"{other}\"", "always, first or never"),
        };
        return fields.Flag(json, "add_prefix_space", true) ? scheme : PrependScheme.Never;
    }

    private SplitBehavior Behavior(JsonElement json, SplitBehavior? otherwise) => fields.OptionalText(json, "behavior") switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        null when otherwise is { } behavior => behavior,
        string other => throw TokenizerErrors.BadJson(fields.File, "behavior", $"\"{other}\"", "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous"),
        _ => throw TokenizerErrors.BadJson(fields.File, "behavior", "missing", "a split behavior"),
    };
}
