using System.Text;

namespace LlmToolkit.Text;

/// <summary>GPT-2's alphabet: every byte as a printable character.</summary>
internal static class ByteAlphabet
{
    private const char FirstStandIn = '\u0100';

    private static readonly char[] ToChar = Build();
    private static readonly short[] ToByte = Invert(ToChar);

    /// <summary>The character that stands for a byte.</summary>
    public static char CharOf(byte value) => ToChar[value];

    /// <summary>The byte that a character stands for, or -1.</summary>
    public static int ByteOf(char c) => c < ToByte.Length ? ToByte[c] : -1;

    /// <summary>A text's bytes as characters of the alphabet.</summary>
    public static string Encode(string text) => string.Create(Encoding.UTF8.GetByteCount(text), text, static (chars, source) =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(source);
        for (int i = 0; i < chars.Length; i++)
        {
            chars[i] = ToChar[bytes[i]];
        }
    });

    /// <summary>Rewrites old text up to an index; the characters of one character's bytes share its place.</summary>
    public static void Rewrite(AlignedText text, int end)
    {
        Span<byte> bytes = stackalloc byte[4];
        ReadOnlySpan<char> old = text.Old;
        while (text.Cursor < end)
        {
            int from = text.Cursor;
            char c = old[from];
            if (c < 0x80)
            {
                text.SkipUnits(1);
                text.Write(ToChar[c], from);
                continue;
            }

            _ = Rune.DecodeFromUtf16(old[from..end], out Rune rune, out int used);
            int count = rune.EncodeToUtf8(bytes);
            text.SkipUnits(used);
            for (int i = 0; i < count; i++)
            {
                text.Write(ToChar[bytes[i]], from);
            }
        }
    }

    private static char[] Build()
    {
        char[] map = new char[256];
        char next = FirstStandIn;
        for (int b = 0; b < map.Length; b++)
        {
            map[b] = b is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)b : next++;
        }

        return map;
    }

    private static short[] Invert(char[] map)
    {
        short[] inverse = new short[FirstStandIn + 68];
        Array.Fill(inverse, (short)-1);
        for (int b = 0; b < map.Length; b++)
        {
            inverse[map[b]] = (short)b;
        }

        return inverse;
    }
}
