namespace LlmToolkit.Text;

/// <summary>How a GGUF's <c>tokenizer.ggml.pre</c> splits and behaves.</summary>
/// <param name="Patterns">Applied one after another, each inside the pieces of the former.</param>
internal sealed record PreTokenizerRule(params IReadOnlyList<string> Patterns)
{
    /// <summary>A piece that is a token is that token.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>A begin token is added.</summary>
    public bool AddBos { get; init; }

    /// <summary>A begin token is added whatever the file says.</summary>
    public bool ForceBos { get; init; }

    /// <summary>A separator is added.</summary>
    public bool AddSeparator { get; init; }

    /// <summary>Tokens are written in text, spaces as <c>▁</c>, not in GPT-2's byte alphabet.</summary>
    public bool PlainText { get; init; }

    /// <summary>Spaces are written as <c>▁</c>.</summary>
    public bool EscapeSpaces { get; init; }
}

/// <summary>The names of <c>tokenizer.ggml.pre</c> and their rules.</summary>
/// <remarks>Names, patterns and flags: ggml-org/llama.cpp src/llama-vocab.cpp; what its hand-written splitters do where a pattern cannot say it: src/unicode.cpp.</remarks>
internal static class PreTokenizerRules
{
    private const string Contractions = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private const string Spaces = @"\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Words = @"[^\r\n\p{L}\p{N}]?\p{L}+";
    private const string Marks = @" ?[^\s\p{L}\p{N}]+[\r\n]*";
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3 = Contractions + "|" + Words + @"|\p{N}{1,3}|" + Marks + "|" + Spaces;
    private const string Qwen2 = Contractions + "|" + Words + @"|\p{N}|" + Marks + "|" + Spaces;
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string CasedTail = @"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Spaces;
    private const string Cased = @"[^\r\n\p{L}\p{N}]?" + Upper + "*" + Lower + "+" + Contractions + @"?|[^\r\n\p{L}\p{N}]?" + Upper + "+" + Lower + "*" + Contractions + "?|" + CasedTail;
    // What llama.cpp runs: letters other than ASCII ones of the wrong case.
    private const string NotLower = @"(?:(?=\p{L})[^a-z])";
    private const string NotUpper = @"(?:(?=\p{L})[^A-Z])";
    private const string Gpt4o = @"[^\r\n\p{L}\p{N}]?" + NotLower + "*" + NotUpper + "+" + Contractions + @"?|[^\r\n\p{L}\p{N}]?" + NotLower + "+" + NotUpper + "*" + Contractions + "?|" + CasedTail;
    private const string GraniteMulti = @"[^\r\n\p{L}\p{N}]?(?:(?=[\p{L}\p{M}])[^a-z])*(?:(?=[\p{L}\p{M}])[^A-Z])+" + Contractions + @"?|[^\r\n\p{L}\p{N}]?(?:(?=[\p{L}\p{M}])[^a-z])+(?:(?=[\p{L}\p{M}])[^A-Z])*" + Contractions + "?|" + CasedTail;
    private const string Tekken = @"[^\r\n\p{L}\p{N}]?" + NotLower + "*" + NotUpper + @"+|[^\r\n\p{L}\p{N}]?" + NotLower + "+" + NotUpper + @"*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Spaces;
    private const string AsciiMark = @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+";
    private const string DeepSeekWords = AsciiMark + @"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + Spaces;
    private const string Lines = @"[^\n]+|[\n]+";
    // llama.cpp runs patterns without \p on a text whose white space beyond ASCII is a vertical tab: ranges never hold it.
    private const string CjkRange = @"[一-龥ࠀ-一가-퟿&&[^\s]]+";
    private const string CjkKana = "[一-龥぀-ゟ゠-ヿ]+";
    // Written as code points: some of these letters have a canonical equivalent that an editor would put in their place.
    private const string DeepSeekLetters =
        "["
        + @"A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293}\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}"
        + @"\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556}"
        + @"\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}"
        + @"\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D}"
        + @"\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}"
        + @"\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D}"
        + @"\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}"
        + @"\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}"
        + @"\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}"
        + @"\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}"
        + "]+";

