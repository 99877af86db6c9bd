namespace LlmToolkit.Text.Templates;

/// <summary>A range of a text, in UTF-16 units.</summary>
internal readonly record struct TextRange(int Start, int End);

/// <summary>A text that knows which of its ranges came from the caller's input. Template operations keep the marks; one that cannot marks the whole result.</summary>
/// <param name="text">The text.</param>
/// <param name="input">The marked ranges: in order, apart, not empty.</param>
/// <param name="isMarkup">True for the result of <c>escape</c> and <c>safe</c>.</param>
internal sealed class StringValue(string text, IReadOnlyList<TextRange> input, bool isMarkup = false) : Value
{
    private static readonly IReadOnlyList<TextRange> s_none = [];

    public static StringValue Empty { get; } = Of("");

    public string Text { get; } = text;

    /// <summary>The ranges that came from input.</summary>
    public IReadOnlyList<TextRange> Input { get; } = input;

    public bool IsMarkup { get; } = isMarkup;

    public override string TypeName => "str";

    public override bool IsTrue => Text.Length > 0;

    /// <summary>The template's own text.</summary>
    public static StringValue Of(string text) => new(text, s_none);

    /// <summary>Text of the caller.</summary>
    public static StringValue FromInput(string text) => new(text, text.Length == 0 ? s_none : [new TextRange(0, text.Length)]);

    /// <summary>This text after an operation: marks stay where the length does, else any mark marks all.</summary>
    public StringValue Transformed(string text) =>
        Input.Count == 0 ? Of(text) : text.Length == Text.Length ? new StringValue(text, Input) : FromInput(text);

    /// <summary>The same text as markup, or not.</summary>
    public StringValue AsMarkup(bool isMarkup = true) => new(Text, Input, isMarkup);

    /// <summary>A part, in UTF-16 units.</summary>
    public StringValue Slice(int start, int end)
    {
        if (start >= end)
        {
            return Empty;
        }

        if (start == 0 && end == Text.Length)
        {
            return this;
        }

        string part = Text[start..end];
        if (Input.Count == 0)
        {
            return Of(part);
        }

        return new StringValue(part, [.. Marks(start, end).Select(r => new TextRange(r.Start - start, r.End - start))]);
    }

    /// <summary>The ranges of input within a part, cut to it. The first is searched by halves: a text of many marks may be cut into many parts.</summary>
    public IEnumerable<TextRange> Marks(int start, int end)
    {
        int low = 0;
        for (int high = Input.Count; low < high;)
        {
            int middle = (low + high) / 2;
            (low, high) = Input[middle].End <= start ? (middle + 1, high) : (low, middle);
        }

        for (; low < Input.Count && Input[low].Start < end; low++)
        {
            yield return new TextRange(Math.Max(Input[low].Start, start), Math.Min(Input[low].End, end));
        }
    }

    /// <summary>Without white space, or without the given characters, at its ends.</summary>
    public StringValue Trim(string? characters = null, bool start = true, bool end = true)
    {
        bool Goes(int at, out int length)
        {
            if (characters is null)
            {
                length = 1;
                return PythonText.IsSpace(Text[at]);
            }

            length = char.IsHighSurrogate(Text[at]) && at + 1 < Text.Length ? 2 : char.IsLowSurrogate(Text[at]) && at > 0 ? 2 : 1;
            int from = char.IsLowSurrogate(Text[at]) && length == 2 ? at - 1 : at;
            return characters.AsSpan().IndexOf(Text.AsSpan(from, length)) >= 0;
        }

        int first = 0;
        int last = Text.Length;
        while (start && first < last && Goes(first, out int length))
        {
            first += length;
        }

        while (end && last > first && Goes(last - 1, out int length))
        {
            last -= length;
        }

        return Slice(first, Math.Max(first, last));
    }

    /// <summary>Its characters: code points, as Python counts.</summary>
    public IEnumerable<StringValue> Characters()
    {
        for (int i = 0; i < Text.Length;)
        {
            int length = CharacterLength(Text, i);
            yield return Slice(i, i + length);
            i += length;
        }
    }

    /// <summary>Number of code points.</summary>
    public int Length => PythonText.Length(Text);

    /// <summary>Where a code point begins, in UTF-16 units.</summary>
    public int Offset(int codePoint)
    {
        if (!PythonText.HasSurrogates(Text))
        {
            return codePoint;
        }

        int at = 0;
        for (int i = 0; i < codePoint; i++)
        {
            at += CharacterLength(Text, at);
        }

        return at;
    }

    private static int CharacterLength(string text, int at) => at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
}
