using System.Net;
using System.Text;

namespace LlmToolkit.Text.Templates;

/// <summary>Filters on text. They take any value as its text.</summary>
internal static class TextFilters
{
    public static Value Upper(Evaluator run, Value subject, Arguments arguments) => Same(PythonText.ToText(subject), Casing.Upper);

    public static Value Lower(Evaluator run, Value subject, Arguments arguments) => Same(PythonText.ToText(subject), Casing.Lower);

    public static Value Capitalize(Evaluator run, Value subject, Arguments arguments) => Same(PythonText.ToText(subject), Casing.Capitalize);

    /// <summary>Words begin after white space and <c>- ( { [ &lt;</c>, not after an apostrophe.</summary>
    public static Value Title(Evaluator run, Value subject, Arguments arguments) => Same(PythonText.ToText(subject), text =>
    {
        StringBuilder built = new(text.Length);
        for (int start = 0; start < text.Length;)
        {
            bool separator = IsTitleSeparator(text[start]);
            int end = start + 1;
            while (end < text.Length && IsTitleSeparator(text[end]) == separator)
            {
                end++;
            }

            string word = text[start..end];
            int first = word.Length > 1 && char.IsSurrogatePair(word[0], word[1]) ? 2 : 1;
            built.Append(separator ? word : Casing.Upper(word[..first]) + Casing.Lower(word[first..]));
            start = end;
        }

        return built.ToString();
    });

    public static Value Trim(Evaluator run, Value subject, Arguments arguments) =>
        PythonText.ToText(subject).Trim(Get.TextOrNone(arguments.Bind("trim", 0, "chars")[0])?.Text);

    public static Value String(Evaluator run, Value subject, Arguments arguments) => PythonText.ToText(subject);

    public static Value Replace(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("replace", 2, "old", "new", "count");
        int count = given[2] is NoneValue ? -1 : Get.Int(given[2], -1);
        return TextOperations.Replace(PythonText.ToText(subject), PythonText.ToText(given[0]!), PythonText.ToText(given[1]!), count);
    }

    public static Value Indent(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("indent", 0, "width", "first", "blank");
        StringValue indention = given[0] as StringValue ?? (StringValue)Operators.Apply("*", StringValue.Of(" "), new IntValue(Get.Int(given[0], 4)));
        bool first = Get.Truth(given[1]);
        bool blank = Get.Truth(given[2]);
        TextBuilder built = new();
        List<StringValue> lines = TextOperations.Lines(new TextBuilder().Append(Get.Text(subject)).Append('\n').Build(), keepEnds: false);
        for (int i = 0; i < lines.Count; i++)
        {
            if (i > 0)
            {
                built.Append('\n');
            }

            if (i == 0 ? first : blank || lines[i].IsTrue)
            {
                built.Append(indention);
            }

            built.Append(lines[i]);
        }

        return built.Build();
    }

    public static Value Format(Evaluator run, Value subject, Arguments arguments)
    {
        if (arguments.Positional.Count > 0 && arguments.Named.Count > 0)
        {
            throw TemplateErrors.Type("format takes positional arguments or named ones, not both");
        }

        if (arguments.Named.Count == 0)
        {
            return PercentFormat.Apply(PythonText.ToText(subject), new TupleValue(arguments.Positional));
        }

        DictValue named = new();
        foreach ((string name, Value value) in arguments.Named)
        {
            named.Set(name, value);
        }

        return PercentFormat.Apply(PythonText.ToText(subject), named);
    }

    public static Value Center(Evaluator run, Value subject, Arguments arguments) =>
        TextOperations.Center(PythonText.ToText(subject), Get.Int(arguments.Bind("center", 0, "width")[0], 80), StringValue.Of(" "));

    public static Value WordCount(Evaluator run, Value subject, Arguments arguments)
    {
        int words = 0;
        bool inside = false;
        foreach (Rune rune in PythonText.ToText(subject).Text.EnumerateRunes())
        {
            bool word = rune.Value == '_' || Rune.IsLetterOrDigit(rune);
            words += word && !inside ? 1 : 0;
            inside = word;
        }

        return new IntValue(words);
    }

