using System.Text;

namespace LlmToolkit.Text;

/// <summary>SentencePiece's BPE: the adjacent pair whose text is the token with the highest score is joined, again and again.</summary>
/// <remarks>google/sentencepiece src/bpe_model.cc; llama.cpp src/llama-vocab.cpp (llm_tokenizer_spm).</remarks>
internal sealed class ScoreBpeModel : TokenModel
{
    /// <summary>Up to so many symbols a plain search for the best pair is faster than a queue.</summary>
    private const int SmallPiece = 32;

    private readonly float[] _scores;
    private readonly bool[] _merging;
    private readonly bool[] _unused;
    private readonly WordCache _cache = new();
    private readonly int[]? _bytes;
    private readonly int _unknown;
    private readonly bool _fuseUnknown;
    private readonly bool _cutAtWords;

    /// <summary>Makes the model.</summary>
    /// <param name="vocabulary">The pieces.</param>
    /// <param name="scores">A score for every piece.</param>
    /// <param name="merging">Whether a piece may come of text.</param>
    /// <param name="unused">Pieces that are split again at the end.</param>
    /// <param name="unknown">The unknown piece, or -1.</param>
    /// <param name="byteFallback">Unknown characters become byte pieces.</param>
    /// <param name="fuseUnknown">Unknown characters in a row give one token.</param>
    public ScoreBpeModel(Vocabulary vocabulary, float[] scores, bool[] merging, bool[] unused, int unknown, bool byteFallback, bool fuseUnknown)
    {
        (Vocabulary, _scores, _merging, _unused, _unknown, _fuseUnknown) = (vocabulary, scores, merging, unused, unknown, fuseUnknown);
        _bytes = byteFallback ? vocabulary.ByteTokens() : null;
        _cutAtWords = vocabulary.OnlyLeads('▁') && Lookup("▁") >= 0;
    }

    public override string Kind => "spm";

    public override Vocabulary Vocabulary { get; }

    public override int? UnknownToken => _unknown >= 0 ? _unknown : null;

    public override void Tokenize(ReadOnlySpan<char> piece, TokenSink sink, MergeScratch scratch)
    {
        if (!_cutAtWords)
        {
            Word(piece, 0, sink, scratch);
            return;
        }

        for (int from = 0; from < piece.Length;)
        {
            int to = WordMarks.End(piece, from);
            Word(piece[from..to], from, sink, scratch);
            from = to;
        }
    }

    private void Word(ReadOnlySpan<char> word, int offset, TokenSink sink, MergeScratch scratch)
    {
        if (_cache.TryGive(word, sink))
        {
            return;
        }

        int before = sink.Ids.Count;
        Merge(word, offset, sink, scratch);
        _cache.Keep(word, sink, before);
    }

    private void Merge(ReadOnlySpan<char> word, int offset, TokenSink sink, MergeScratch scratch)
    {
        scratch.Clear();
        for (int i = 0; i < word.Length;)
        {
            _ = Rune.DecodeFromUtf16(word[i..], out _, out int used);
            scratch.Append(Lookup(word.Slice(i, used)), i, used);
            i += used;
        }

        scratch.Close();
        if (scratch.Count <= SmallPiece && _unused.Length == 0)
        {
            MergeSmall(word, scratch);
            GiveAll(word, offset, sink, scratch, null);
            return;
        }

        Dictionary<(int, int), (int Left, int Right)>? splits = _unused.Length > 0 ? [] : null;
        scratch.Queue.Clear();
        for (int i = 0; i < scratch.Count - 1; i++)
        {
            Offer(word, scratch, i, splits);
        }

        MergeScratch.Symbol[] symbols = scratch.Symbols;
        while (scratch.Queue.TryDequeue(out MergeScratch.Candidate candidate, out _))
        {
            ref MergeScratch.Symbol left = ref symbols[candidate.Left];
            if (left.Length != candidate.LeftKey || left.Next < 0 || symbols[left.Next].Length != candidate.RightKey || left.Length == 0)
            {
                continue;
            }

            scratch.Merge(candidate.Left, candidate.Result);
            Offer(word, scratch, candidate.Left, splits);
            if (left.Previous >= 0)
            {
                Offer(word, scratch, left.Previous, splits);
            }
        }

        GiveAll(word, offset, sink, scratch, splits);
    }

    /// <summary>Merges with the result of every pair kept beside its left symbol.</summary>
    private void MergeSmall(ReadOnlySpan<char> word, MergeScratch scratch)
    {
        MergeScratch.Symbol[] symbols = scratch.Symbols;
        int[] results = scratch.Ranks;
        for (int i = 0; i < scratch.Count; i++)
        {
            results[i] = PairResult(word, symbols, i);
        }

        while (true)
        {
            int best = -1;
            for (int i = scratch.Count > 0 ? 0 : -1; i >= 0; i = symbols[i].Next)
            {
                if (results[i] >= 0 && (best < 0 || _scores[results[i]] > _scores[results[best]]))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                return;
            }

            scratch.Merge(best, results[best]);
            results[best] = PairResult(word, symbols, best);
            int previous = symbols[best].Previous;
            if (previous >= 0)
            {
                results[previous] = PairResult(word, symbols, previous);
            }
        }
    }

