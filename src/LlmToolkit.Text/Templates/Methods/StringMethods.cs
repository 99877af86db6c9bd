using System.Collections.Frozen;
using System.Globalization;

namespace LlmToolkit.Text.Templates;

/// <summary>The methods of text.</summary>
internal static class StringMethods
{
    private static readonly FrozenDictionary<string, Func<StringValue, Arguments, Value>> s_methods = new Dictionary<string, Func<StringValue, Arguments, Value>>(StringComparer.Ordinal)
    {
        ["capitalize"] = Plain("capitalize", Casing.Capitalize),
        ["casefold"] = Plain("casefold", Casing.Fold),
        ["center"] = (s, a) => a.Bind("center", 1, "width", "fillchar") is var g ? TextOperations.Center(s, Get.Int(g[0], 0), Fill(g[1])) : s,
        ["count"] = (s, a) => new IntValue(Count(s, a)),
        ["endswith"] = (s, a) => BoolValue.Of(Affix(s, a, "endswith", (text, part) => text.EndsWith(part, StringComparison.Ordinal))),
        ["expandtabs"] = (s, a) => ExpandTabs(s, Get.Int(a.Bind("expandtabs", 0, "tabsize")[0], 8)),
        ["find"] = (s, a) => new IntValue(Find(s, a, "find", last: false)),
        ["format"] = FormatMethod.Format,
        ["format_map"] = (s, a) => FormatMethod.FormatMap(s, a.Bind("format_map", 1, "mapping")[0] as DictValue ?? throw TemplateErrors.Type("format_map needs a mapping")),
        ["index"] = (s, a) => new IntValue(Found(Find(s, a, "index", last: false))),
        ["isalnum"] = Every("isalnum", (t, i) => IsLetter(t, i) || IsNumeric(t, i)),
        ["isalpha"] = Every("isalpha", IsLetter),
        ["isascii"] = (s, a) => BoolValue.Of(NoArguments(a, "isascii") && s.Text.All(char.IsAscii)),
        ["isdecimal"] = Every("isdecimal", (t, i) => CharUnicodeInfo.GetUnicodeCategory(t, i) == UnicodeCategory.DecimalDigitNumber),
        ["isdigit"] = Every("isdigit", (t, i) => CharUnicodeInfo.GetDigitValue(t, i) >= 0),
        ["isidentifier"] = (s, a) => BoolValue.Of(NoArguments(a, "isidentifier") && s.IsTrue && !char.IsDigit(s.Text[0]) && s.Text.All(c => c == '_' || char.IsLetterOrDigit(c))),
        ["islower"] = (s, a) => BoolValue.Of(NoArguments(a, "islower") && Casing.IsLower(s.Text)),
        ["isnumeric"] = Every("isnumeric", IsNumeric),
        ["isprintable"] = (s, a) => BoolValue.Of(NoArguments(a, "isprintable") && Characters(s.Text).All(i => PythonText.IsPrintable(s.Text, i))),
        ["isspace"] = Every("isspace", (t, i) => PythonText.IsSpace(t[i])),
        ["istitle"] = (s, a) => BoolValue.Of(NoArguments(a, "istitle") && Casing.IsTitle(s.Text)),
        ["isupper"] = (s, a) => BoolValue.Of(NoArguments(a, "isupper") && Casing.IsUpper(s.Text)),
        ["join"] = (s, a) => Join(s, a.Bind("join", 1, "iterable")[0]!),
        ["ljust"] = (s, a) => a.Bind("ljust", 1, "width", "fillchar") is var g ? TextOperations.Pad(s, 0, (long)Get.Int(g[0], 0) - s.Length, Fill(g[1])) : s,
        ["lower"] = Plain("lower", Casing.Lower),
        ["lstrip"] = (s, a) => s.Trim(Get.TextOrNone(a.Bind("lstrip", 0, "chars")[0])?.Text, end: false),
        ["partition"] = (s, a) => Partition(s, Get.Text(a.Bind("partition", 1, "sep")[0]!), last: false),
        ["removeprefix"] = (s, a) => Get.Text(a.Bind("removeprefix", 1, "prefix")[0]!).Text is var p && s.Text.StartsWith(p, StringComparison.Ordinal) ? s.Slice(p.Length, s.Text.Length) : s,
        ["removesuffix"] = (s, a) => Get.Text(a.Bind("removesuffix", 1, "suffix")[0]!).Text is var p && s.Text.EndsWith(p, StringComparison.Ordinal) ? s.Slice(0, s.Text.Length - p.Length) : s,
        ["replace"] = (s, a) => a.Bind("replace", 2, "old", "new", "count") is var g ? TextOperations.Replace(s, Get.Text(g[0]!), Get.Text(g[1]!), Get.Int(g[2], -1)) : s,
        ["rfind"] = (s, a) => new IntValue(Find(s, a, "rfind", last: true)),
        ["rindex"] = (s, a) => new IntValue(Found(Find(s, a, "rindex", last: true))),
        ["rjust"] = (s, a) => a.Bind("rjust", 1, "width", "fillchar") is var g ? TextOperations.Pad(s, (long)Get.Int(g[0], 0) - s.Length, 0, Fill(g[1])) : s,
        ["rpartition"] = (s, a) => Partition(s, Get.Text(a.Bind("rpartition", 1, "sep")[0]!), last: true),
        ["rsplit"] = (s, a) => Split(s, a, "rsplit", TextOperations.SplitFromEnd),
        ["rstrip"] = (s, a) => s.Trim(Get.TextOrNone(a.Bind("rstrip", 0, "chars")[0])?.Text, start: false),
        ["split"] = (s, a) => Split(s, a, "split", TextOperations.Split),
        ["splitlines"] = (s, a) => new ListValue(TextOperations.Lines(s, Get.Truth(a.Bind("splitlines", 0, "keepends")[0]))),
        ["startswith"] = (s, a) => BoolValue.Of(Affix(s, a, "startswith", (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        ["strip"] = (s, a) => s.Trim(Get.TextOrNone(a.Bind("strip", 0, "chars")[0])?.Text),
        ["swapcase"] = Plain("swapcase", Casing.Swap),
        ["title"] = Plain("title", Casing.TitleWords),
        ["upper"] = Plain("upper", Casing.Upper),
        ["zfill"] = (s, a) => ZeroFill(s, Get.Int(a.Bind("zfill", 1, "width")[0], 0)),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A method bound to a text, or null.</summary>
    public static Value? Find(StringValue text, string name) => s_methods.TryGetValue(name, out Func<StringValue, Arguments, Value>? method)
        ? new CallableValue(name, (_, arguments) => method(text, arguments), "builtin_function_or_method")
        : null;

    private static Func<StringValue, Arguments, Value> Plain(string name, Func<string, string> change) => (text, arguments) =>
    {
        NoArguments(arguments, name);
        return text.Transformed(change(text.Text));
    };

    private static Func<StringValue, Arguments, Value> Every(string name, Func<string, int, bool> rule) => (text, arguments) =>
        BoolValue.Of(NoArguments(arguments, name) && text.IsTrue && Characters(text.Text).All(i => rule(text.Text, i)));

    private static bool NoArguments(Arguments arguments, string name) => arguments.Bind(name, 0).Length == 0;

    private static IEnumerable<int> Characters(string text)
    {
        for (int i = 0; i < text.Length; i += i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1)
        {
            yield return i;
        }
    }

    private static bool IsLetter(string text, int at) => CharUnicodeInfo.GetUnicodeCategory(text, at) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
        or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter;

    private static bool IsNumeric(string text, int at) => CharUnicodeInfo.GetNumericValue(text, at) >= 0;

    private static StringValue Fill(Value? fill) => fill is null ? StringValue.Of(" ") : Get.Text(fill);

    private static ListValue Split(StringValue text, Arguments arguments, string name, Func<StringValue, string?, int, List<StringValue>> split)
    {
        Value?[] given = arguments.Bind(name, 0, "sep", "maxsplit");
        return new ListValue(split(text, Get.TextOrNone(given[0])?.Text, Get.Int(given[1], -1)));
    }

    private static StringValue Join(StringValue separator, Value items)
    {
        int at = 0;
        return TextOperations.Join(separator, Iteration.Over(items).Select(item =>
        {
            StringValue text = item as StringValue ?? throw TemplateErrors.Type($"item {at} to join is a {item.TypeName}, not a text");
            at++;
            return text;
        }));
    }

    private static TupleValue Partition(StringValue text, StringValue separator, bool last)
    {
        if (!separator.IsTrue)
        {
            throw TemplateErrors.Type("the separator is empty");
        }

        int found = last ? text.Text.LastIndexOf(separator.Text, StringComparison.Ordinal) : text.Text.IndexOf(separator.Text, StringComparison.Ordinal);
        return found >= 0 ? new TupleValue([text.Slice(0, found), separator, text.Slice(found + separator.Text.Length, text.Text.Length)])
            : last ? new TupleValue([StringValue.Empty, StringValue.Empty, text])
            : new TupleValue([text, StringValue.Empty, StringValue.Empty]);
    }

    /// <summary>The part that start and end, in code points, leave; null where the start lies behind the end.</summary>
    private static (StringValue Part, int Start)? Window(StringValue text, Value? start, Value? end)
    {
        int length = text.Length;
        int Place(Value? value, int absent)
        {
            int at = Get.Int(value is NoneValue ? null : value, absent);
            return at < 0 ? Math.Max(0, at + length) : at;
        }

        int from = Place(start, 0);
        int to = Math.Min(length, Place(end, length));
        return from > to ? null : (text.Slice(text.Offset(from), text.Offset(to)), from);
    }

    private static int Find(StringValue text, Arguments arguments, string name, bool last)
    {
        Value?[] given = arguments.Bind(name, 1, "sub", "start", "end");
        string part = Get.Text(given[0]!).Text;
        if (Window(text, given[1], given[2]) is not (StringValue window, int start))
        {
            return -1;
        }

        int found = last ? window.Text.LastIndexOf(part, StringComparison.Ordinal) : window.Text.IndexOf(part, StringComparison.Ordinal);
        return found < 0 ? -1 : start + PythonText.Length(window.Text[..found]);
    }

    private static int Found(int at) => at >= 0 ? at : throw TemplateErrors.Type("the text was not found");

    private static int Count(StringValue text, Arguments arguments)
    {
        Value?[] given = arguments.Bind("count", 1, "sub", "start", "end");
        string part = Get.Text(given[0]!).Text;
        if (Window(text, given[1], given[2]) is not (StringValue window, _))
        {
            return 0;
        }

        if (part.Length == 0)
        {
            return window.Length + 1;
        }

        int count = 0;
        for (int at = 0; (at = window.Text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length)
        {
            count++;
        }

        return count;
    }

    private static bool Affix(StringValue text, Arguments arguments, string name, Func<string, string, bool> has)
    {
        Value?[] given = arguments.Bind(name, 1, name == "endswith" ? "suffix" : "prefix", "start", "end");
        IReadOnlyList<Value> parts = given[0] is TupleValue several ? several.Items : [given[0]!];
        bool inside = Window(text, given[1], given[2]) is (StringValue window, _) && parts.Any(part => has(window.Text, Get.Text(part).Text));
        return inside;
    }

    private static StringValue ZeroFill(StringValue text, int width)
    {
        int sign = text.Text.Length > 0 && text.Text[0] is '+' or '-' ? 1 : 0;
        long missing = Math.Max(0, (long)width - text.Length);
        TextBuilder.CheckLength(text.Text.Length + missing);
        return new TextBuilder().Append(text.Slice(0, sign)).Append('0', missing).Append(text.Slice(sign, text.Text.Length)).Build();
    }

    private static StringValue ExpandTabs(StringValue text, int size)
    {
        TextBuilder built = new();
        int column = 0;
        foreach (StringValue character in text.Characters())
        {
            int spaces = character.Text != "\t" ? -1 : size <= 0 ? 0 : size - (column % size);
            _ = spaces < 0 ? built.Append(character) : built.Append(' ', spaces);
            column = character.Text is "\n" or "\r" ? 0 : column + (spaces < 0 ? 1 : spaces);
        }

        return built.Build();
    }
}