    private static readonly (string Names, PreTokenizerRule Rule)[] Table =
    [
        ("default", new(@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]")),
        ("llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", new(Llama3) { IgnoreMerges = true, AddBos = true }),
        ("dbrx smaug-bpe chatglm-bpe glm4", new(Llama3)),
        ("qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2", new(Qwen2)),
        ("qwen35", new(Contractions + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + Spaces)),
        ("ufakzeka", new(Words + @"|\p{N}|" + Marks + "|" + Spaces)),
        ("gpt-2 phi-2 jina-es jina-de jina-v2-es jina-v2-de gigachat a.x-4.0 mellum modern-bert mpt olmo jais trillion granite-docling exaone4", new(Gpt2)),
        ("jina-v1-en jina-v2-code roberta-bpe", new(Gpt2) { AddSeparator = true }),
        ("starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", new(@"\p{N}", Gpt2)),
        ("falcon", new(@"[\p{P}\$\+<=>\^~\|`]+", Gpt2, "[0-9][0-9][0-9]")),
        ("deepseek-llm", new(@"[\r\n]", @"\s?" + DeepSeekLetters, @"\s?[!-/:-~！-／：-～‘-‟、-。]+", @"\s+$", CjkRange, @"\p{N}+")),
        ("deepseek-coder", new(@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", CjkRange, @"\p{N}")),
        ("deepseek-v3 hunyuan-dense joyai-llm hy_v4", new(@"\p{N}{1,3}", CjkKana, DeepSeekWords)),
        ("spark2_5", new(@"\p{N}{1,3}", CjkKana, AsciiMark + @"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+", @"\p{N}")),
        ("youtu", new("[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+", Cased.Replace(@"\p{N}{1,3}", @"\p{N}", StringComparison.Ordinal)) { IgnoreMerges = true }),
        ("tekken", new(Tekken) { IgnoreMerges = true, AddBos = true }),
        ("gpt-4o llama4 kanana2 talkie minimax-m2", new(Gpt4o)),
        ("granite-embed-multi-97m", new(GraniteMulti) { IgnoreMerges = true }),
        ("tiny_aya cohere2moe", new(@"\d{1,3}(?=(?:\d{3})*\b)", Cased)),
        ("bloom poro-chat gpt3-finnish", new(" ?[^(\\s|.,!?…。，、।۔،)]+")),
        ("viking", new(" ?[^(\\s|.,!?…。，、।۔،)]+", @"\p{N}")),
        ("bailingmoe bailingmoe2 llada-moe", new("'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|" + Words + @"|\p{N}|" + Marks + @"|\s*[\r\n]|\s+(?!\S)|\s+")),
        ("seed-coder", new(Contractions + "|" + Words + @"|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|" + Spaces)),
        ("jais-2", new(Contractions + "|" + Words + @"|\p{N}{1,3}|" + Marks + @"|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}")),
        ("superbpe", new(@"\p{N}+", @"(?=(?:\d{3})+(?!\d))")),
        ("chameleon", new("<sentinel:[0-9]+>", "(?:IMGIMG)(?:[A-I]{1,4})Z", @"[\t\n]|    |  ", @"\p{N}", @"[\p{P}!-/:-@\[-`{-~]", Gpt2) { AddBos = true }),
        ("kimi-k2", new(@"\p{Han}+|" + KimiCased + "|" + CasedTail.Replace("[\\r\\n/]*", "[\\r\\n]*", StringComparison.Ordinal))),
        ("afmoe", new(AfmoeDigits, @"[一-鿿㐀-䶿\x{F900}-\x{FAFF}぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]+", DeepSeekWords)),
        ("laguna", new(Lines, Qwen2)),
        ("exaone-moe", new(Contractions + @"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+")),
        ("minicpm5", new(@"\p{N}{1,3}", Contractions + "|" + Words + @"|\p{N}+|" + Marks + "|" + Spaces)),
        ("gemma4 granite-embed-multi-311m", new(Lines) { ForceBos = true, PlainText = true, EscapeSpaces = true }),
        ("sarvam-moe", new(Lines) { PlainText = true, EscapeSpaces = true }),
        ("whitespace", new(@"\S+") { PlainText = true }),
    ];

    private const string KimiCased =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+" + Contractions
        + @"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*" + Contractions + "?";

    // Groups of three from the right: the first of a run holds one or two where the length asks for it.
    private const string AfmoeDigits = @"(?<!\p{Nd})\p{Nd}{1,2}(?=(?:\p{Nd}{3})*(?!\p{Nd}))|\p{Nd}{3}";

    /// <summary>The rule of a name, or null.</summary>
    public static PreTokenizerRule? Find(string name)
    {
        foreach ((string names, PreTokenizerRule rule) in Table)
        {
            foreach (Range range in names.AsSpan().Split(' '))
            {
                if (names.AsSpan()[range].SequenceEqual(name))
                {
                    return rule;
                }
            }
        }

        return null;
    }
}
