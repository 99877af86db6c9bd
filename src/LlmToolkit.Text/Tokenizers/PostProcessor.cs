namespace LlmToolkit.Text;

/// <summary>A part of a template: the first or second text, or tokens around them.</summary>
/// <param name="Sequence">0 or 1 for a text, null for added tokens.</param>
/// <param name="TypeId">Type of the part's tokens.</param>
/// <param name="Tokens">The added tokens.</param>
internal sealed record TemplatePart(int? Sequence, int TypeId, IReadOnlyList<(int Id, string Text)> Tokens);

/// <summary>What is put around a text or a pair of texts. Immutable.</summary>
internal sealed record PostProcessor
{
    /// <summary>Nothing is put around.</summary>
    public static PostProcessor None { get; } = new();

    /// <summary>Around one text.</summary>
    public IReadOnlyList<TemplatePart> Single { get; init; } = [new TemplatePart(0, 0, [])];

    /// <summary>Around two.</summary>
    public IReadOnlyList<TemplatePart> Pair { get; init; } = [new TemplatePart(0, 0, []), new TemplatePart(1, 1, [])];

    /// <summary>Offsets leave out the white space at the ends of tokens, once for every entry; true where a leading space was put in.</summary>
    public IReadOnlyList<bool> TrimOffsets { get; init; } = [];

    /// <summary>Type ids of texts without added tokens: RoBERTa has only 0.</summary>
    public bool OneType { get; init; }

    /// <summary>A template of tokens before and after.</summary>
    public static PostProcessor Around(IReadOnlyList<(int, string)> before, IReadOnlyList<(int, string)> after) => new()
    {
        Single = [.. Part(before), new TemplatePart(0, 0, []), .. Part(after)],
        Pair = [.. Part(before), new TemplatePart(0, 0, []), .. Part(after), .. Part(before), new TemplatePart(1, 1, []), .. Part(after)],
    };

    private static IEnumerable<TemplatePart> Part(IReadOnlyList<(int, string)> tokens) => tokens.Count == 0 ? [] : [new TemplatePart(null, 0, tokens)];

    /// <summary>Narrows the offsets of tokens that begin or end in white space.</summary>
    /// <remarks>huggingface/tokenizers src/pre_tokenizers/byte_level.rs, process_offsets.</remarks>
    public static void Trim(IReadOnlyList<string> tokens, List<TokenDetail> details, bool prefixSpace)
    {
        for (int i = 0; i < details.Count; i++)
        {
            string token = tokens[i];
            int leading = 0;
            while (leading < token.Length && IsSpace(token[leading]))
            {
                leading++;
            }

            int trailing = 0;
            while (trailing < token.Length && IsSpace(token[^(trailing + 1)]))
            {
                trailing++;
            }

            (int from, int to) = (details[i].From, details[i].To);
            if (leading > 0)
            {
                bool own = (i == 0 || from == 0) && prefixSpace && leading == 1;
                from = Math.Min(from + (own ? 0 : leading), to);
            }

            if (trailing > 0 && to >= trailing)
            {
                to = Math.Max(to - trailing, from);
            }

            details[i] = details[i] with { From = from, To = to };
        }
    }

    private static bool IsSpace(char c) => c == ByteAlphabet.CharOf((byte)' ') || CharSet.WhiteSpace.Contains(c);
}
