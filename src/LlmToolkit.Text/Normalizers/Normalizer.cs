using System.Globalization;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>Changes a text before it is split. Immutable.</summary>
internal abstract class Normalizer
{
    /// <summary>Rewrites the text in place.</summary>
    public abstract void Apply(AlignedText text);

    /// <summary>The normalized form of a string.</summary>
    public string Apply(string text)
    {
        AlignedText aligned = new();
        aligned.Reset(text, 0, false);
        Apply(aligned);
        return aligned.Chars.ToString();
    }
}

/// <summary>Normalizers one after another.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<Normalizer> parts) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        foreach (Normalizer part in parts)
        {
            part.Apply(text);
        }
    }
}

/// <summary>NFC, NFD, NFKC, NFKD.</summary>
internal sealed class UnicodeNormalizer(bool compose, bool compatibility) : Normalizer
{
    public override void Apply(AlignedText text) => UnicodeNormalization.Apply(text, compose, compatibility);
}

/// <summary>Full lower-casing, character by character.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    public override void Apply(AlignedText text)
    {
        text.Begin();
        foreach (Rune rune in text.Old.EnumerateRunes())
        {
            if (rune.Value == 0x130)
            {
                text.Push('i', 0);
                text.Push(0x307, 1);
            }
            else
            {
                text.Push(Rune.ToLowerInvariant(rune).Value, 0);
            }
        }

        text.Commit();
    }
}

/// <summary>Removes white space at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        ReadOnlySpan<char> chars = text.Chars;
        int from = 0;
        int to = chars.Length;
        while (left && from < to && CharSet.WhiteSpace.Contains(chars[from]))
        {
            from++;
        }

        while (right && to > from && CharSet.WhiteSpace.Contains(chars[to - 1]))
        {
            to--;
        }

        text.Begin();
        text.SkipUnits(from);
        text.Copy(to - from);
        text.Commit();
    }
}

/// <summary>Keeps the characters that a condition accepts.</summary>
internal sealed class FilterNormalizer(Func<int, bool> keep) : Normalizer
{
    /// <summary>Removes combining marks.</summary>
    public static FilterNormalizer StripAccents { get; } = new(c => (CharSet.Mask("M") >> (int)CharUnicodeInfo.GetUnicodeCategory(c) & 1) == 0);

    /// <summary>Removes combining marks that take no space, as BERT does.</summary>
    public static FilterNormalizer StripNonspacingMarks { get; } = new(c => CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark || YoungCharacters.Marks.Contains(c));

    public override void Apply(AlignedText text)
    {
        text.Begin();
        foreach (Rune rune in text.Old.EnumerateRunes())
        {
            if (keep(rune.Value))
            {
                text.Push(rune.Value, 0);
            }
            else
            {
                text.Skip(1);
            }
        }

        text.Commit();
    }
}

/// <summary>Maps each character to one.</summary>
internal sealed class MapNormalizer(Func<int, int> map) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        text.Begin();
        foreach (Rune rune in text.Old.EnumerateRunes())
        {
            text.Push(map(rune.Value), 0);
        }

        text.Commit();
    }
}

/// <summary>Replaces every match of a pattern by a fixed text.</summary>
internal sealed class ReplaceNormalizer(CodePointRegex pattern, string content) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        List<(int Start, int End)> matches = SplitPattern.Matches(pattern, text.Chars);
        if (matches.Count == 0)
        {
            return;
        }

        text.Begin();
        foreach ((int start, int end) in matches)
        {
            text.Copy(start - text.Cursor);
            text.SkipUnits(end - start);
            foreach (Rune rune in content.EnumerateRunes())
            {
                text.Push(rune.Value, 1);
            }
        }

        text.Copy(text.Old.Length - text.Cursor);
        text.Commit();
    }
}

/// <summary>Replaces one character by another: the usual space to <c>▁</c>, without a regular expression.</summary>
internal sealed class ReplaceCharNormalizer(char from, char to) : Normalizer
{
    public override void Apply(AlignedText text) => text.ReplaceInPlace(from, to);
}

/// <summary>Puts a text before a text that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        if (text.Length == 0)
        {
            return;
        }

        text.Begin();
        foreach (Rune rune in prefix.EnumerateRunes())
        {
            text.Write(rune.Value, 0);
        }

        text.Copy(text.Old.Length);
        text.Commit();
    }
}

