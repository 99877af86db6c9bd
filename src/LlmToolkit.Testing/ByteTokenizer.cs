using System.Text;
using LlmToolkit.Text;

namespace LlmToolkit.Testing;

/// <summary>A tokenizer without a file: each byte of UTF-8 is a token, and control tokens come after the 256.</summary>
internal sealed class ByteTokenizer : Tokenizer
{
    /// <summary>Id of the begin token.</summary>
    public const int Bos = 256;

    /// <summary>Id of the end token.</summary>
    public const int Eos = 257;

    private readonly string[] _control;

    /// <param name="extra">Control tokens after begin and end, by their text; their ids begin at 258.</param>
    public ByteTokenizer(params IEnumerable<string> extra) => _control = ["<s>", "</s>", .. extra];

    public override string Kind => "bytes";

    public override int VocabularySize => 256 + _control.Length;

    public override int? BosToken => Bos;

    public override int? EosToken => Eos;

    public override int? PadToken => null;

    public override int? UnknownToken => null;

    public override IReadOnlySet<int> EndTokens { get; } = new HashSet<int> { Eos };

    public override TokenizerEncoding Encode(string text, string? pair = null, EncodeOptions? options = null)
    {
        options ??= new EncodeOptions();
        List<int> ids = [];
        List<int?> sequences = [];
        void Add(IEnumerable<int> tokens, int? sequence)
        {
            foreach (int token in tokens)
            {
                ids.Add(token);
                sequences.Add(sequence);
            }
        }

        Add(options.AddSpecial ? [Bos] : [], null);
        Add(Ids(text, !options.SpecialAsText), 0);
        if (pair is not null)
        {
            Add(Ids(pair, !options.SpecialAsText), 1);
        }

        return new TokenizerEncoding(
            ids, [.. ids.Select(TokenText)], null, [.. sequences.Select(s => s ?? 0)], [.. sequences.Select(s => s is null ? 1 : 0)], sequences, null);
    }

    public override int[] Encode(Prompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return prompt.Ids is { } ids ? [.. ids] : [.. prompt.AddSpecial ? [Bos] : Array.Empty<int>(), .. prompt.Segments.SelectMany(s => Ids(s.Text, s.AllowControl))];
    }

    public override string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        StringBuilder text = new();
        StreamingDecoder decoder = CreateDecoder(skipSpecial);
        foreach (int id in ids)
        {
            text.Append(decoder.Push(id));
        }

        return text.Append(decoder.Flush()).ToString();
    }

    public override StreamingDecoder CreateDecoder(bool skipSpecial = true) => new ByteDecoder(this, skipSpecial);

    public override string TokenText(int id) => IsSpecial(id) ? _control[id - 256] : id < 128 ? ((char)id).ToString() : $"<0x{id:X2}>";

    public override bool IsSpecial(int id) => id >= 256;

    public override int? TokenId(string token) => Array.IndexOf(_control, token) is >= 0 and int at ? 256 + at : null;

    private List<int> Ids(string text, bool allowControl)
    {
        List<int> ids = [];
        int from = 0;
        while (from < text.Length)
        {
            int at = text.Length;
            int control = -1;
            for (int i = 0; allowControl && i < _control.Length; i++)
            {
                int found = text.IndexOf(_control[i], from, StringComparison.Ordinal);
                if (found >= 0 && found < at)
                {
                    (at, control) = (found, i);
                }
            }

            ids.AddRange(Encoding.UTF8.GetBytes(text[from..at]).Select(b => (int)b));
            from = at;
            if (control >= 0)
            {
                ids.Add(256 + control);
                from += _control[control].Length;
            }
        }

        return ids;
    }

    private sealed class ByteDecoder(ByteTokenizer tokenizer, bool skipSpecial) : StreamingDecoder
    {
        private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();

        public override string? Push(int id)
        {
            if (id < 256)
            {
                return Decode([(byte)id], flush: false);
            }

            string? held = Flush();
            return skipSpecial ? held : held + tokenizer.TokenText(id);
        }

        public override string? Flush() => Decode([], flush: true);

        private string? Decode(ReadOnlySpan<byte> bytes, bool flush)
        {
            Span<char> chars = stackalloc char[8];
            int count = _utf8.GetChars(bytes, chars, flush);
            return count == 0 ? null : new string(chars[..count]);
        }
    }
}
