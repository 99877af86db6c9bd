using LlmToolkit.Text;

namespace LlmToolkit.Fuzz;

/// <summary>tokenizer.json of every model type, with the normalizers, pre-tokenizers, processors and decoders of the field, beside a tokenizer_config.json.</summary>
internal sealed class TokenizerTarget : FuzzTarget
{
    private static readonly string[] s_texts = ["", "Hello, world! It's 12345.", "  é\u0301 日本語 \ud83d\ude00\t\n\n x", new string('a', 300), "<s>[INST] hi</s> <mask> ##ing", "\0\u001b"];

    private const string Config = """{"add_bos_token":true,"bos_token":"<s>","eos_token":"</s>","unk_token":"<unk>","clean_up_tokenization_spaces":false,"tokenizer_class":"PreTrainedTokenizerFast"}""";

    private const string Bpe = """
        {"version":"1.0","truncation":{"direction":"Right","max_length":8,"strategy":"LongestFirst","stride":0},"padding":{"strategy":"BatchLongest","direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"<unk>"},
        "added_tokens":[{"id":0,"content":"<unk>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},{"id":1,"content":"<s>","special":true},{"id":2,"content":"</s>","special":true},{"id":3,"content":"<mask>","lstrip":true,"rstrip":true,"single_word":true,"normalized":true,"special":false}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "},{"type":"Prepend","prepend":"x"},{"type":"Strip","strip_left":true,"strip_right":true}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
        "decoder":{"type":"Sequence","decoders":[{"type":"ByteLevel"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
        "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false,"vocab":{"<unk>":0,"<s>":1,"</s>":2,"h":4,"e":5,"l":6,"o":7,"he":8,"ll":9,"hell":10,"hello":11,"a":12,"aa":13,"aaaa":14,"\u0120":15,"<0x00>":16},"merges":["h e","l l","he ll",["hell","o"],"a a","aa aa"]}}
        """;

    private const string Unigram = """
        {"version":"1.0","added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"</s>","special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"StripAccents"},{"type":"NFKC"}]},
        "pre_tokenizer":{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"always","split":true},
        "post_processor":{"type":"RobertaProcessing","sep":["</s>",1],"cls":["</s>",1],"trim_offsets":true,"add_prefix_space":true},"decoder":{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"always"},
        "model":{"type":"Unigram","unk_id":0,"byte_fallback":false,"vocab":[["<unk>",0.0],["</s>",0.0],["\u2581",-2.5],["h",-3.0],["ello",-3.5],["\u2581hello",-4.0],["a",-5],["aaa",-5.25]]}}
        """;

    private const string WordPiece = """
        {"version":"1.0","added_tokens":[{"id":0,"content":"[PAD]","special":true},{"id":1,"content":"[UNK]","special":true},{"id":2,"content":"[CLS]","special":true},{"id":3,"content":"[SEP]","special":true}],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},"decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"hello":4,"##ing":5,"it":6,"'":7,"s":8,"a":9,"##a":10}}}
        """;

    private const string WordLevel = """
        {"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation","behavior":"MergedWithPrevious"},{"type":"CharDelimiterSplit","delimiter":"-"}]},"post_processor":null,
        "decoder":{"type":"Sequence","decoders":[{"type":"BPEDecoder","suffix":"</w>"},{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true},{"type":"ByteFallback"},{"type":"Replace","pattern":{"String":"a"},"content":"b"}]},
        "model":{"type":"WordLevel","vocab":{"<unk>":0,"Hello":1,"world":2},"unk_token":"<unk>"}}
        """;

    /// <inheritdoc/>
    public override string Name => "tokenizer";

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds() =>
    [
        Seed("bpe", Bpe),
        Seed("unigram", Unigram),
        Seed("wordpiece", WordPiece),
        // WordLevel is a kind that is not supported; its parts are read all the same.
        Seed("wordlevel", WordLevel, isSound: false),
    ];

    /// <inheritdoc/>
    protected override bool Read(string path)
    {
        // Links are judged by whoever lists a model's files.
        string folder = Path.GetDirectoryName(path)!;
        Dictionary<string, string> files = Directory.GetFiles(folder).Where(f => new FileInfo(f).LinkTarget is null).ToDictionary(f => Path.GetFileName(f)!, StringComparer.Ordinal);
        Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Files = files });
        foreach (string text in s_texts)
        {
            TokenizerEncoding encoding = tokenizer.Encode(text, text.Length == 300 ? "pair" : null);
            Rules.Require(encoding.Ids.Count == encoding.Tokens.Count, $"{encoding.Ids.Count} ids, {encoding.Tokens.Count} tokens");
            int[] ids = [.. encoding.Ids];
            string whole = tokenizer.Decode(ids);
            _ = tokenizer.Decode(ids, skipSpecial: true);
            StreamingDecoder decoder = tokenizer.CreateDecoder(skipSpecial: false);
            string pieces = string.Concat(ids.Select(decoder.Push)) + decoder.Flush();
            Rules.Require(pieces == whole, $"decoded \"{whole}\", streamed \"{pieces}\"");
        }

        _ = tokenizer.Decode([-1, int.MaxValue, tokenizer.VocabularySize]);
        return true;
    }

    private static FuzzSeed Seed(string name, string json, bool isSound = true)
    {
        FieldList f = new();
        _ = f.Words("json", FieldKind.Json, Words.Json(json));
        f.File = 1;
        return new FuzzSeed(name, f.Words("json", FieldKind.Json, Words.Json(Config)).Fields, "tokenizer.json", "tokenizer_config.json") { IsSound = isSound };
    }
}
