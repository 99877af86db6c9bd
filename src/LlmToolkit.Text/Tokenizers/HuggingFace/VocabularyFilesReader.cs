using System.Text;
using System.Text.Json;

namespace LlmToolkit.Text;

/// <summary>Builds tokenizers from the files that precede tokenizer.json: vocab.json with merges.txt, and vocab.txt. The class in tokenizer_config.json implies the pipeline.</summary>
internal static class VocabularyFilesReader
{
    private const string Qwen2Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>GPT-2's kind: byte-level BPE.</summary>
    public static PipelineTokenizer ReadMerges(byte[] vocabularyFile, string vocabularyPath, byte[] mergesFile, string mergesPath, TokenizerConfig config)
    {
        JsonFields fields = new(vocabularyPath);
        using JsonDocument document = fields.Parse(vocabularyFile);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw fields.Bad("the document", document.RootElement, "an object of tokens and ids");
        }

        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            ids[entry.Name] = fields.Int(entry.Value, entry.Name);
        }

        Vocabulary vocabulary = Vocabulary.Of(ids);
        MergeTableBuilder merges = new(vocabulary, 0, mergesPath);
        foreach (string line in Encoding.UTF8.GetString(mergesFile).Split('\n'))
        {
            string merge = line.TrimEnd('\r');
            if (merge.Length > 0)
            {
                merges.AddLine(merge);
            }
        }

        bool qwen = config.Class?.StartsWith("Qwen2", StringComparison.Ordinal) == true;
        bool roberta = config.Class?.StartsWith("Roberta", StringComparison.Ordinal) == true;
        List<AddedToken> added = Added(config, vocabulary, ["bos_token", "eos_token", "unk_token", "pad_token", "cls_token", "sep_token", "mask_token"], roberta ? [] : ["<|endoftext|>"]);
        PreTokenizer split = qwen
            ? new SequencePreTokenizer([new SplitPreTokenizer(PatternCache.Get(Qwen2Pattern), SplitBehavior.Isolated, false), new ByteLevelPreTokenizer(config.AddPrefixSpace, null)])
            : new ByteLevelPreTokenizer(config.AddPrefixSpace, PatternCache.Get(ByteLevelPreTokenizer.Gpt2Pattern));
        int? Find(string text) => added.Find(t => t.Content == text)?.Id ?? (vocabulary.TryGet(text, out int id) ? id : null);
        string end = roberta ? "</s>" : "<|endoftext|>";
        SpecialTokens special = config.Resolve(Find, roberta ? "<s>" : qwen ? null : end, end, roberta ? "<unk>" : end, null);
        return new PipelineTokenizer(new TokenizerParts
        {
            Model = new BpeModel(vocabulary, merges.Build(), new BpeOptions()),
            Normalizer = qwen ? new UnicodeNormalizer(true, false) : null,
            PreTokenizer = split,
            PostProcessor = roberta ? Roberta(special, vocabulary) : Around(config, special, vocabulary),
            Decoder = new ByteLevelDecoder(),
            AddedTokens = added,
            Special = special,
        });
    }

    /// <summary>BERT's kind: WordPiece.</summary>
    public static PipelineTokenizer ReadWords(byte[] file, TokenizerConfig config)
    {
        string[] lines = Encoding.UTF8.GetString(file).Split('\n');
        int count = lines.Length > 0 && lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        Vocabulary vocabulary = Vocabulary.Of([.. lines.Take(count).Select(l => l.TrimEnd())]);
        List<AddedToken> added = Added(config, vocabulary, ["unk_token", "sep_token", "pad_token", "cls_token", "mask_token"], ["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"]);
        string cls = config.Text("cls_token") ?? "[CLS]";
        string sep = config.Text("sep_token") ?? "[SEP]";
        string unknown = config.Text("unk_token") ?? "[UNK]";
        TemplatePart first = new(null, 0, [(vocabulary.Id(cls), cls)]);
        TemplatePart last = new(null, 0, [(vocabulary.Id(sep), sep)]);
        TemplatePart a = new(0, 0, []);
        bool bert = vocabulary.Id(cls) >= 0 && vocabulary.Id(sep) >= 0;
        return new PipelineTokenizer(new TokenizerParts
        {
            Model = new WordPieceModel(vocabulary, unknown, "##", "", 100),
            Normalizer = new BertNormalizer(true, config.ChineseChars, config.StripAccents ?? config.Lowercase, config.Lowercase),
            PreTokenizer = CharacterPreTokenizer.Bert,
            PostProcessor = bert ? new PostProcessor { Single = [first, a, last], Pair = [first, a, last, new TemplatePart(1, 1, []), last with { TypeId = 1 }] } : PostProcessor.None,
            Decoder = new WordPieceDecoder("##", true),
            AddedTokens = added,
            Special = config.Resolve(text => vocabulary.TryGet(text, out int id) ? id : null, null, null, unknown, "[PAD]"),
        });
    }

    private static List<AddedToken> Added(TokenizerConfig config, Vocabulary vocabulary, IEnumerable<string> roles, IEnumerable<string> defaults)
    {
        List<AddedToken> added = [.. config.AddedTokens];
        foreach (string text in roles.Select(config.Text).OfType<string>().Concat(defaults))
        {
            if (text.Length > 0 && !added.Any(t => t.Content == text) && vocabulary.TryGet(text, out int id))
            {
                added.Add(new AddedToken(text, id) { Special = true });
            }
        }

        return added;
    }

    private static PostProcessor Around(TokenizerConfig config, SpecialTokens special, Vocabulary vocabulary)
    {
        IReadOnlyList<(int, string)> before = config.AddBos == true && special.Bos is { } bos ? [(bos, vocabulary.Token(bos) ?? "")] : [];
        IReadOnlyList<(int, string)> after = config.AddEos == true && special.Eos is { } eos ? [(eos, vocabulary.Token(eos) ?? "")] : [];
        return PostProcessor.Around(before, after);
    }

    private static PostProcessor Roberta(SpecialTokens special, Vocabulary vocabulary)
    {
        if (special.Bos is not { } bos || special.Eos is not { } eos)
        {
            return PostProcessor.None;
        }

        TemplatePart cls = new(null, 0, [(bos, vocabulary.Token(bos) ?? "")]);
        TemplatePart sep = new(null, 0, [(eos, vocabulary.Token(eos) ?? "")]);
        TemplatePart a = new(0, 0, []);
        return new PostProcessor { Single = [cls, a, sep], Pair = [cls, a, sep, sep, new TemplatePart(1, 0, []), sep], TrimOffsets = [false], OneType = true };
    }
}
