using System.Buffers;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>What SentencePiece does with spaces.</summary>
internal sealed record SentencePieceSpaces
{
    /// <summary>A space is put before (or after) the text.</summary>
    public bool DummyPrefix { get; init; } = true;

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
        byte[] utf8 = map is null ? [] : ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        int space = spaces.Escape ? '▁' : ' ';
        text.Begin();
        try
        {
            int bytes = map is null ? 0 : Encoding.UTF8.GetBytes(text.Old, utf8);
            int byteAt = 0;
            int next = 0;
            bool afterSpace = spaces.RemoveExtra;
            while (text.Cursor < text.Old.Length)
            {
                int from = text.Cursor;
                int units;
                ReadOnlySpan<byte> replacement = [];
                bool mapped = false;
                if (next < kept.Count && kept[next].Start == from)
                {
                    units = kept[next++].Length;
                }
                else
                {
                    _ = Rune.DecodeFromUtf16(text.Old[from..], out _, out units);
                    int limit = next < kept.Count ? Encoding.UTF8.GetByteCount(text.Old[from..kept[next].Start]) : bytes - byteAt;
                    int length = map?.Longest(utf8.AsSpan(byteAt, limit), out replacement) ?? 0;
                    if (length > 0)
                    {
                        mapped = true;
                        units = Encoding.UTF8.GetCharCount(utf8, byteAt, length);
                    }
                }

                string piece = mapped ? Encoding.UTF8.GetString(replacement) : text.Old.Slice(from, units).ToString();
                byteAt += map is null ? 0 : Encoding.UTF8.GetByteCount(text.Old.Slice(from, units));
                text.SkipUnits(units);
                foreach (Rune rune in piece.EnumerateRunes())
                {
                    bool isSpace = rune.Value == ' ';
                    if (isSpace && afterSpace && spaces.RemoveExtra)
                    {
                        continue;
                    }

                    if (text.Length == 0 && spaces.DummyPrefix && !spaces.Suffix)
                    {
                        text.Write(space, from);
                    }

                    text.Write(isSpace ? space : rune.Value, from);
                    afterSpace = isSpace;
                }
            }

            text.Commit();
            Finish(text, space);
        }
        finally
        {
            if (map is not null)
            {
                ArrayPool<byte>.Shared.Return(utf8);
            }
        }
    }

    /// <summary>Removes trailing spaces and puts the dummy one behind, where the model is of that kind.</summary>
    private void Finish(AlignedText text, int space)
    {
        // Marks that the text itself held go with the spaces.
        int end = text.Chars.TrimEnd((char)space).Length;
        if (spaces.RemoveExtra && end < text.Length)
        {
            text.Begin();
            text.Copy(end);
            text.Commit();
        }

        if (spaces.Suffix && spaces.DummyPrefix && text.Length > 0)
        {
            text.Begin();
            text.Copy(text.Old.Length);
            text.Write(space, text.Old.Length - 1);
            text.Commit();
        }
    }
}
