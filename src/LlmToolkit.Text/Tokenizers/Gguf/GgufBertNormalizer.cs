using System.Text;

namespace LlmToolkit.Text;

/// <summary>BERT's clean-up as llama.cpp does it: of a decomposition only the first character is kept, and all kinds of marks are accents.</summary>
/// <remarks>ggml-org/llama.cpp src/llama-vocab.cpp (llm_tokenizer_wpm_session) and src/unicode.cpp.</remarks>
internal sealed class GgufBertNormalizer(bool stripAccents, bool lowercase) : Normalizer
{
    private static readonly CharSet Marks = new(CharSet.Mask("M"), []);

    public override void Apply(AlignedText text)
    {
        text.Begin();
        foreach (Rune rune in text.Old.EnumerateRunes())
        {
            int c = stripAccents ? UnicodeNormalization.FirstOfDecomposition(rune.Value) : rune.Value;
            bool space = CharSet.WhiteSpace.Contains(c);
            if (!space && (c is 0 or 0xFFFD || CharSet.Other.Contains(c) || (stripAccents && Marks.Contains(c))))
            {
                text.Skip(1);
            }
            else if (BertNormalizer.IsChinese(c))
            {
                text.Push(' ', 0);
                text.Push(c, 1);
                text.Push(' ', 1);
            }
            else
            {
                text.Push(space ? ' ' : lowercase ? Rune.ToLowerInvariant(new Rune(c)).Value : c, 0);
            }
        }

        text.Commit();
    }
}
