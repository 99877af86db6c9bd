namespace LlmToolkit.Text;

/// <summary>Builds a tokenizer from a GGUF's <c>tokenizer.ggml.*</c> keys, with llama.cpp's results.</summary>
/// <remarks>ggml-org/llama.cpp src/llama-vocab.cpp.</remarks>
internal sealed class GgufTokenizerReader
{
    private readonly GgufVocabulary _file;
    private readonly TokenizerConfig _config;
    private readonly string? _pre;

    private GgufTokenizerReader(IModelMetadata metadata, string? pre, TokenizerConfig config) => (_file, _pre, _config) = (new GgufVocabulary(metadata), pre, config);

    public static PipelineTokenizer Read(IModelMetadata metadata, string? pre, TokenizerConfig config)
    {
        string model = metadata.Text("tokenizer.ggml.model") ?? throw TokenizerErrors.MissingKey("tokenizer.ggml.model");
        string named = pre ?? metadata.Text("tokenizer.ggml.pre") ?? "default";
        if (pre is null && model == "gpt2" && PreTokenizerRules.Find(named) is null && metadata.Text("tokenizer.huggingface.json") is { } json)
        {
            // Newer than this version's list, but the file brings the whole pipeline.
            return TokenizerJsonReader.Read(System.Text.Encoding.UTF8.GetBytes(json), null, config);
        }

        GgufTokenizerReader reader = new(metadata, pre, config);
        return new PipelineTokenizer(model switch
        {
            "gpt2" or "gemma4" or "whitespace" => reader.Bpe(model),
            "llama" => reader.Spm(),
            "bert" => reader.WordPiece(),
            "t5" => reader.Unigram(),
            _ => throw TokenizerErrors.UnknownModel(null, "tokenizer.ggml.model", model),
        });
    }

    private TokenizerParts Bpe(string model)
    {
        string pre = _pre ?? _file.Text("pre") ?? (model == "gpt2" ? "default" : model);
        PreTokenizerRule rule = PreTokenizerRules.Find(pre) ?? throw TokenizerErrors.UnknownPre(pre);
        MergeTableBuilder merges = new(_file.Vocabulary, 0, null);
        foreach (string merge in _file.Strings("merges") ?? (model == "gpt2" ? throw TokenizerErrors.MissingKey("tokenizer.ggml.merges") : []))
        {
            int space = merge.Length > 1 ? merge.IndexOf(' ', 1) : -1;
            if (space > 0)
            {
                merges.TryAdd(merge.AsSpan(0, space), merge.AsSpan(space + 1), out _);
            }
        }

        List<PreTokenizer> steps = [.. rule.Patterns.Select(p => new SplitPreTokenizer(PatternCache.Get(p), SplitBehavior.Isolated, false))];
        if (!rule.PlainText)
        {
            steps.Add(new ByteLevelPreTokenizer(false, null));
        }

        int? bos = _file.Id("bos_token_id", 11);
        int? eos = _file.Id("eos_token_id", 11);
        bool glm = pre is "glm4" or "chatglm-bpe";
        return Build(
            new BpeModel(_file.Vocabulary, merges.Build(), new BpeOptions { IgnoreMerges = rule.IgnoreMerges, ByteFallback = rule.PlainText, UnknownSeparates = true }),
            glm ? _file.Id("bos_token_id") : bos,
            eos,
            rule.ForceBos || (_file.Flag("add_bos_token") ?? rule.AddBos),
            _file.Flag("add_eos_token") ?? false,
            false) with
        {
            Normalizer = rule.EscapeSpaces ? new ReplaceCharNormalizer(' ', '▁') : _file.Flag("normalizer.nfc") == true ? new UnicodeNormalizer(true, false) : null,
            PreTokenizer = new SequencePreTokenizer(steps),
            Decoder = rule.PlainText ? PlainDecoder(false) : new ByteLevelDecoder(),
            AddedTokens = [.. _file.AddedTokens(rule.PlainText ? t => t : ByteAlphabet.Encode)],
        };
    }

    private TokenizerParts Spm()
    {
        bool prefix = _file.Flag("add_space_prefix") ?? true;
        bool[] merging = new bool[_file.Size];
        for (int id = 0; id < merging.Length; id++)
        {
            merging[id] = _file.Types[id] is not (GgufTokenType.Control or GgufTokenType.Unknown);
        }

        ScoreBpeModel model = new(_file.Vocabulary, _file.Scores, merging, [], _file.Id("unknown_token_id", 0) ?? -1, byteFallback: true, fuseUnknown: false);
        List<Normalizer> steps = prefix ? [new PrependNormalizer(" ")] : [];
        steps.Add(new ReplaceCharNormalizer(' ', '▁'));
        return Build(model, _file.Id("bos_token_id", 1), _file.Id("eos_token_id", 2), _file.Flag("add_bos_token") ?? true, _file.Flag("add_eos_token") ?? false, false) with
        {
            Normalizer = new SequenceNormalizer(steps),
            Decoder = PlainDecoder(prefix),
        };
    }

