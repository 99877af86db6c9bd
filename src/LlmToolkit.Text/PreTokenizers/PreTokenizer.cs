using System.Text;

namespace LlmToolkit.Text;

/// <summary>Splits a text into the pieces that the model encodes one by one. Immutable.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Splits every text piece further.</summary>
    public abstract void Apply(AlignedText text, PieceList pieces);
}

/// <summary>A pre-tokenizer that only cuts, piece by piece.</summary>
internal abstract class Cutter : PreTokenizer
{
    public sealed override void Apply(AlignedText text, PieceList pieces)
    {
        for (int i = 0; i < pieces.Count; i++)
        {
            Piece piece = pieces[i];
            if (piece.Token >= 0)
            {
                pieces.Emit(piece.Start, piece.Length, piece.Token);
            }
            else
            {
                Cut(text.Chars.Slice(piece.Start, piece.Length), piece.Start, pieces);
            }
        }

        pieces.Commit();
    }

    /// <summary>Emits the parts of a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="offset">Where it begins in the whole text.</param>
    /// <param name="pieces">Takes the parts.</param>
    protected abstract void Cut(ReadOnlySpan<char> piece, int offset, PieceList pieces);
}

/// <summary>Pre-tokenizers one after another, each inside the pieces of the former.</summary>
internal sealed class SequencePreTokenizer(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
{
    public override void Apply(AlignedText text, PieceList pieces)
    {
        foreach (PreTokenizer part in parts)
        {
            part.Apply(text, pieces);
        }
    }
}

/// <summary>Cuts by a pattern.</summary>
internal sealed class SplitPreTokenizer(CodePointRegex pattern, SplitBehavior behavior, bool invert) : Cutter
{
    protected override void Cut(ReadOnlySpan<char> piece, int offset, PieceList pieces)
    {
        if (behavior == SplitBehavior.Isolated)
        {
            SplitPattern.Isolate(pattern, piece, offset, pieces);
        }
        else
        {
            SplitPattern.Cut(SplitPattern.Spans(pattern, piece, invert), behavior, offset, pieces);
        }
    }
}

/// <summary>Cuts by a condition on single characters.</summary>
internal sealed class CharacterPreTokenizer(Func<int, bool> condition, SplitBehavior behavior) : Cutter
{
    private static readonly CharSet Punctuations = new(CharSet.Mask("P"), [('!', '/'), (':', '@'), ('[', '`'), ('{', '~')], intersection: YoungCharacters.Punctuation.Negate());
    private static readonly CharSet Numbers = new(CharSet.Mask("N"), []);

    /// <summary>White space is removed.</summary>
    public static CharacterPreTokenizer WhitespaceSplit { get; } = new(CharSet.WhiteSpace.Contains, SplitBehavior.Removed);

    /// <summary>BERT: white space is removed, punctuation stands alone.</summary>
    public static PreTokenizer Bert { get; } = new SequencePreTokenizer([WhitespaceSplit, Punctuation(SplitBehavior.Isolated)]);

    public static CharacterPreTokenizer Punctuation(SplitBehavior behavior) => new(Punctuations.Contains, behavior);

    public static CharacterPreTokenizer Digits(bool individual) => new(Numbers.Contains, individual ? SplitBehavior.Isolated : SplitBehavior.Contiguous);

    public static CharacterPreTokenizer Delimiter(int delimiter) => new(c => c == delimiter, SplitBehavior.Removed);

    protected override void Cut(ReadOnlySpan<char> piece, int offset, PieceList pieces)
    {
        List<(int Start, int End, bool IsMatch)> spans = [];
        int gap = 0;
        for (int i = 0; i < piece.Length;)
        {
            _ = Rune.DecodeFromUtf16(piece[i..], out Rune rune, out int used);
            if (condition(rune.Value))
            {
                if (gap < i)
                {
                    spans.Add((gap, i, false));
                }

                spans.Add((i, i + used, true));
                gap = i + used;
            }

            i += used;
        }

        if (gap < piece.Length)
        {
            spans.Add((gap, piece.Length, false));
        }

        SplitPattern.Cut(spans, behavior, offset, pieces);
    }
}

/// <summary>Cuts into chunks of a number of code points.</summary>
internal sealed class FixedLengthPreTokenizer(int length) : Cutter
{
    protected override void Cut(ReadOnlySpan<char> piece, int offset, PieceList pieces)
    {
        int start = 0;
        int count = 0;
        for (int i = 0; i < piece.Length;)
        {
            _ = Rune.DecodeFromUtf16(piece[i..], out _, out int used);
            i += used;
            if (++count == length)
            {
                pieces.Emit(offset + start, i - start);
                (start, count) = (i, 0);
            }
        }

        pieces.Emit(offset + start, piece.Length - start);
    }
}

/// <summary>Cuts where the script changes; kana count as Han, a space joins the run before it.</summary>
internal sealed class UnicodeScriptsPreTokenizer : Cutter
{
    protected override void Cut(ReadOnlySpan<char> piece, int offset, PieceList pieces)
    {
        string? last = null;
        int start = -1;
        for (int i = 0; i < piece.Length;)
        {
            _ = Rune.DecodeFromUtf16(piece[i..], out Rune rune, out int used);
            string? script = Script(rune.Value);
            if (script is not null && script != last)
            {
                if (start >= 0)
                {
                    pieces.Emit(offset + start, i - start);
                }

                start = i;
            }

            last = script ?? last;
            i += used;
        }

        // As in the reference, spaces before the first run of a script belong to no piece.
        if (start >= 0)
        {
            pieces.Emit(offset + start, piece.Length - start);
        }
    }

    /// <summary>The script that counts; null for a space, which has none.</summary>
    private static string? Script(int c) =>
        c == ' ' ? null : c == 0x30FC ? "Han" : UnicodeProperties.ScriptOf(c) is "Hiragana" or "Katakana" ? "Han" : UnicodeProperties.ScriptOf(c);
}

/// <summary>GPT-2's byte level: cuts by its pattern, then writes every byte as a character of its alphabet.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, CodePointRegex? pattern) : PreTokenizer
{
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public override void Apply(AlignedText text, PieceList pieces)
    {
        if (addPrefixSpace)
        {
            Prefix(text, pieces);
        }

        if (pattern is not null)
        {
            for (int i = 0; i < pieces.Count; i++)
            {
                Piece piece = pieces[i];
                if (piece.Token >= 0)
                {
                    pieces.Emit(piece.Start, piece.Length, piece.Token);
                }
                else
                {
                    SplitPattern.Isolate(pattern, text.Chars.Slice(piece.Start, piece.Length), piece.Start, pieces);
                }
            }

            pieces.Commit();
        }

        MapBytes(text, pieces);
    }

    private static void Prefix(AlignedText text, PieceList pieces)
    {
        text.Begin();
        for (int i = 0; i < pieces.Count; i++)
        {
            Piece piece = pieces[i];
            int start = text.Length;
            if (piece.Token < 0 && text.Old[piece.Start] != ' ')
            {
                text.Write(' ', piece.Start);
            }

            text.SkipUnits(piece.Start - text.Cursor);
            text.Copy(piece.Length);
            pieces.Emit(start, text.Length - start, piece.Token);
        }

        text.Commit();
        pieces.Commit();
    }

    private static void MapBytes(AlignedText text, PieceList pieces)
    {
        text.Begin();
        for (int i = 0; i < pieces.Count; i++)
        {
            Piece piece = pieces[i];
            int start = text.Length;
            text.SkipUnits(piece.Start - text.Cursor);
            if (piece.Token >= 0)
            {
                text.Copy(piece.Length);
            }
            else
            {
                ByteAlphabet.Rewrite(text, piece.Start + piece.Length);
            }

            pieces.Emit(start, text.Length - start, piece.Token);
        }

        text.Commit();
        pieces.Commit();
    }
}

/// <summary>SentencePiece's spaces: every space becomes <c>▁</c>, one is put in front by the scheme, and a piece begins at each.</summary>
internal sealed class MetaspacePreTokenizer(int replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    public override void Apply(AlignedText text, PieceList pieces)
    {
        text.Begin();
        for (int i = 0; i < pieces.Count; i++)
        {
            Piece piece = pieces[i];
            text.SkipUnits(piece.Start - text.Cursor);
            int start = text.Length;
            if (piece.Token >= 0)
            {
                text.Copy(piece.Length);
                pieces.Emit(start, piece.Length, piece.Token);
                continue;
            }

            bool atStart = text.Base == 0 && piece.Start == 0;
            _ = Rune.DecodeFromUtf16(text.Old[piece.Start..], out Rune first, out _);
            if (first.Value != ' ' && first.Value != replacement && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && atStart)))
            {
                text.Write(replacement, piece.Start);
            }

            Map(text, piece, start, pieces);
        }

        text.Commit();
        pieces.Commit();
    }

    private void Map(AlignedText text, Piece piece, int start, PieceList pieces)
    {
        int end = piece.Start + piece.Length;
        int from = start;
        while (text.Cursor < end)
        {
            _ = Rune.DecodeFromUtf16(text.Old[text.Cursor..end], out Rune rune, out _);
            bool mark = rune.Value == ' ' || rune.Value == replacement;
            if (mark && split && text.Length > from)
            {
                // MergedWithNext: a piece begins at each mark; of marks in a row each is a piece, the last with what follows.
                pieces.Emit(from, text.Length - from);
                from = text.Length;
            }

            text.Push(mark ? replacement : rune.Value, 0);
        }

        pieces.Emit(from, text.Length - from);
    }
}

/// <summary>Where <see cref="MetaspacePreTokenizer"/> puts a mark of its own.</summary>
internal enum PrependScheme
{
    Always,
    First,
    Never,
}
