using System.Text;

namespace LlmToolkit.Text;

/// <summary>How a <see cref="BpeModel"/> treats what its vocabulary lacks, and how it spells the parts of words.</summary>
internal sealed record BpeOptions
{
    /// <summary>The token for unknown characters; null drops them.</summary>
    public string? Unknown { get; init; }

    /// <summary>Prefix of all parts of a word but the first.</summary>
    public string? ContinuingPrefix { get; init; }

    /// <summary>Suffix of the last part of a word.</summary>
    public string? EndSuffix { get; init; }

    /// <summary>Several unknown characters in a row give one token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Unknown characters become the tokens of their bytes, where all exist.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>An unknown character that gives no token still keeps its neighbours apart (llama.cpp); else they are merged as if it were not there (the reference of tokenizer.json).</summary>
    public bool UnknownSeparates { get; init; }

    /// <summary>A piece that is a token is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }
}

/// <summary>Byte pair encoding: the adjacent pair whose merge came first in training is joined, again and again.</summary>
internal sealed class BpeModel : TokenModel
{
    /// <summary>Up to so many symbols a plain search for the best pair is faster than a queue.</summary>
    private const int SmallPiece = 32;

    private readonly MergeTable _merges;
    private readonly BpeOptions _options;
    private readonly int[] _initial = new int[0x400];
    private readonly WordCache _cache = new();
    private readonly int[]? _bytes;
    private readonly int _unknown = -1;
    private readonly bool _cutAtWords;

    public BpeModel(Vocabulary vocabulary, MergeTable merges, BpeOptions options)
    {
        (Vocabulary, _merges, _options) = (vocabulary, merges, options);
        for (int c = 0; c < _initial.Length; c++)
        {
            _initial[c] = vocabulary.Id(((char)c).ToString());
        }

        _bytes = options.ByteFallback ? vocabulary.ByteTokens() : null;
        if (options.Unknown is not null)
        {
            _unknown = vocabulary.Id(options.Unknown);
        }

        _cutAtWords = !options.IgnoreMerges && options.ContinuingPrefix is null && options.EndSuffix is null && vocabulary.OnlyLeads('▁') && vocabulary.TryGet("▁", out _);
    }

    public override string Kind => "bpe";

    public override Vocabulary Vocabulary { get; }

    public override int? UnknownToken => _unknown >= 0 ? _unknown : null;

    public override void Tokenize(ReadOnlySpan<char> piece, TokenSink sink, MergeScratch scratch)
    {
        if (_options.IgnoreMerges && Vocabulary.TryGet(piece, out int whole))
        {
            sink.Add(whole, 0, piece.Length);
            return;
        }

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
        if (_options.ContinuingPrefix is null && _options.EndSuffix is null)
        {
            for (int i = 0; i < word.Length;)
            {
                char c = word[i];
                int length = char.IsHighSurrogate(c) && i + 1 < word.Length && char.IsLowSurrogate(word[i + 1]) ? 2 : 1;
                int id = c < _initial.Length ? _initial[c] : Vocabulary.Id(word.Slice(i, length));
                Append(word.Slice(i, length), id, i, scratch);
                i += length;
            }
        }
        else
        {
            AppendAffixed(word, scratch);
        }

        scratch.Close();
        if (scratch.Count > 1)
        {
            if (scratch.Count <= SmallPiece)
            {
                MergeSmall(scratch);
            }
            else
            {
                MergeLarge(scratch);
            }
        }

        if (sink.Detailed && scratch.Dropped)
        {
            CloseGaps(word, scratch);
        }

        for (int i = scratch.Count > 0 ? 0 : -1; i >= 0; i = scratch.Symbols[i].Next)
        {
            ref MergeScratch.Symbol symbol = ref scratch.Symbols[i];
            if (symbol.Id >= 0)
            {
                sink.Add(symbol.Id, offset + symbol.Start, symbol.Length);
            }
        }
    }

    /// <summary>Places symbols as the reference does when characters were dropped: one after another by their lengths in bytes, as if nothing lay between.</summary>
    private static void CloseGaps(ReadOnlySpan<char> word, MergeScratch scratch)
    {
        List<int> unitOfByte = [];
        for (int i = 0; i < word.Length;)
        {
            _ = Rune.DecodeFromUtf16(word[i..], out Rune rune, out int used);
            unitOfByte.AddRange(Enumerable.Repeat(i, rune.Utf8SequenceLength));
            i += used;
        }

        int at = 0;
        for (int i = scratch.Count > 0 ? 0 : -1; i >= 0; i = scratch.Symbols[i].Next)
        {
            ref MergeScratch.Symbol symbol = ref scratch.Symbols[i];
            int bytes = symbol.Bytes;
            int first = unitOfByte[Math.Min(at, unitOfByte.Count - 1)];
            int last = unitOfByte[Math.Min(at + Math.Max(bytes, 1), unitOfByte.Count) - 1];
            symbol.Start = first;
            symbol.Length = last - first + (char.IsHighSurrogate(word[last]) && last + 1 < word.Length ? 2 : 1);
            at += bytes;
        }
    }

