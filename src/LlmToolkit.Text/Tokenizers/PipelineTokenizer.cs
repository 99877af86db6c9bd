using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>What a <see cref="PipelineTokenizer"/> is made of.</summary>
internal sealed record TokenizerParts
{
    public required TokenModel Model { get; init; }

    public string? Kind { get; init; }

    public Normalizer? Normalizer { get; init; }

    public PreTokenizer? PreTokenizer { get; init; }

    public PostProcessor PostProcessor { get; init; } = PostProcessor.None;

    /// <summary>Null: tokens are joined with spaces.</summary>
    public TokenDecoder? Decoder { get; init; }

    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>llama.cpp's order of matching added tokens.</summary>
    public bool LongestFirst { get; init; }

    /// <summary>Control tokens are never found in a plain text, only in the template's part of a prompt.</summary>
    public bool SpecialOnlyInTemplates { get; init; }

    public SpecialTokens Special { get; init; } = new();
}

/// <summary>Ids with a role.</summary>
internal sealed record SpecialTokens
{
    public int? Bos { get; init; }

    public int? Eos { get; init; }

    public int? Pad { get; init; }

    public int? Unknown { get; init; }

    /// <summary>Further tokens at which an answer ends.</summary>
    public IReadOnlyList<int> Ends { get; init; } = [];
}

/// <summary>Every tokenizer of the toolkit: added tokens, normalizer, pre-tokenizer, model, post-processor, decoder.</summary>
internal sealed class PipelineTokenizer : Tokenizer
{
    private readonly TokenizerParts _parts;
    private readonly AddedMatcher? _raw;
    private readonly AddedMatcher? _normalized;
    private readonly Dictionary<int, AddedToken> _addedById = [];
    private readonly Dictionary<string, AddedToken> _addedByText = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Scratch> _scratches = [];

    public PipelineTokenizer(TokenizerParts parts)
    {
        _parts = parts;
        foreach (AddedToken token in parts.AddedTokens)
        {
            _addedById[token.Id] = token;
            _addedByText[token.Content] = token;
        }

        AddedToken[] raw = [.. _addedById.Values.Where(t => !t.Normalized && !t.Passive)];
        AddedToken[] normalized = [.. _addedById.Values.Where(t => t.Normalized && !t.Passive)];
        _raw = raw.Length == 0 ? null : new AddedMatcher(raw, parts.LongestFirst);
        _normalized = normalized.Length == 0 ? null : new AddedMatcher(normalized, parts.LongestFirst);
        VocabularySize = Math.Max(parts.Model.Vocabulary.Size, _addedById.Count == 0 ? 0 : _addedById.Keys.Max() + 1);
        EndTokens = EndTokenRules.Find(this, parts.Special);
    }

    /// <inheritdoc/>
    public override string Kind => _parts.Kind ?? _parts.Model.Kind;

    /// <inheritdoc/>
    public override int VocabularySize { get; }

    /// <inheritdoc/>
    public override int? BosToken => _parts.Special.Bos;

    /// <inheritdoc/>
    public override int? EosToken => _parts.Special.Eos;

    /// <inheritdoc/>
    public override int? PadToken => _parts.Special.Pad;

    /// <inheritdoc/>
    public override int? UnknownToken => _parts.Special.Unknown ?? _parts.Model.UnknownToken;

    /// <inheritdoc/>
    public override IReadOnlySet<int> EndTokens { get; }

    /// <inheritdoc/>
    public override TokenizerEncoding Encode(string text, string? pair = null, EncodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        options ??= new EncodeOptions();
        MatchRule rule = options.SpecialAsText || _parts.SpecialOnlyInTemplates ? MatchRule.NoSpecial : MatchRule.All;
        StringBuilder? normalized = new();
        TokenSink first = Run(text, rule, true, normalized);
        TokenSink? second = pair is null ? null : Run(pair, rule, true, null);
        return EncodingAssembler.Assemble(this, _parts.PostProcessor, first, second, options.AddSpecial, normalized.ToString());
    }

    /// <inheritdoc/>
    public override int[] Encode(Prompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        if (prompt.Ids is not null)
        {
            return [.. prompt.Ids];
        }

        (string text, MatchRule rule) = PromptText.Join(prompt.Segments);
        TokenSink sink = Run(text, rule, false, null);
        if (!prompt.AddSpecial)
        {
            return [.. sink.Ids];
        }

        List<int> ids = [];
        foreach (TemplatePart part in _parts.PostProcessor.Single)
        {
            ids.AddRange(part.Sequence is null ? part.Tokens.Select(t => t.Id) : sink.Ids);
        }

        return [.. ids];
    }

    /// <inheritdoc/>
    public override string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        List<string> tokens = new(ids.Length);
        foreach (int id in ids)
        {
            AddedToken? added = _addedById.GetValueOrDefault(id);
            if (skipSpecial && added is { Special: true, AlwaysDecoded: false })
            {
                continue;
            }

            string? token = added is not null ? added.DecodeText : _parts.Model.Vocabulary.Token(id);
            if (token is not null)
            {
                tokens.Add(token);
            }
        }

        if (_parts.Decoder is null)
        {
            return string.Join(' ', tokens);
        }