    private int PairResult(ReadOnlySpan<char> word, MergeScratch.Symbol[] symbols, int left) =>
        symbols[left].Next < 0 ? -1 : Lookup(word.Slice(symbols[left].Start, symbols[left].Length + symbols[symbols[left].Next].Length));

    private void GiveAll(ReadOnlySpan<char> word, int offset, TokenSink sink, MergeScratch scratch, Dictionary<(int, int), (int Left, int Right)>? splits)
    {
        MergeScratch.Symbol[] symbols = scratch.Symbols;
        bool afterUnknown = false;
        for (int i = scratch.Count > 0 ? 0 : -1; i >= 0; i = symbols[i].Next)
        {
            Give(word, symbols[i].Start, symbols[i].Length, symbols[i].Id, offset, sink, splits, ref afterUnknown);
        }
    }

    private void Give(ReadOnlySpan<char> word, int start, int length, int id, int offset, TokenSink sink, Dictionary<(int, int), (int Left, int Right)>? splits, ref bool afterUnknown)
    {
        if (splits is not null)
        {
            GiveParts(word, start, length, id, offset, sink, splits, ref afterUnknown);
            return;
        }

        GiveOne(word, start, length, id, offset, sink, ref afterUnknown);
    }

    /// <summary>Takes unused pieces apart again, by the merges that made them. A stack of its own: a file may nest them deeper than ours goes.</summary>
    private void GiveParts(ReadOnlySpan<char> word, int start, int length, int id, int offset, TokenSink sink, Dictionary<(int, int), (int Left, int Right)> splits, ref bool afterUnknown)
    {
        Stack<(int Start, int Length, int Id)> open = new();
        open.Push((start, length, id));
        while (open.TryPop(out (int Start, int Length, int Id) part))
        {
            if (part.Id >= 0 && _unused[part.Id] && splits.TryGetValue((part.Start, part.Length), out (int Left, int Right) halves))
            {
                open.Push((part.Start + halves.Left, halves.Right, Lookup(word.Slice(part.Start + halves.Left, halves.Right))));
                open.Push((part.Start, halves.Left, Lookup(word.Slice(part.Start, halves.Left))));
                continue;
            }

            GiveOne(word, part.Start, part.Length, part.Id, offset, sink, ref afterUnknown);
        }
    }

    private void GiveOne(ReadOnlySpan<char> word, int start, int length, int id, int offset, TokenSink sink, ref bool afterUnknown)
    {
        if (id >= 0)
        {
            sink.Add(id, offset + start, length);
            afterUnknown = false;
            return;
        }

        if (_bytes is not null)
        {
            Span<byte> bytes = stackalloc byte[4];
            int count = Encoding.UTF8.GetBytes(word.Slice(start, length), bytes);
            for (int i = 0; i < count; i++)
            {
                int token = _bytes[bytes[i]] >= 0 ? _bytes[bytes[i]] : _unknown;
                if (token >= 0)
                {
                    sink.Add(token, offset + start, length);
                }
            }

            return;
        }

        if (_unknown >= 0 && !(afterUnknown && _fuseUnknown))
        {
            sink.Add(_unknown, offset + start, length, word.Slice(start, length).ToString());
        }

        afterUnknown = true;
    }

    private int Lookup(ReadOnlySpan<char> text) => Vocabulary.TryGet(text, out int id) && _merging[id] ? id : -1;

    private void Offer(ReadOnlySpan<char> word, MergeScratch scratch, int index, Dictionary<(int, int), (int, int)>? splits)
    {
        ref MergeScratch.Symbol left = ref scratch.Symbols[index];
        if (left.Next < 0)
        {
            return;
        }

        int rightLength = scratch.Symbols[left.Next].Length;
        int id = Lookup(word.Slice(left.Start, left.Length + rightLength));
        if (id < 0)
        {
            return;
        }

        if (splits is not null && _unused[id])
        {
            splits[(left.Start, left.Length + rightLength)] = (left.Length, rightLength);
        }

        scratch.Queue.Enqueue(new MergeScratch.Candidate(index, left.Length, rightLength, id), (Order(_scores[id]), index));
    }

    /// <summary>Highest score first, in the order of integers.</summary>
    private static long Order(float score)
    {
        int bits = BitConverter.SingleToInt32Bits(score == 0 ? 0f : score);
        return -(long)(bits >= 0 ? bits : int.MinValue - (long)bits);
    }
}
