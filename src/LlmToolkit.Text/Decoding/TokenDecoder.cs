using System.Globalization;
using System.Text;

namespace LlmToolkit.Text;

/// <summary>Turns the texts of tokens into text, step by step. Immutable.</summary>
internal abstract class TokenDecoder
{
    /// <summary>Rewrites the list in place.</summary>
    public abstract void Apply(List<string> tokens);

    /// <summary>A replacement of an empty pattern is none: the reference would put <paramref name="to"/> between all characters, which no tokenizer means.</summary>
    protected static string Replaced(string text, string from, string to) => from.Length > 0 ? text.Replace(from, to, StringComparison.Ordinal) : text;
}

/// <summary>Decoders one after another.</summary>
internal sealed class SequenceDecoder(IReadOnlyList<TokenDecoder> parts) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        foreach (TokenDecoder part in parts)
        {
            part.Apply(tokens);
        }
    }
}

/// <summary>Characters of GPT-2's alphabet to bytes, and those to text.</summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        byte[] bytes = new byte[tokens.Sum(t => Encoding.UTF8.GetMaxByteCount(t.Length))];
        int count = 0;
        foreach (string token in tokens)
        {
            int before = count;
            foreach (char c in token)
            {
                int value = ByteAlphabet.ByteOf(c);
                if (value < 0)
                {
                    // Not of the alphabet: the whole token stands for itself.
                    count = before + Encoding.UTF8.GetBytes(token, bytes.AsSpan(before));
                    break;
                }

                bytes[count++] = (byte)value;
            }
        }

        tokens.Clear();
        tokens.Add(Encoding.UTF8.GetString(bytes, 0, count));
    }
}

/// <summary>Byte tokens to text.</summary>
/// <param name="wholeRuns">
/// True: a run that is not UTF-8 as a whole gives one U+FFFD for each of its bytes (huggingface/tokenizers src/decoders/byte_fallback.rs).
/// False: only for the bytes that are no part of a character (SentencePiece).
/// </param>
internal sealed class ByteFallbackDecoder(bool wholeRuns = true) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        List<byte> run = [];
        int write = 0;
        for (int read = 0; read <= tokens.Count; read++)
        {
            string? token = read < tokens.Count ? tokens[read] : null;
            if (token is not null && TryByte(token, out byte value))
            {
                run.Add(value);
                continue;
            }

            if (run.Count > 0)
            {
                tokens[write++] = Text([.. run]);
                run.Clear();
            }

            if (token is not null)
            {
                tokens[write++] = token;
            }
        }

        tokens.RemoveRange(write, tokens.Count - write);
    }

    private string Text(byte[] bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        if (wholeRuns)
        {
            return new string('\uFFFD', bytes.Length);
        }

        StringBuilder text = new();
        for (int i = 0; i < bytes.Length;)
        {
            bool valid = Rune.DecodeFromUtf8(bytes.AsSpan(i), out Rune rune, out int used) == System.Buffers.OperationStatus.Done;
            text.Append(valid ? rune.ToString() : "\uFFFD");
            i += valid ? used : 1;
        }

        return text.ToString();
    }

    private static bool TryByte(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}

/// <summary>SentencePiece's marks to spaces; the first token loses its own.</summary>
internal sealed class MetaspaceDecoder(string replacement, bool stripFirst) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            tokens[i] = tokens[i].Replace(replacement, i == 0 && stripFirst ? "" : " ", StringComparison.Ordinal);
        }
    }
}

/// <summary>Removes the marks that SentencePiece put before the text: one, or all where it removes repeated spaces.</summary>
/// <remarks>google/sentencepiece src/sentencepiece_processor.cc, Decode.</remarks>
internal sealed class LeadingMarkDecoder(bool any, bool all) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        for (int i = 0; i < tokens.Count && any; i++)
        {
            string token = tokens[i];
            string rest = all ? token.TrimStart('▁') : token.StartsWith('▁') ? token[1..] : token;
            tokens[i] = rest;
            if (rest.Length > 0 || (token.Length > 0 && !all))
            {
                return;
            }
        }
    }
}

/// <summary>Joins word pieces: a token without the prefix begins a word.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            string token = tokens[i];
            if (i > 0)
            {
                token = token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            }

            tokens[i] = cleanup ? Clean(token) : token;
        }
    }

    /// <summary>Undoes the spaces that word splitting leaves, as the reference does.</summary>
    public static string Clean(string text)
    {
        foreach ((string from, string to) in (ReadOnlySpan<(string, string)>)
            [(" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re")])
        {
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        return text;
    }
}

/// <summary>Makes one text of all.</summary>
internal sealed class FuseDecoder : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        string all = string.Concat(tokens);
        tokens.Clear();
        tokens.Add(all);
    }
}

/// <summary>Removes up to a number of one character at the ends of each token.</summary>
internal sealed class StripDecoder(string content, int start, int stop) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            ReadOnlySpan<char> token = tokens[i];
            for (int n = 0; n < start && token.StartsWith(content, StringComparison.Ordinal); n++)
            {
                token = token[content.Length..];
            }

            for (int n = 0; n < stop && token.EndsWith(content, StringComparison.Ordinal); n++)
            {
                token = token[..^content.Length];
            }

            if (token.Length != tokens[i].Length)
            {
                tokens[i] = token.ToString();
            }
        }
    }
}

/// <summary>Replaces matches of a pattern in each token.</summary>
internal sealed class ReplaceDecoder(CodePointRegex pattern, string content) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            string token = tokens[i];
            List<(int Start, int End)> matches = SplitPattern.Matches(pattern, token);
            if (matches.Count == 0)
            {
                continue;
            }

            StringBuilder text = new();
            int last = 0;
            foreach ((int from, int to) in matches)
            {
                text.Append(token, last, from - last).Append(content);
                last = to;
            }

            tokens[i] = text.Append(token, last, token.Length - last).ToString();
        }
    }
}

/// <summary>A literal replacement in each token.</summary>
internal sealed class ReplaceTextDecoder(string from, string to) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            tokens[i] = tokens[i].Replace(from, to, StringComparison.Ordinal);
        }
    }
}

/// <summary>BPE with a suffix at the ends of words: it becomes a space, and nothing after the last token.</summary>
internal sealed class BpeDecoder(string suffix) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            tokens[i] = Replaced(tokens[i], suffix, i == tokens.Count - 1 ? "" : " ");
        }
    }
}

/// <summary>Connectionist temporal classification: repeats and padding vanish.</summary>
internal sealed class CtcDecoder(string padding, string delimiter, bool cleanup) : TokenDecoder
{
    public override void Apply(List<string> tokens)
    {
        List<string> kept = [];
        string? last = null;
        foreach (string token in tokens)
        {
            if (token == last)
            {
                continue;
            }

            last = token;
            string text = Replaced(token, padding, "");
            if (cleanup)
            {
                text = Replaced(WordPieceDecoder.Clean(text), delimiter, " ");
            }

            if (text.Length > 0)
            {
                kept.Add(text);
            }
        }

        tokens.Clear();
        tokens.AddRange(kept);
    }
}