    public static Value Truncate(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("truncate", 0, "length", "killwords", "end", "leeway");
        StringValue text = Get.Text(subject);
        StringValue end = given[2] is null ? StringValue.Of("...") : Get.Text(given[2]!);
        int length = Get.Int(given[0], 255);
        int leeway = Get.Int(given[3] is NoneValue ? null : given[3], 5);
        if (length < end.Length || leeway < 0)
        {
            throw TemplateErrors.Type($"truncate needs a length of at least {end.Length} and a leeway of at least 0");
        }

        if (text.Length <= (long)length + leeway)
        {
            return text;
        }

        StringValue cut = text.Slice(0, text.Offset(length - end.Length));
        int space = cut.Text.LastIndexOf(' ');
        return new TextBuilder().Append(Get.Truth(given[1]) || space < 0 ? cut : cut.Slice(0, space)).Append(end).Build();
    }

    public static Value WordWrap(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
        int width = Get.Int(given[0], 79);
        if (width <= 0)
        {
            throw TemplateErrors.Type("wordwrap needs a width above 0");
        }

        StringValue between = Get.TextOrNone(given[2]) ?? StringValue.Of("\n");
        IEnumerable<StringValue> lines = TextOperations.Lines(Get.Text(subject), keepEnds: false)
            .Select(line => TextOperations.Join(between, TextOperations.Wrap(line, width, Get.Truth(given[1], true), Get.Truth(given[3], true))));
        return TextOperations.Join(between, lines);
    }

    public static Value StripTags(Evaluator run, Value subject, Arguments arguments)
    {
        StringValue text = PythonText.ToText(subject);
        StringBuilder kept = new(text.Text);
        Remove(kept, "<!--", "-->");
        Remove(kept, "<", ">");
        string words = string.Join(' ', TextOperations.Split(StringValue.Of(kept.ToString()), null, -1).Select(w => w.Text));
        return text.Transformed(WebUtility.HtmlDecode(words));
    }

    public static Value Safe(Evaluator run, Value subject, Arguments arguments) => PythonText.ToText(subject).AsMarkup();

    public static Value Escape(Evaluator run, Value subject, Arguments arguments) => EscapeHtml(PythonText.ToText(subject));

    public static Value ForceEscape(Evaluator run, Value subject, Arguments arguments) => EscapeHtml(PythonText.ToText(subject).AsMarkup(false));

    /// <summary>Markup stays; other text gets its HTML characters escaped.</summary>
    public static StringValue EscapeHtml(StringValue text)
    {
        if (text.IsMarkup)
        {
            return text;
        }

        TextBuilder built = new();
        int next = 0;
        for (int i = 0; i < text.Text.Length; i++)
        {
            string? escape = text.Text[i] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&#34;",
                '\'' => "&#39;",
                _ => null,
            };
            if (escape is not null)
            {
                built.Append(text, next, i).Append(escape);
                next = i + 1;
            }
        }

        return built.Append(text, next, text.Text.Length).Build().AsMarkup();
    }

    /// <summary>An operation that keeps markup markup.</summary>
    private static StringValue Same(StringValue text, Func<string, string> operation) => text.Transformed(operation(text.Text)).AsMarkup(text.IsMarkup);

    private static bool IsTitleSeparator(char c) => c is '-' or '(' or '{' or '[' or '<' || PythonText.IsSpace(c);

    private static void Remove(StringBuilder text, string open, string close)
    {
        string source = text.ToString();
        text.Clear();
        int at = 0;
        while (source.IndexOf(open, at, StringComparison.Ordinal) is >= 0 and int start && source.IndexOf(close, start, StringComparison.Ordinal) is >= 0 and int end)
        {
            text.Append(source, at, start - at);
            at = end + close.Length;
        }

        text.Append(source, at, source.Length - at);
    }
}
