using System.Text;

namespace LlmToolkit.Text;

/// <summary>WordPiece: the longest token first, from left to right; a word that does not come out whole is unknown.</summary>
internal sealed class WordPieceModel(Vocabulary vocabulary, string unknown, string continuing, string leading, int longestWord) : TokenModel
{
    /// <summary>Characters that may be looked up for each character of a word: what tokens of 90 characters cost at worst.</summary>
    private const int WorkPerCharacter = 4096;

    private const int FreeWork = 50_000_000;

    private readonly int _unknown = vocabulary.Id(unknown);

    /// <summary>No token is longer, so no search has to be.</summary>
    private readonly int _longestToken = vocabulary.Entries.Select(e => e.Key.Length).DefaultIfEmpty().Max();

    public override string Kind => "wordpiece";

    public override Vocabulary Vocabulary => vocabulary;

    public override int? UnknownToken => _unknown >= 0 ? _unknown : null;

    public override void Tokenize(ReadOnlySpan<char> piece, TokenSink sink, MergeScratch scratch)
    {
        int characters = 0;
        foreach (Rune _ in piece.EnumerateRunes())
        {
            characters++;
        }

        if (characters > longestWord || !TryTokenize(piece, scratch))
        {
            if (_unknown < 0)
            {
                throw TokenizerErrors.NoUnknown(piece.ToString(), unknown);
            }

            sink.Add(_unknown, 0, piece.Length);
            return;
        }

        for (int i = 0; i < scratch.Count; i++)
        {
            sink.Add(scratch.Symbols[i].Id, scratch.Symbols[i].Start, scratch.Symbols[i].Length);
        }
    }

    private bool TryTokenize(ReadOnlySpan<char> piece, MergeScratch scratch)
    {
        scratch.Clear();
        char[] joined = System.Buffers.ArrayPool<char>.Shared.Rent(Math.Max(1, _longestToken));
        try
        {
            return TryTokenize(piece, scratch, joined);
        }
        finally
        {
            System.Buffers.ArrayPool<char>.Shared.Return(joined);
        }
    }

    private bool TryTokenize(ReadOnlySpan<char> piece, MergeScratch scratch, Span<char> joined)
    {
        long left = FreeWork + ((long)WorkPerCharacter * piece.Length);
        for (int start = 0; start < piece.Length;)
        {
            string affix = start == 0 ? leading : continuing;
            int most = Math.Min(piece.Length - start, _longestToken - affix.Length);
            int id = -1;
            int length = most;
            for (; length > 0; length--)
            {
                if (start + length < piece.Length && char.IsLowSurrogate(piece[start + length]))
                {
                    continue;
                }

                left -= length;
                if (left < 0)
                {
                    throw TokenizerErrors.TooMuchWork("vocab");
                }

                ReadOnlySpan<char> part = piece.Slice(start, length);
                if (affix.Length > 0)
                {
                    affix.CopyTo(joined);
                    part.CopyTo(joined[affix.Length..]);
                    part = joined[..(affix.Length + length)];
                }

                if (vocabulary.TryGet(part, out id))
                {
                    break;
                }

                id = -1;
            }

            if (id < 0)
            {
                return false;
            }

            scratch.Append(id, start, length);
            start += length;
        }

        return true;
    }
}

/// <summary>A piece is a token, or it is unknown.</summary>
internal sealed class WordLevelModel(Vocabulary vocabulary, string unknown) : TokenModel
{
    private readonly int _unknown = vocabulary.Id(unknown);

    public override string Kind => "wordlevel";

    public override Vocabulary Vocabulary => vocabulary;

    public override int? UnknownToken => _unknown >= 0 ? _unknown : null;

    public override void Tokenize(ReadOnlySpan<char> piece, TokenSink sink, MergeScratch scratch)
    {
        int id = vocabulary.Id(piece);
        if (id < 0 && _unknown < 0)
        {
            throw TokenizerErrors.NoUnknown(piece.ToString(), unknown);
        }

        sink.Add(id >= 0 ? id : _unknown, 0, piece.Length);
    }
}
