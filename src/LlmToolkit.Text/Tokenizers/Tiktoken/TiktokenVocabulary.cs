namespace LlmToolkit.Text;

/// <summary>What a rank file does not say: its pattern and its special tokens.</summary>
/// <param name="Pattern">Splits texts.</param>
/// <param name="Special">Special tokens, given the number of ranks.</param>
internal sealed record TiktokenVocabulary(string Pattern, Func<int, IEnumerable<(string Text, int Id)>> Special)
{
    // tiktoken's engine folds the long s: 'ſ is a contraction.
    private const string Contractions = "(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private const string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Cl100k = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + Tail;
    private const string Qwen = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + Tail;
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string O200k = @"[^\r\n\p{L}\p{N}]?" + Upper + "*" + Lower + "+" + Contractions + @"?|[^\r\n\p{L}\p{N}]?" + Upper + "+" + Lower + "*" + Contractions
        + @"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Special tokens of tekken files that do not list them.</summary>
    public static IReadOnlyList<string> OldTekkenSpecial { get; } =
    [
        "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>",
        "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
    ];

    /// <summary>Texts are put into NFC first.</summary>
    public bool Compose { get; init; }

    /// <summary>Begin token.</summary>
    public string? Bos { get; init; }

    /// <summary>End token.</summary>
    public string? Eos { get; init; }

    /// <summary>The begin token is added.</summary>
    public bool AddsBos { get; init; }

    /// <summary>Finds the vocabulary of a file by its class, its name, or the number of its ranks.</summary>
    public static TiktokenVocabulary? Find(string file, string? tokenizerClass, int count)
    {
        if (tokenizerClass?.StartsWith("QWen", StringComparison.OrdinalIgnoreCase) == true || file.StartsWith("qwen", StringComparison.OrdinalIgnoreCase))
        {
            return new(Qwen, n => new[] { "<|endoftext|>", "<|im_start|>", "<|im_end|>" }.Concat(Enumerable.Range(0, 205).Select(i => $"<|extra_{i}|>")).Select((t, i) => (t, n + i)))
            {
                Compose = true,
                Eos = "<|endoftext|>",
            };
        }

        if (file.StartsWith("o200k", StringComparison.Ordinal) || count == 199_998)
        {
            return new(O200k, _ => [("<|endoftext|>", 199_999), ("<|endofprompt|>", 200_018)]) { Eos = "<|endoftext|>" };
        }

        if (file.StartsWith("cl100k", StringComparison.Ordinal) || count == 100_256)
        {
            return new(Cl100k, _ => [("<|endoftext|>", 100_257), ("<|fim_prefix|>", 100_258), ("<|fim_middle|>", 100_259), ("<|fim_suffix|>", 100_260), ("<|endofprompt|>", 100_276)]) { Eos = "<|endoftext|>" };
        }

        if (file.StartsWith("r50k", StringComparison.Ordinal) || file.StartsWith("p50k", StringComparison.Ordinal) || count is 50_256 or 50_280)
        {
            return new(ByteLevelPreTokenizer.Gpt2Pattern, _ => [("<|endoftext|>", 50_256)]) { Eos = "<|endoftext|>" };
        }

        return count == 128_000 ? new(Cl100k, Llama3) { Bos = "<|begin_of_text|>", Eos = "<|end_of_text|>", AddsBos = true } : null;
    }

    private static IEnumerable<(string, int)> Llama3(int first)
    {
        string[] names =
        [
            "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>", "<|step_id|>",
            "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>",
        ];
        return names.Concat(Enumerable.Range(2, 256 - names.Length).Select(i => $"<|reserved_special_token_{i}|>")).Select((text, i) => (text, first + i));
    }
}
