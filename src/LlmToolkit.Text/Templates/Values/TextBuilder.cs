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

        if (_input.Count > 0 && _input[^1].End == start)
        {
            _input[^1] = new TextRange(_input[^1].Start, end);
        }
        else
        {
            _input.Add(new TextRange(start, end));
        }
    }
}
