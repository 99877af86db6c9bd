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
    private const string CjkRange = "[一-龥ࠀ-一가-퟿]+";
    private const string CjkKana = "[一-龥぀-ゟ゠-ヿ]+";
    private const string DeepSeekLetters =
        "[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";

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
        ("deepseek-llm", new(@"[\r\n]", @"\s?" + DeepSeekLetters, @"\s?[!-/:-~！-／：-～‘-‟　-。]+", @"\s+$", CjkRange, @"\p{N}+")),
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
        ("afmoe", new(AfmoeDigits, "[一-鿿㐀-䶿豈-﫿぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]+", DeepSeekWords)),
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
