using System.Collections.Frozen;

namespace LlmToolkit.Text.Templates;

/// <summary>A filter: subject and arguments to a value.</summary>
internal delegate Value Filter(Evaluator run, Value subject, Arguments arguments);

/// <summary>Every filter by its name.</summary>
internal static class FilterTable
{
    private static readonly FrozenDictionary<string, Filter> s_filters = new Dictionary<string, Filter>(StringComparer.Ordinal)
    {
        ["abs"] = NumberFilters.Abs,
        ["attr"] = ListFilters.Attr,
        ["batch"] = ListFilters.Batch,
        ["capitalize"] = TextFilters.Capitalize,
        ["center"] = TextFilters.Center,
        ["count"] = ListFilters.Length,
        ["d"] = ListFilters.Default,
        ["default"] = ListFilters.Default,
        ["dictsort"] = SortFilters.DictSort,
        ["e"] = TextFilters.Escape,
        ["escape"] = TextFilters.Escape,
        ["filesizeformat"] = NumberFilters.FileSize,
        ["first"] = ListFilters.First,
        ["float"] = NumberFilters.Float,
        ["forceescape"] = TextFilters.ForceEscape,
        ["format"] = TextFilters.Format,
        ["groupby"] = SortFilters.GroupBy,
        ["indent"] = TextFilters.Indent,
        ["int"] = NumberFilters.Int,
        ["items"] = ListFilters.Items,
        ["join"] = ListFilters.Join,
        ["last"] = ListFilters.Last,
        ["length"] = ListFilters.Length,
        ["list"] = ListFilters.List,
        ["lower"] = TextFilters.Lower,
        ["map"] = SelectFilters.Map,
        ["max"] = SortFilters.Max,
        ["min"] = SortFilters.Min,
        ["reject"] = SelectFilters.Reject,
        ["rejectattr"] = SelectFilters.RejectAttr,
        ["replace"] = TextFilters.Replace,
        ["reverse"] = ListFilters.Reverse,
        ["round"] = NumberFilters.Round,
        ["safe"] = TextFilters.Safe,
        ["select"] = SelectFilters.Select,
        ["selectattr"] = SelectFilters.SelectAttr,
        ["slice"] = ListFilters.Slice,
        ["sort"] = SortFilters.Sort,
        ["string"] = TextFilters.String,
        ["striptags"] = TextFilters.StripTags,
        ["sum"] = NumberFilters.Sum,
        ["title"] = TextFilters.Title,
        ["tojson"] = JsonFilter.ToJson,
        ["trim"] = TextFilters.Trim,
        ["truncate"] = TextFilters.Truncate,
        ["unique"] = SortFilters.Unique,
        ["upper"] = TextFilters.Upper,
        ["wordcount"] = TextFilters.WordCount,
        ["wordwrap"] = TextFilters.WordWrap,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool Has(string name) => s_filters.ContainsKey(name);

    public static Filter? Find(string name) => s_filters.GetValueOrDefault(name);
}