    private void AppendAffixed(ReadOnlySpan<char> word, MergeScratch scratch)
    {
        for (int i = 0; i < word.Length;)
        {
            _ = Rune.DecodeFromUtf16(word[i..], out _, out int length);
            string text = string.Concat(i > 0 ? _options.ContinuingPrefix : null, word.Slice(i, length), i + length == word.Length ? _options.EndSuffix : null);
            Append(word.Slice(i, length), Vocabulary.Id(text), i, scratch);
            i += length;
        }
    }

    private void Append(ReadOnlySpan<char> character, int id, int start, MergeScratch scratch)
    {
        if (id >= 0)
        {
            scratch.Append(id, start, character.Length, Utf8Length(character));
            return;
        }

        if (_bytes is not null && AppendBytes(character, start, scratch))
        {
            return;
        }

        if (_options.Unknown is null)
        {
            scratch.Dropped = true;
            if (_options.UnknownSeparates)
            {
                scratch.Append(-1, start, character.Length, Utf8Length(character));
            }

            return;
        }

        if (_unknown < 0)
        {
            throw TokenizerErrors.NoUnknown(character.ToString(), _options.Unknown);
        }

        int last = scratch.Count - 1;
        if (_options.FuseUnknown && last >= 0 && scratch.Symbols[last].Id == _unknown && scratch.Symbols[last].Start + scratch.Symbols[last].Length == start)
        {
            scratch.Symbols[last].Length += character.Length;
            scratch.Symbols[last].Bytes += Utf8Length(character);
            return;
        }

        scratch.Append(_unknown, start, character.Length, Utf8Length(character));
    }

    private static int Utf8Length(ReadOnlySpan<char> character) => character.Length == 2 ? 4 : character[0] < 0x80 ? 1 : character[0] < 0x800 ? 2 : 3;

    private bool AppendBytes(ReadOnlySpan<char> character, int start, MergeScratch scratch)
    {
        Span<byte> bytes = stackalloc byte[4];
        int count = Encoding.UTF8.GetBytes(character, bytes);
        for (int i = 0; i < count; i++)
        {
            if (_bytes![bytes[i]] < 0)
            {
                return false;
            }
        }

        for (int i = 0; i < count; i++)
        {
            scratch.Append(_bytes![bytes[i]], start, character.Length, 1);
        }

        return true;
    }

    private void MergeSmall(MergeScratch scratch)
    {
        MergeScratch.Symbol[] symbols = scratch.Symbols;
        int[] ranks = scratch.Ranks;
        int count = scratch.Count;
        for (int i = 0; i < count - 1; i++)
        {
            ranks[i] = _merges.Rank(symbols[i].Id, symbols[i + 1].Id, out _);
        }

        while (true)
        {
            int best = -1;
            int least = int.MaxValue;
            for (int i = 0; symbols[i].Next >= 0; i = symbols[i].Next)
            {
                if (ranks[i] < least)
                {
                    (least, best) = (ranks[i], i);
                }
            }

            if (best < 0)
            {
                return;
            }

            _ = _merges.Rank(symbols[best].Id, symbols[symbols[best].Next].Id, out int result);
            scratch.Merge(best, result);
            ref MergeScratch.Symbol merged = ref symbols[best];
            ranks[best] = merged.Next < 0 ? int.MaxValue : _merges.Rank(result, symbols[merged.Next].Id, out _);
            if (merged.Previous >= 0)
            {
                ranks[merged.Previous] = _merges.Rank(symbols[merged.Previous].Id, result, out _);
            }
        }
    }

    private void MergeLarge(MergeScratch scratch)
    {
        scratch.Queue.Clear();
        for (int i = 0; i < scratch.Count - 1; i++)
        {
            Offer(scratch, i);
        }

        MergeScratch.Symbol[] symbols = scratch.Symbols;
        while (scratch.Queue.TryDequeue(out MergeScratch.Candidate candidate, out _))
        {
            ref MergeScratch.Symbol left = ref symbols[candidate.Left];
            if (left.Length == 0 || left.Id != candidate.LeftKey || left.Next < 0 || symbols[left.Next].Id != candidate.RightKey)
            {
                continue;
            }

            scratch.Merge(candidate.Left, candidate.Result);
            Offer(scratch, candidate.Left);
            if (left.Previous >= 0)
            {
                Offer(scratch, left.Previous);
            }
        }
    }

    private void Offer(MergeScratch scratch, int index)
    {
        ref MergeScratch.Symbol left = ref scratch.Symbols[index];
        if (left.Next < 0)
        {
            return;
        }

        int right = scratch.Symbols[left.Next].Id;
        int rank = _merges.Rank(left.Id, right, out int result);
        if (rank != int.MaxValue)
        {
            scratch.Queue.Enqueue(new MergeScratch.Candidate(index, left.Id, right, result), (rank, index));
        }
    }
}
