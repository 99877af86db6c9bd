using System.Text;

namespace LlmToolkit.Text.Templates;

/// <summary>Builds a text with its marks, up to <see cref="Limits.TextLength"/>.</summary>
internal sealed class TextBuilder
{
    private readonly StringBuilder _text = new();
    private readonly List<TextRange> _input = [];

    public int Length => _text.Length;

    public TextBuilder Append(StringValue value)
    {
        int at = _text.Length;
        Check(value.Text.Length);
        _text.Append(value.Text);
        foreach (TextRange range in value.Input)
        {
            Mark(at + range.Start, at + range.End);
        }

        return this;
    }

    /// <summary>Appends a part of a text, in UTF-16 units.</summary>
    public TextBuilder Append(StringValue value, int start, int end)
    {
        int shift = _text.Length - start;
        Check(end - start);
        _text.Append(value.Text, start, end - start);
        if (value.Input.Count > 0)
        {
            foreach (TextRange range in value.Marks(start, end))
            {
                Mark(range.Start + shift, range.End + shift);
            }
        }

        return this;
    }

    public TextBuilder Append(ReadOnlySpan<char> text, bool isInput = false)
    {
        int at = _text.Length;
        Check(text.Length);
        _text.Append(text);
        if (isInput)
        {
            Mark(at, _text.Length);
        }

        return this;
    }

    public TextBuilder Append(char c, long count = 1)
    {
        if (count > 0)
        {
            Check(count);
            _text.Append(c, (int)count);
        }

        return this;
    }

    public StringValue Build() => new(_text.ToString(), [.. _input]);

    /// <summary>Refuses a text that would grow too long, before it does.</summary>
    public static void CheckLength(long length)
    {
        if (length > Limits.TextLength)
        {
            throw TemplateErrors.Limit($"A text grows to {length} characters", Limits.TextLength);
        }
    }

    private void Check(long more) => CheckLength(_text.Length + more);

    private void Mark(int start, int end)
    {
        if (end <= start)
        {
            return;
        }

        // Beyond what a text needs that anyone wrote, what lies between two marks counts as input too: it may hold no control tokens, and that is the safe side.
        if (_input.Count > 0 && (_input[^1].End == start || _input.Count >= Limits.Marks))
        {
            _input[^1] = new TextRange(_input[^1].Start, end);
        }
        else
        {
            _input.Add(new TextRange(start, end));
        }
    }
}
