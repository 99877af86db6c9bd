using System.Buffers;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>What SentencePiece does with spaces.</summary>
internal sealed record SentencePieceSpaces
{
    /// <summary>A space is put before (or after) the text.</summary>
    public bool DummyPrefix { get; init; } = true;

    /// <summary>Only at the start of the whole text, not after control tokens.</summary>
    public bool OnlyAtStart { get; init; }

    /// <summary>Spaces at the ends and repeated ones vanish.</summary>
    public bool RemoveExtra { get; init; } = true;

    /// <summary>A space is written <c>▁</c>.</summary>
    public bool Escape { get; init; } = true;

    /// <summary>Spaces belong to the word before them.</summary>
    public bool Suffix { get; init; }
}

/// <summary>SentencePiece's own normalization: the character map on the longest prefix, then spaces.</summary>
/// <remarks>google/sentencepiece src/normalizer.cc, Normalizer::Normalize.</remarks>
internal sealed class SentencePieceNormalizer(CharsMap? map, SentencePieceSpaces spaces, AddedMatcher? protectedPieces = null) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        if (text.Length == 0)
        {
            return;
        }

        List<AddedMatch> kept = [];
        protectedPieces?.Find(text.Chars, MatchRule.All, null, kept);
        bool dummy = spaces.DummyPrefix && (text.Base == 0 || !spaces.OnlyAtStart);
        text.Begin();
        Writer writer = new(text, spaces, dummy && !spaces.Suffix);
        foreach (AddedMatch match in kept)
        {
            Map(text, match.Start, writer);
            writer.Write(text.Old.Slice(match.Start, match.Length), match.Start);
            text.SkipUnits(match.Start + match.Length - text.Cursor);
        }

        Map(text, text.Old.Length, writer);
        text.Commit();
        Finish(text, writer.Space, dummy);
    }

    /// <summary>Rewrites the old text up to an index.</summary>
    private void Map(AlignedText text, int end, Writer writer)
    {
        if (map is null)
        {
            writer.Write(text.Old[text.Cursor..end], text.Cursor);
            text.SkipUnits(end - text.Cursor);
            return;
        }

        byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(end - text.Cursor));
        int bytes = Encoding.UTF8.GetBytes(text.Old[text.Cursor..end], utf8);
        for (int at = 0; at < bytes;)
        {
            int from = text.Cursor;
            int length = map.Longest(utf8.AsSpan(at, bytes - at), out ReadOnlySpan<byte> replacement);
            if (length > 0)
            {
                text.SkipUnits(Encoding.UTF8.GetCharCount(utf8, at, length));
                writer.Write(replacement, from);
            }
            else
            {
                _ = Rune.DecodeFromUtf16(text.Old[from..end], out Rune rune, out int units);
                text.SkipUnits(units);
                writer.Write(rune, from);
                length = rune.Utf8SequenceLength;
            }

            at += length;
        }

        ArrayPool<byte>.Shared.Return(utf8);
    }

    /// <summary>Writes characters with the rules for spaces.</summary>
    private sealed class Writer(AlignedText text, SentencePieceSpaces spaces, bool dummy)
    {
        private bool _afterSpace = spaces.RemoveExtra;

        /// <summary>How a space is written.</summary>
        public int Space { get; } = spaces.Escape ? '▁' : ' ';

        /// <summary>Writes one character, with the place of an old index.</summary>
        public void Write(Rune rune, int place)
        {
            bool isSpace = rune.Value == ' ';
            if (isSpace && _afterSpace && spaces.RemoveExtra)
            {
                return;
            }

            if (text.Length == 0 && dummy)
            {
                text.Write(Space, place);
            }

            text.Write(isSpace ? Space : rune.Value, place);
            _afterSpace = isSpace;
        }

        /// <summary>Writes old text, each character with its own place.</summary>
        public void Write(ReadOnlySpan<char> chars, int place)
        {
            foreach (Rune rune in chars.EnumerateRunes())
            {
                Write(rune, place);
                place += rune.Utf16SequenceLength;
            }
        }

        /// <summary>Writes a replacement, all of it with one place.</summary>
        public void Write(ReadOnlySpan<byte> utf8, int place)
        {
            while (!utf8.IsEmpty)
            {
                _ = Rune.DecodeFromUtf8(utf8, out Rune rune, out int used);
                Write(rune, place);
                utf8 = utf8[used..];
            }
        }
    }

    /// <summary>Removes trailing spaces and puts the dummy one behind, where the model is of that kind.</summary>
    private void Finish(AlignedText text, int space, bool dummy)
    {
        // Marks that the text itself held go with the spaces.
        int end = text.Chars.TrimEnd((char)space).Length;
        if (spaces.RemoveExtra && end < text.Length)
        {
            text.Begin();
            text.Copy(end);
            text.Commit();
        }

        if (spaces.Suffix && dummy && text.Length > 0)
        {
            text.Begin();
            text.Copy(text.Old.Length);
            text.Write(space, text.Old.Length - 1);
            text.Commit();
        }
    }
}