/// <summary>BERT's basic clean-up.</summary>
internal sealed class BertNormalizer(bool cleanText, bool chineseChars, bool stripAccents, bool lowercase) : Normalizer
{
    private static readonly FilterNormalizer DropControls = new(c => c is not (0 or 0xFFFD) && (c is '\t' or '\n' or '\r' || !CharSet.Other.Contains(c) || YoungCharacters.Formats.Contains(c)));
    private static readonly MapNormalizer Spaces = new(c => CharSet.WhiteSpace.Contains(c) ? ' ' : c);
    private static readonly UnicodeNormalizer Decompose = new(compose: false, compatibility: false);
    private static readonly LowercaseNormalizer Lower = new();

    public override void Apply(AlignedText text)
    {
        if (cleanText)
        {
            DropControls.Apply(text);
            Spaces.Apply(text);
        }

        if (chineseChars)
        {
            SpaceChinese(text);
        }

        if (stripAccents)
        {
            Decompose.Apply(text);
            FilterNormalizer.StripNonspacingMarks.Apply(text);
        }

        if (lowercase)
        {
            Lower.Apply(text);
        }
    }

    /// <summary>The ideographs of BERT; 0x2B920 is what the reference has for 0x2B820.</summary>
    public static bool IsChinese(int c) =>
        c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
            or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private static void SpaceChinese(AlignedText text)
    {
        text.Begin();
        foreach (Rune rune in text.Old.EnumerateRunes())
        {
            if (IsChinese(rune.Value))
            {
                text.Push(' ', 0);
                text.Push(rune.Value, 1);
                text.Push(' ', 1);
            }
            else
            {
                text.Push(rune.Value, 0);
            }
        }

        text.Commit();
    }
}

/// <summary>SentencePiece's NMT clean-up: drops controls, makes odd spaces plain.</summary>
internal sealed class NmtNormalizer : Normalizer
{
    private static readonly FilterNormalizer Drop = new(c => c is not ((>= 1 and <= 8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F));
    private static readonly MapNormalizer Spaces = new(c => c is 9 or 0xA or 0xC or 0xD or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD ? ' ' : c);

    public override void Apply(AlignedText text)
    {
        Drop.Apply(text);
        Spaces.Apply(text);
    }
}

/// <summary>Writes every byte of the text as a character of GPT-2's alphabet.</summary>
internal sealed class ByteLevelNormalizer : Normalizer
{
    public override void Apply(AlignedText text)
    {
        text.Begin();
        ByteAlphabet.Rewrite(text, text.Old.Length);
        text.Commit();
    }
}

/// <summary>Maps with SentencePiece's precompiled table, as huggingface/tokenizers applies it: small grapheme clusters as a whole, else character by character.</summary>
internal sealed class PrecompiledNormalizer(CharsMap map) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        text.Begin();
        for (int at = 0; at < text.Old.Length;)
        {
            ReadOnlySpan<char> rest = text.Old[at..];
            ReadOnlySpan<char> cluster = rest[..StringInfo.GetNextTextElementLength(rest)];
            at += cluster.Length;
            if (Encoding.UTF8.GetByteCount(cluster) < 6 && map.Whole(cluster) is { } whole)
            {
                Replace(text, cluster, whole);
                continue;
            }

            for (int i = 0; i < cluster.Length;)
            {
                _ = Rune.DecodeFromUtf16(cluster[i..], out Rune rune, out int used);
                if (map.Whole(cluster.Slice(i, used)) is { } one)
                {
                    Replace(text, cluster.Slice(i, used), one);
                }
                else
                {
                    text.Push(rune.Value, 0);
                }

                i += used;
            }
        }

        text.Commit();
    }

    private static void Replace(AlignedText text, ReadOnlySpan<char> old, string replacement)
    {
        int oldCount = Count(old);
        int newCount = Count(replacement);
        if (newCount == 0)
        {
            // The reference notes a removal on the character before; at the very beginning there is none, and the places shift.
            text.Skip(text.Length > 0 ? oldCount : 0);
            return;
        }

        int index = 0;
        foreach (Rune rune in replacement.EnumerateRunes())
        {
            index++;
            int change = index > oldCount ? 1 : index == newCount ? newCount - oldCount : 0;
            text.Push(rune.Value, change);
        }
    }

    private static int Count(ReadOnlySpan<char> text)
    {
        int count = 0;
        foreach (Rune _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }
}
