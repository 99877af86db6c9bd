namespace LlmToolkit.Text;

/// <summary>Finds the tokens at which an answer ends.</summary>
internal static class EndTokenRules
{
    /// <summary>Texts of tokens that end a turn, a message or a text, where they are control tokens of a vocabulary.</summary>
    /// <remarks>ggml-org/llama.cpp src/llama-vocab.cpp, special_eog_ids.</remarks>
    private static readonly string[] Texts =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|calls|>", "<|flush|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
        "<|end_of_text|>", "<end_of_utterance>", "<turn|>", "<｜end▁of▁sentence｜>", "[e~[",
    ];

    public static HashSet<int> Find(PipelineTokenizer tokenizer, SpecialTokens special)
    {
        HashSet<int> ends = [.. special.Ends.Where(id => id >= 0 && id < tokenizer.VocabularySize)];
        if (special.Eos is { } eos)
        {
            ends.Add(eos);
        }

        foreach (string text in Texts)
        {
            if (tokenizer.TokenId(text) is { } id && tokenizer.IsSpecial(id))
            {
                ends.Add(id);
            }
        }

        // In the harmony format and Solar's, <|end|> ends a message of a turn that goes on.
        bool goesOn = (Has("<|return|>") && Has("<|call|>")) || (Has("<|calls|>") && Has("<|flush|>"));
        if (goesOn && tokenizer.TokenId("<|end|>") is { } end)
        {
            ends.Remove(end);
        }

        return ends;

        bool Has(string text) => tokenizer.TokenId(text) is { } id && ends.Contains(id);
    }
}
