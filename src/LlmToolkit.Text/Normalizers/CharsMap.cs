using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>SentencePiece's precompiled character map: a double array trie over UTF-8 and the texts that replace its keys.</summary>
/// <remarks>Layout: google/sentencepiece src/normalizer.cc (DecodePrecompiledCharsMap) and the Darts-clone trie it uses.</remarks>
internal sealed class CharsMap
{
    /// <summary>Longest key looked for, in bytes; real ones are a few characters, and a table that runs in a circle has endless ones.</summary>
    private const int LongestKey = 256;

    private readonly uint[] _trie;
    private readonly byte[] _texts;

    public CharsMap(ReadOnlySpan<byte> blob)
    {
        uint size = blob.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(blob) : 0;
        if (blob.Length < 8 || size > (uint)blob.Length - 4 || size % 4 != 0 || size == 0)
        {
            throw TokenizerErrors.BadCharsMap(blob.Length, size);
        }

        _trie = MemoryMarshal.Cast<byte, uint>(blob.Slice(4, (int)size)).ToArray();
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(_trie, _trie);
        }

        _texts = blob[(4 + (int)size)..].ToArray();
    }

    /// <summary>The longest key that the text begins with.</summary>
    /// <returns>Its length in bytes, 0 for none, and its replacement as UTF-8.</returns>
    public int Longest(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        int best = 0;
        uint value = 0;
        uint at = Base(_trie[0]);
        int most = Math.Min(text.Length, LongestKey);
        for (int i = 0; i < most && text[i] != 0; i++)
        {
            at ^= text[i];
            if (at >= _trie.Length || (_trie[at] & 0x800000FF) != text[i])
            {
                break;
            }

            uint node = _trie[at];
            at ^= Base(node);
            if ((node >> 8 & 1) == 1 && at < _trie.Length)
            {
                (best, value) = (i + 1, _trie[at] & 0x7FFFFFFF);
            }
        }

        replacement = [];
        if (best > 0 && value < (uint)_texts.Length)
        {
            ReadOnlySpan<byte> rest = _texts.AsSpan((int)value);
            int end = rest.IndexOf((byte)0);
            replacement = end < 0 ? rest : rest[..end];
        }

        return best;
    }

    /// <summary>The replacement of a text that begins with a key, or null. The key may be shorter than the text: the reference looks for the first prefix only.</summary>
    public string? Whole(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[32];
        if (!Encoding.UTF8.TryGetBytes(text, bytes, out int written))
        {
            return null;
        }

        // spm_precompiled takes the first (shortest) of the prefixes that are keys.
        for (int length = 1; length <= written; length++)
        {
            if (Longest(bytes[..length], out ReadOnlySpan<byte> replacement) == length)
            {
                return Encoding.UTF8.GetString(replacement);
            }
        }

        return null;
    }

    private static uint Base(uint node) => (node >> 10) << (int)((node & 0x200) >> 6);
}