    private TokenizerParts WordPiece()
    {
        bool lowercase = _file.Flag("normalizer.lowercase") ?? true;
        bool accents = _file.Flag("normalizer.strip_accents") ?? lowercase;
        int unknown = _file.Id("unknown_token_id", 100) ?? 0;
        WordPieceModel model = new(_file.Vocabulary, _file.Vocabulary.Token(unknown)!, "", "▁", int.MaxValue);
        return Build(model, _file.Id("bos_token_id", 101), _file.Id("eos_token_id"), true, false, true) with
        {
            Normalizer = new GgufBertNormalizer(accents, lowercase),
            PreTokenizer = CharacterPreTokenizer.Bert,
            Decoder = PlainDecoder(true),
        };
    }

    private TokenizerParts Unigram()
    {
        bool prefix = _file.Flag("add_space_prefix") ?? true;
        bool[] usable = new bool[_file.Size];
        bool[] normal = new bool[_file.Size];
        double[] scores = new double[_file.Size];
        for (int id = 0; id < usable.Length; id++)
        {
            normal[id] = _file.Is(id, GgufTokenType.Normal);
            usable[id] = _file.Types[id] is GgufTokenType.Normal or GgufTokenType.UserDefined or GgufTokenType.Unused;
            scores[id] = _file.Is(id, GgufTokenType.UserDefined) ? 0 : _file.Scores[id];
        }

        int unknown = _file.Id("unknown_token_id", 2) ?? -1;
        UnigramModel model = new(_file.Vocabulary, scores, new UnigramOptions { Unknown = unknown, Usable = usable, Normal = normal, Kind = "unigram" });
        byte[]? map = _file.Bytes("precompiled_charsmap");
        return Build(model, _file.Id("bos_token_id"), _file.Id("eos_token_id", 1), _file.Flag("add_bos_token") ?? false, _file.Flag("add_eos_token") ?? true, false) with
        {
            Normalizer = new SentencePieceNormalizer(map is { Length: > 0 } ? new CharsMap(map) : null, new SentencePieceSpaces
            {
                DummyPrefix = prefix,
                RemoveExtra = _file.Flag("remove_extra_whitespaces") ?? false,
                Escape = _file.Flag("escape_whitespaces") ?? true,
                Suffix = _file.Flag("treat_whitespace_as_suffix") ?? false,
            }),
            Decoder = PlainDecoder(prefix),
        };
    }

    /// <summary>The parts that all kinds share.</summary>
    private TokenizerParts Build(TokenModel model, int? bos, int? eos, bool addBos, bool addEos, bool separator)
    {
        int? sep = _file.Id("seperator_token_id", separator ? 102 : null) ?? (separator ? eos : null);
        IReadOnlyList<(int, string)> before = addBos && bos is { } b ? [(b, _file.Vocabulary.Token(b)!)] : [];
        // llama.cpp adds BERT's separator as the end of every text, and nothing else after it.
        int? last = separator ? sep : addEos ? eos : null;
        IReadOnlyList<(int, string)> after = last is { } l ? [(l, _file.Vocabulary.Token(l)!)] : [];
        int?[] ends = [_file.Id("eot_token_id"), _file.Id("eom_token_id")];
        return new TokenizerParts
        {
            Model = model,
            Kind = model.Kind,
            PostProcessor = PostProcessor.Around(before, after),
            AddedTokens = [.. _file.AddedTokens(t => t)],
            LongestFirst = true,
            Special = new SpecialTokens
            {
                Bos = bos,
                Eos = eos,
                Pad = _file.Id("padding_token_id"),
                Unknown = _file.Id("unknown_token_id"),
                Ends = [.. ends.OfType<int>(), .. _config.Resolve(_ => null).Ends],
            },
        };
    }

    private static SequenceDecoder PlainDecoder(bool stripFirst) => new(
        [new ReplaceTextDecoder("▁", " "), new ByteFallbackDecoder(wholeRuns: false), new FuseDecoder(), .. stripFirst ? [new StripDecoder(" ", 1, 0)] : (TokenDecoder[])[]]);
}
