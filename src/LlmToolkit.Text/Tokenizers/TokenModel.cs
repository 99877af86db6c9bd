namespace LlmToolkit.Text;

/// <summary>Encodes the pieces that the pre-tokenizer made. Immutable and safe for concurrent use; what changes is in the scratch.</summary>
internal abstract class TokenModel
{
    /// <summary>Name of the kind, as <see cref="Tokenizer.Kind"/>.</summary>
    public abstract string Kind { get; }

    /// <summary>The vocabulary, without added tokens.</summary>
    public abstract Vocabulary Vocabulary { get; }

    /// <summary>The token for what the vocabulary lacks.</summary>
    public abstract int? UnknownToken { get; }

    /// <summary>Encodes one piece.</summary>
    public abstract void Tokenize(ReadOnlySpan<char> piece, TokenSink sink, MergeScratch scratch);
}