        _parts.Decoder.Apply(tokens);
        return tokens.Count == 1 ? tokens[0] : string.Concat(tokens);
    }

    /// <inheritdoc/>
    public override StreamingDecoder CreateDecoder(bool skipSpecial = true) => new WindowDecoder(this, skipSpecial);

    /// <inheritdoc/>
    public override string TokenText(int id) =>
        _addedById.TryGetValue(id, out AddedToken? added) ? added.Content : _parts.Model.Vocabulary.Token(id) ?? "";

    /// <inheritdoc/>
    public override bool IsSpecial(int id) => _addedById.TryGetValue(id, out AddedToken? added) && added.Special;

    /// <inheritdoc/>
    public override int? TokenId(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _addedByText.TryGetValue(token, out AddedToken? added) ? added.Id : _parts.Model.Vocabulary.TryGet(token, out int id) ? id : null;
    }

    private TokenSink Run(string text, MatchRule rule, bool detailed, StringBuilder? normalized)
    {
        CodePointRegex.BeginText(text.Length);
        try
        {
            return RunBounded(text, rule, detailed, normalized);
        }
        finally
        {
            CodePointRegex.EndText();
        }
    }

    private TokenSink RunBounded(string text, MatchRule rule, bool detailed, StringBuilder? normalized)
    {
        TokenSink sink = new(detailed);
        if (!_scratches.TryTake(out Scratch? scratch))
        {
            scratch = new Scratch();
        }

        scratch.Matches.Clear();
        _raw?.Find(text, rule, Guard(rule), scratch.Matches);
        bool counted = detailed || (rule.Regions is not null && _normalized is not null);
        int at = 0;
        int codePoints = 0;
        // The list grows while fragments are encoded (matches of normalized tokens are put after these).
        int count = scratch.Matches.Count;
        for (int i = 0; i <= count; i++)
        {
            int end = i < count ? scratch.Matches[i].Start : text.Length;
            if (end > at)
            {
                Fragment(text.AsSpan(at, end - at), counted ? codePoints : at, rule, counted, sink, scratch, normalized);
                codePoints += counted ? CountCodePoints(text.AsSpan(at, end - at)) : 0;
            }

            if (i < count)
            {
                AddedMatch match = scratch.Matches[i];
                if (match.Start < at)
                {
                    // It begins inside white space that the token before took.
                    codePoints -= counted ? CountCodePoints(text.AsSpan(match.Start, at - match.Start)) : 0;
                }

                ReadOnlySpan<char> spelling = text.AsSpan(match.Start, match.Length);
                int width = counted ? CountCodePoints(spelling) : 0;
                sink.AddFound(match.Token.Id, codePoints, codePoints + width, spelling);
                normalized?.Append(spelling);
                codePoints += width;
                at = match.Start + match.Length;
            }
        }

        _scratches.Add(scratch);
        return sink;
    }

    private void Fragment(ReadOnlySpan<char> fragment, int before, MatchRule rule, bool tracked, TokenSink sink, Scratch scratch, StringBuilder? normalized)
    {
        AlignedText text = scratch.Text;
        text.Reset(fragment, before, tracked);
        _parts.Normalizer?.Apply(text);
        normalized?.Append(text.Chars);
        PieceList pieces = scratch.Pieces;
        pieces.Clear();
        if (_normalized is null)
        {
            pieces.Add(new Piece(0, text.Length));
        }
        else
        {
            SplitNormalized(text, rule, pieces, scratch);
        }

        _parts.PreTokenizer?.Apply(text, pieces);
        for (int i = 0; i < pieces.Count; i++)
        {
            Piece piece = pieces[i];
            ReadOnlySpan<char> chars = text.Chars.Slice(piece.Start, piece.Length);
            if (piece.Token < 0)
            {
                sink.Enter(text, piece.Start);
                _parts.Model.Tokenize(chars, sink, scratch.Merges);
            }
            else
            {
                (int from, int to) = sink.Detailed ? text.Origin(piece.Start, piece.Length) : default;
                sink.AddFound(piece.Token, from, to, chars);
            }
        }
    }

    private void SplitNormalized(AlignedText text, MatchRule rule, PieceList pieces, Scratch scratch)
    {
        List<AddedMatch> matches = scratch.NormalizedMatches;
        matches.Clear();
        Func<int, int, bool>? accept = rule.Regions is null ? null : (start, end) =>
        {
            (int from, int to) = text.Origin(start, end - start);
            return rule.Regions.Any(r => r.CodePointStart <= from && to <= r.CodePointEnd);
        };
        _normalized!.Find(text.Chars, rule, accept, matches);
        int at = 0;
        foreach (AddedMatch match in matches)
        {
            pieces.Add(new Piece(at, match.Start - at));
            pieces.Add(new Piece(match.Start, match.Length, match.Token.Id));
            at = match.Start + match.Length;
        }

        pieces.Add(new Piece(at, text.Length - at));
    }

    private static Func<int, int, bool>? Guard(MatchRule rule)
    {
        if (rule.Regions is not { } regions)
        {
            return null;
        }

        return (start, end) =>
        {
            foreach (ControlRegion region in regions)
            {
                if (region.Start <= start && end <= region.End)
                {
                    return true;
                }
            }

            return false;
        };
    }

    private static int CountCodePoints(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        for (int i = 1; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i - 1], text[i]))
            {
                count--;
            }
        }

        return count;
    }

    /// <summary>Working memory of one encoding, reused.</summary>
    private sealed class Scratch
    {
        public AlignedText Text { get; } = new();

        public PieceList Pieces { get; } = new();

        public MergeScratch Merges { get; } = new();

        public List<AddedMatch> Matches { get; } = [];

        public List<AddedMatch> NormalizedMatches { get; } = [];
    }
}
