namespace LlmToolkit.Text.Templates;

/// <summary>Operations on text that keep the marks of input; shared by filters and methods.</summary>
internal static class TextOperations
{
    /// <summary>Replaces the first <paramref name="count"/> occurrences, or all where it is negative.</summary>
    public static StringValue Replace(StringValue text, StringValue old, StringValue replacement, int count)
    {
        count = count < 0 ? int.MaxValue : count;
        TextBuilder built = new();
        int next = 0;
        int at = 0;
        for (; count > 0 && at <= text.Text.Length; count--)
        {
            int found = text.Text.IndexOf(old.Text, at, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            built.Append(text, next, found).Append(replacement);
            next = found + old.Text.Length;
            at = old.Text.Length > 0 ? next : found + (found + 1 < text.Text.Length && char.IsSurrogatePair(text.Text[found], text.Text[found + 1]) ? 2 : 1);
        }

        return next == 0 && built.Length == 0 ? text : built.Append(text, next, text.Text.Length).Build();
    }

    /// <summary>Parts between separators, or between runs of white space where it is null; at most <paramref name="most"/> cuts where that is not negative.</summary>
    public static List<StringValue> Split(StringValue text, string? separator, int most)
    {
        if (separator is null)
        {
            return SplitSpace(text, most);
        }

        CheckSeparator(separator);
        List<StringValue> parts = [];
        int next = 0;
        while ((most < 0 || parts.Count < most) && text.Text.IndexOf(separator, next, StringComparison.Ordinal) is >= 0 and int found)
        {
            Add(parts, text.Slice(next, found));
            next = found + separator.Length;
        }

        parts.Add(text.Slice(next, text.Text.Length));
        return parts;
    }

    /// <summary>The same, cut from the end.</summary>
    public static List<StringValue> SplitFromEnd(StringValue text, string? separator, int most)
    {
        List<StringValue> parts = [];
        int end = text.Text.Length;
        if (separator is null)
        {
            while (end > 0)
            {
                end = text.Slice(0, end).Trim(start: false).Text.Length;
                if (end == 0)
                {
                    break;
                }

                int start = end;
                while (start > 0 && !PythonText.IsSpace(text.Text[start - 1]))
                {
                    start--;
                }

                bool last = most >= 0 && parts.Count == most;
                Add(parts, text.Slice(last ? 0 : start, end));
                end = last ? 0 : start;
            }
        }
        else
        {
            CheckSeparator(separator);
            while ((most < 0 || parts.Count < most) && end > 0 && text.Text.LastIndexOf(separator, end - 1, StringComparison.Ordinal) is >= 0 and int found)
            {
                Add(parts, text.Slice(found + separator.Length, end));
                end = found;
            }

            parts.Add(text.Slice(0, end));
        }

        parts.Reverse();
        return parts;
    }

    /// <summary>Lines, cut at every line boundary that Python knows.</summary>
    public static List<StringValue> Lines(StringValue text, bool keepEnds)
    {
        List<StringValue> lines = [];
        string source = text.Text;
        int start = 0;
        for (int i = 0; i < source.Length; i++)
        {
            if (source[i] is not ('\n' or '\r' or '\v' or '\f' or '\u001c' or '\u001d' or '\u001e' or '\u0085' or '\u2028' or '\u2029'))
            {
                continue;
            }

            int end = source[i] == '\r' && i + 1 < source.Length && source[i + 1] == '\n' ? i + 2 : i + 1;
            Add(lines, text.Slice(start, keepEnds ? end : i));
            start = end;
            i = end - 1;
        }

        if (start < source.Length)
        {
            lines.Add(text.Slice(start, source.Length));
        }

        return lines;
    }

    public static StringValue Join(StringValue separator, IEnumerable<StringValue> parts)
    {
        TextBuilder built = new();
        bool first = true;
        foreach (StringValue part in parts)
        {
            if (!first)
            {
                built.Append(separator);
            }

            first = false;
            built.Append(part);
        }

        return built.Build();
    }

    /// <summary>Fills to a width; what is odd goes where Python puts it.</summary>
    public static StringValue Center(StringValue text, int width, StringValue fill)
    {
        long missing = (long)width - text.Length;
        if (missing <= 0)
        {
            return text;
        }

        long left = (missing / 2) + (missing & width & 1);
        return Pad(text, left, missing - left, fill);
    }

    /// <summary>Fills both sides.</summary>
    public static StringValue Pad(StringValue text, long left, long right, StringValue fill)
    {
        if (fill.Length != 1)
        {
            throw TemplateErrors.Type("the fill must be one character");
        }

        TextBuilder.CheckLength(text.Text.Length + (Math.Max(0, left) * fill.Text.Length) + (Math.Max(0, right) * fill.Text.Length));
        TextBuilder built = new();
        Repeat(built, fill, left);
        built.Append(text);
        Repeat(built, fill, right);
        return built.Build();
    }

    /// <summary>Lines of at most a width, cut at white space and after hyphens. The rules are those of Python's textwrap.</summary>
    public static IEnumerable<StringValue> Wrap(StringValue text, int width, bool breakLong, bool breakHyphens)
    {
        Stack<(int From, int To)> chunks = new(Chunks(text.Text, breakHyphens).Reverse());
        bool first = true;
        while (chunks.TryPeek(out (int From, int To) next))
        {
            if (!first && PythonText.IsSpace(text.Text[next.From]))
            {
                chunks.Pop();
            }

            int start = chunks.TryPeek(out next) ? next.From : text.Text.Length;
            int end = start;
            while (chunks.TryPeek(out next) && text.Slice(start, next.To).Length <= width)
            {
                end = chunks.Pop().To;
            }

            if (chunks.TryPeek(out next) && text.Slice(next.From, next.To).Length > width)
            {
                if (breakLong)
                {
                    // A long word fills what is left of the line; its rest is the next chunk.
                    StringValue word = text.Slice(next.From, next.To);
                    int room = word.Offset(width - text.Slice(start, end).Length);
                    int hyphen = breakHyphens && room > 0 ? word.Text.LastIndexOf('-', room - 1) : -1;
                    end = next.From + (hyphen > 0 && word.Text.AsSpan(0, hyphen).ContainsAnyExcept('-') ? hyphen + 1 : room);
                    chunks.Pop();
                    chunks.Push((end, next.To));
                }
                else if (end == start)
                {
                    end = chunks.Pop().To;
                }
            }

            StringValue line = text.Slice(start, end).Trim(start: false);
            if (line.IsTrue)
            {
                first = false;
                yield return line;
            }
        }
    }

    private static IEnumerable<(int From, int To)> Chunks(string text, bool hyphens)
    {
        int start = 0;
        for (int i = 1; i <= text.Length; i++)
        {
            bool boundary = i == text.Length
                || PythonText.IsSpace(text[i]) != PythonText.IsSpace(text[i - 1])
                || (hyphens && text[i - 1] == '-' && i > start + 1 && char.IsLetter(text[i - 2]) && char.IsLetter(text[i]));
            if (boundary)
            {
                yield return (start, i);
                start = i;
            }
        }
    }

    private static List<StringValue> SplitSpace(StringValue text, int most)
    {
        List<StringValue> parts = [];
        string source = text.Text;
        for (int i = 0; ;)
        {
            while (i < source.Length && PythonText.IsSpace(source[i]))
            {
                i++;
            }

            if (i == source.Length)
            {
                return parts;
            }

            if (most >= 0 && parts.Count == most)
            {
                parts.Add(text.Slice(i, source.Length));
                return parts;
            }

            int start = i;
            while (i < source.Length && !PythonText.IsSpace(source[i]))
            {
                i++;
            }

            Add(parts, text.Slice(start, i));
        }
    }

    private static void Repeat(TextBuilder built, StringValue text, long times)
    {
        for (long i = 0; i < times; i++)
        {
            built.Append(text);
        }
    }

    private static void Add(List<StringValue> parts, StringValue part)
    {
        if (parts.Count >= Limits.Items)
        {
            throw TemplateErrors.Limit("A text is split into parts", Limits.Items);
        }

        parts.Add(part);
    }

    private static void CheckSeparator(string separator)
    {
        if (separator.Length == 0)
        {
            throw TemplateErrors.Type("the separator is empty");
        }
    }
}
