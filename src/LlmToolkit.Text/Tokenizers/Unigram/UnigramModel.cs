using System.Buffers;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>Variants of <see cref="UnigramModel"/>.</summary>
internal sealed record UnigramOptions
{
    /// <summary>The unknown piece, or -1.</summary>
    public int Unknown { get; init; } = -1;

    /// <summary>Unknown text becomes byte pieces.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a piece may come of text; null: all may.</summary>
    public bool[]? Usable { get; init; }

    /// <summary>Pieces whose scores set the score of unknown text; null: all.</summary>
    public bool[]? Normal { get; init; }

    /// <summary>Sums are kept in single precision, though compared in double, as in SentencePiece: that decides between ways of equal score.</summary>
    public bool SinglePrecision { get; init; }

    /// <summary>Name of the kind.</summary>
    public string Kind { get; init; } = "unigram";
}

/// <summary>Unigram: of all ways to write a text with pieces, the one with the highest sum of scores (Viterbi, in double precision).</summary>
/// <remarks>huggingface/tokenizers src/models/unigram/model.rs, encode_optimized; google/sentencepiece src/unigram_model.cc.</remarks>
internal sealed class UnigramModel : TokenModel
{
    private const double UnknownPenalty = 10;

    /// <summary>Steps in the trie that a text may take: as many for each character as the longest real pieces have characters, many times over.</summary>
    private const int StepsPerCharacter = 512;

    private const int FreeSteps = 20_000_000;

    private readonly PieceTrie _trie = new();
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly int[]? _bytes;
    private readonly UnigramOptions _options;

    public UnigramModel(Vocabulary vocabulary, double[] scores, UnigramOptions options)
    {
        (Vocabulary, _scores, _options) = (vocabulary, scores, options);
        double least = double.PositiveInfinity;
        for (int id = 0; id < scores.Length; id++)
        {
            if (options.Usable is null || options.Usable[id])
            {
                _trie.Add(vocabulary.Token(id), id);
            }

            if (options.Normal is null || options.Normal[id])
            {
                least = Math.Min(least, scores[id]);
            }
        }

        _unknownScore = least - UnknownPenalty;
        _bytes = options.ByteFallback ? vocabulary.ByteTokens() : null;
    }

    public override string Kind => _options.Kind;

    public override Vocabulary Vocabulary { get; }

    public override int? UnknownToken => _options.Unknown >= 0 ? _options.Unknown : null;

    public override void Tokenize(ReadOnlySpan<char> piece, TokenSink sink, MergeScratch scratch)
    {
        int length = piece.Length;
        double[] best = ArrayPool<double>.Shared.Rent(length + 1);
        int[] from = ArrayPool<int>.Shared.Rent(length + 1);
        int[] ids = ArrayPool<int>.Shared.Rent(length + 1);
        try
        {
            Search(piece, best, from, ids);
            scratch.Clear();
            for (int end = length; end > 0; end = from[end])
            {
                scratch.Append(ids[end], from[end], end - from[end]);
            }

            Give(piece, sink, scratch);
        }
        finally
        {
            ArrayPool<double>.Shared.Return(best);
            ArrayPool<int>.Shared.Return(from);
            ArrayPool<int>.Shared.Return(ids);
        }
    }

    private void Search(ReadOnlySpan<char> piece, double[] best, int[] from, int[] ids)
    {
        from.AsSpan(0, piece.Length + 1).Fill(-1);
        best[0] = 0;
        long left = FreeSteps + ((long)StepsPerCharacter * piece.Length);
        for (int start = 0; start < piece.Length;)
        {
            int width = start + 1 < piece.Length && char.IsSurrogatePair(piece[start], piece[start + 1]) ? 2 : 1;
            bool single = false;
            int node = PieceTrie.Root;
            int steps = 0;
            for (int end = start + 1; end <= piece.Length; end++)
            {
                steps++;
                node = _trie.Next(node, piece[end - 1]);
                if (node < 0)
                {
                    break;
                }

                int id = _trie.IdAt(node);
                if (id >= 0)
                {
                    Offer(best[start] + _scores[id], id, start, end, best, from, ids);
                    single |= end - start == width;
                }
            }

            left -= steps;
            if (left < 0)
            {
                throw TokenizerErrors.TooMuchWork("vocab");
            }

            if (!single)
            {
                Offer(best[start] + _unknownScore, -1, start, start + width, best, from, ids);
            }

            start += width;
        }
    }

    private void Offer(double score, int id, int start, int end, double[] best, int[] from, int[] ids)
    {
        if (from[end] < 0 || score > best[end])
        {
            (best[end], from[end], ids[end]) = (_options.SinglePrecision ? (float)score : score, start, id);
        }
    }

    /// <summary>Gives the pieces, which lie in the scratch back to front; unknown ones in a row are one.</summary>
    private void Give(ReadOnlySpan<char> piece, TokenSink sink, MergeScratch scratch)
    {
        for (int i = scratch.Count - 1; i >= 0; i--)
        {
            MergeScratch.Symbol symbol = scratch.Symbols[i];
            bool unknown = symbol.Id < 0 || symbol.Id == _options.Unknown;
            if (!unknown)
            {
                sink.Add(symbol.Id, symbol.Start, symbol.Length);
                continue;
            }

            int length = symbol.Length;
            while (i > 0 && (scratch.Symbols[i - 1].Id < 0 || scratch.Symbols[i - 1].Id == _options.Unknown))
            {
                length += scratch.Symbols[--i].Length;
            }

            GiveUnknown(piece, symbol.Start, length, sink);
        }
    }

    private void GiveUnknown(ReadOnlySpan<char> piece, int start, int length, TokenSink sink)
    {
        ReadOnlySpan<char> text = piece.Slice(start, length);
        if (_options.Usable is null && Vocabulary.TryGet(text, out int id))
        {
            sink.Add(id, start, length);
            return;
        }

        if (_bytes is not null)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
            if (Array.TrueForAll(bytes, b => _bytes[b] >= 0))
            {
                foreach (byte b in bytes)
                {
                    sink.Add(_bytes[b], start, length);
                }

                return;
            }
        }

        if (_options.Unknown < 0)
        {
            throw TokenizerErrors.NoUnknown(text.ToString(), null);
        }

        sink.Add(_options.Unknown, start, length, sink.Detailed ? text.ToString() : null);
    }
}
