namespace LlmToolkit.Text;

/// <summary>Text to token ids and back. Immutable and safe for concurrent use.</summary>
public abstract class Tokenizer
{
    /// <summary>The model: <c>bpe</c>, <c>spm</c>, <c>wordpiece</c> …</summary>
    public abstract string Kind { get; }

    /// <summary>Number of ids.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Begin-of-text token.</summary>
    public abstract int? BosToken { get; }

    /// <summary>End-of-text token.</summary>
    public abstract int? EosToken { get; }

    /// <summary>Padding token.</summary>
    public abstract int? PadToken { get; }

    /// <summary>Token for what the vocabulary lacks.</summary>
    public abstract int? UnknownToken { get; }

    /// <summary>Every token at which an answer ends: end of text, of turn, of message.</summary>
    public abstract IReadOnlySet<int> EndTokens { get; }

    /// <summary>Encodes a text, or a pair of texts.</summary>
    public abstract TokenizerEncoding Encode(string text, string? pair = null, EncodeOptions? options = null);

    /// <summary>Ids of a prompt: its segments in order; text of a user never becomes a control token.</summary>
    public abstract int[] Encode(Prompt prompt);

    /// <summary>Text of ids.</summary>
    public abstract string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false);

    /// <summary>A decoder for one stream of ids that never splits a character.</summary>
    public abstract StreamingDecoder CreateDecoder(bool skipSpecial = true);

    /// <summary>The token as the vocabulary writes it.</summary>
    public abstract string TokenText(int id);

    /// <summary>True for control tokens.</summary>
    public abstract bool IsSpecial(int id);

    /// <summary>The id of a token as the vocabulary writes it, or null.</summary>
    public abstract int? TokenId(string token);
}

/// <summary>How a text is encoded.</summary>
public sealed record EncodeOptions
{
    /// <summary>Add the tokens that the tokenizer puts around a text. Default: true.</summary>
    public bool AddSpecial { get; init; } = true;

    /// <summary>Control tokens inside the text are only text. Default: false.</summary>
    public bool SpecialAsText { get; init; }
}

/// <summary>An encoded text.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Tokens">The tokens as the vocabulary writes them.</param>
/// <param name="Offsets">Start and end of each token in Unicode code points of the input; null where the kind has none.</param>
/// <param name="TypeIds">0 for the first text, 1 for the second.</param>
/// <param name="SpecialTokensMask">1 for tokens that were added around the text.</param>
/// <param name="SequenceIds">0 or 1 for the text a token comes from; null for added ones.</param>
/// <param name="Normalized">The text after normalization; null where the kind has none.</param>
public sealed record TokenizerEncoding(
    IReadOnlyList<int> Ids,
    IReadOnlyList<string> Tokens,
    IReadOnlyList<(int Start, int End)>? Offsets,
    IReadOnlyList<int> TypeIds,
    IReadOnlyList<int> SpecialTokensMask,
    IReadOnlyList<int?> SequenceIds,
    string? Normalized);

/// <summary>Decodes one stream of ids, piece by piece.</summary>
public abstract class StreamingDecoder
{
    /// <summary>Takes an id; gives the text that is now certain, or null when nothing is yet.</summary>
    public abstract string? Push(int id);

    /// <summary>Gives what is still held at the end, or null.</summary>
    public abstract string? Flush();
}
