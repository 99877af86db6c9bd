using System.Text.RegularExpressions;

namespace LlmToolkit.Fuzz;

/// <summary>Cuts text into the words of its language.</summary>
internal static partial class Words
{
    /// <summary>The words of a JSON text.</summary>
    public static IEnumerable<string> Json(string text) => JsonWord().Matches(text).Select(m => m.Value);

    /// <summary>The words of a template.</summary>
    public static IEnumerable<string> Jinja(string text) => JinjaWord().Matches(text).Select(m => m.Value);

    [GeneratedRegex("""\s+|"(?:\\.|[^"\\])*"|[{}\[\]:,]|[^\s{}\[\]:,"]+""")]
    private static partial Regex JsonWord();

    [GeneratedRegex("""\{%-?|-?%\}|\{\{-?|-?\}\}|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\w+|\s+|.""", RegexOptions.Singleline)]
    private static partial Regex JinjaWord();
}
