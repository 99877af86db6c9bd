using System.Text;

namespace LlmToolkit.Text;

/// <summary>A text on its way through normalizers and pre-tokenizers, with the place in the original that each of its characters comes from.</summary>
/// <remarks>
/// A rewrite reads the old text left to right and writes the new one: <see cref="Begin"/>, then <see cref="Push"/> for every new character, then <see cref="Commit"/>.
/// Places are code points of the original text. They follow the rules of NormalizedString of huggingface/tokenizers (src/tokenizer/normalizer.rs), so offsets agree.
/// </remarks>
internal sealed class AlignedText
{
    /// <summary>Characters that normalizers may make of one. The longest decomposition in Unicode has 18.</summary>
    private const int MaxGrowth = 32;

    /// <summary>Characters that they may make beyond that.</summary>
    private const int FreeGrowth = 1 << 20;

    private char[] _chars = new char[256];
    private char[] _old = new char[256];
    private int[] _starts = [];
    private int[] _ends = [];
    private int[] _oldStarts = [];
    private int[] _oldEnds = [];
    private int _oldLength;
    private int _limit = int.MaxValue;
    private int _cursor;
    private bool _tracked;

    /// <summary>Code points of the original text before this one.</summary>
    public int Base { get; private set; }

    /// <summary>Length in UTF-16 units.</summary>
    public int Length { get; private set; }

    /// <summary>The text.</summary>
    public ReadOnlySpan<char> Chars => _chars.AsSpan(0, Length);

    /// <summary>During a rewrite: what is being rewritten.</summary>
    public ReadOnlySpan<char> Old => _old.AsSpan(0, _oldLength);

    /// <summary>During a rewrite: how much of the old text has been read.</summary>
    public int Cursor => _cursor;

    /// <summary>Starts over with a piece of the original text.</summary>
    /// <param name="text">The piece.</param>
    /// <param name="codePointsBefore">Code points of the original before the piece.</param>
    /// <param name="tracked">Whether places are kept.</param>
    public void Reset(ReadOnlySpan<char> text, int codePointsBefore, bool tracked)
    {
        (_tracked, Base, Length) = (tracked, codePointsBefore, text.Length);
        _limit = (int)Math.Min(int.MaxValue, FreeGrowth + ((long)MaxGrowth * text.Length));
        if (_chars.Length < text.Length)
        {
            _chars = new char[text.Length + (text.Length >> 1)];
        }

        text.CopyTo(_chars);
        if (!tracked)
        {
            return;
        }

        if (_starts.Length < _chars.Length)
        {
            (_starts, _ends) = (new int[_chars.Length], new int[_chars.Length]);
        }

        int place = codePointsBefore;
        for (int i = 0; i < text.Length; i++, place++)
        {
            (_starts[i], _ends[i]) = (place, place + 1);
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
                (_starts[i], _ends[i]) = (place, place + 1);
            }
        }
    }

    /// <summary>The original range of a range of the text; meaningful only when tracked.</summary>
    public (int Start, int End) Origin(int start, int length) =>
        length == 0 ? (start < Length ? _starts[start] : Base, start < Length ? _starts[start] : Base) : (_starts[start], _ends[start + length - 1]);

    /// <summary>Begins a rewrite.</summary>
    public void Begin()
    {
        (_chars, _old) = (_old, _chars);
        (_starts, _oldStarts) = (_oldStarts, _starts);
        (_ends, _oldEnds) = (_oldEnds, _ends);
        (_oldLength, Length, _cursor) = (Length, 0, 0);
        Reserve(_oldLength);
    }

    /// <summary>Ends a rewrite. What was not read of the old text is dropped.</summary>
    public void Commit() => _oldLength = 0;

    /// <summary>Writes a character.</summary>
    /// <param name="codePoint">The character.</param>
    /// <param name="change">1: new, it shares the place of what was last read; 0: it takes the place of the next old character; -n: likewise, and the n old ones after it vanish.</param>
    public void Push(int codePoint, int change)
    {
        int place = change > 0 ? _cursor - 1 : _cursor;
        if (change <= 0)
        {
            Skip(1 - change);
        }

        Write(codePoint, place);
    }

    /// <summary>Copies old text as it is.</summary>
    public void Copy(int units)
    {
        Reserve(Length + units);
        _old.AsSpan(_cursor, units).CopyTo(_chars.AsSpan(Length));
        if (_tracked)
        {
            _oldStarts.AsSpan(_cursor, units).CopyTo(_starts.AsSpan(Length));
            _oldEnds.AsSpan(_cursor, units).CopyTo(_ends.AsSpan(Length));
        }

        Length += units;
        _cursor += units;
    }

    /// <summary>Passes over old characters.</summary>
    public void Skip(int codePoints)
    {
        for (; codePoints > 0 && _cursor < _oldLength; codePoints--)
        {
            _cursor += _cursor + 1 < _oldLength && char.IsSurrogatePair(_old[_cursor], _old[_cursor + 1]) ? 2 : 1;
        }
    }

    /// <summary>Passes over old UTF-16 units.</summary>
    public void SkipUnits(int units) => _cursor += units;

    /// <summary>Writes a character that takes the place of the old character at an index, without reading it.</summary>
    public void Write(int codePoint, int oldIndex)
    {
        Reserve(Length + 2);
        int from = Length;
        if (codePoint < 0x10000)
        {
            _chars[Length++] = (char)codePoint;
        }
        else
        {
            Length += new Rune(codePoint).EncodeToUtf16(_chars.AsSpan(Length));
        }

        if (_tracked)
        {
            bool known = oldIndex >= 0 && oldIndex < _oldLength;
            int start = known ? _oldStarts[oldIndex] : Base;
            int end = known ? _oldEnds[oldIndex] : Base;
            for (int i = from; i < Length; i++)
            {
                (_starts[i], _ends[i]) = (start, end);
            }
        }
    }

    /// <summary>Replaces one UTF-16 unit by another; places stay.</summary>
    public void ReplaceInPlace(char from, char to) => _chars.AsSpan(0, Length).Replace(from, to);

    private void Reserve(int length)
    {
        if (_chars.Length < length)
        {
            if (length > _limit)
            {
                throw TokenizerErrors.GrowsTooLarge(_limit);
            }

            Array.Resize(ref _chars, Math.Max(length, _chars.Length * 2));
        }

        if (_tracked && _starts.Length < _chars.Length)
        {
            Array.Resize(ref _starts, _chars.Length);
            Array.Resize(ref _ends, _chars.Length);
        }
    }
}
