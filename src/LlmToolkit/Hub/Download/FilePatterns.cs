using System.Text;
using System.Text.RegularExpressions;

namespace LlmToolkit.Hub;

/// <summary>Which files patterns keep: the wildcards of Python's fnmatch, case-sensitive on every system, <c>*</c> crosses <c>/</c>.</summary>
/// <remarks>Source: huggingface_hub, <c>utils/_paths.py</c> (filter_repo_objects).</remarks>
internal sealed class FilePatterns
{
    private readonly Regex[] _include;
    private readonly Regex[] _exclude;

    public FilePatterns(IEnumerable<string> include, IEnumerable<string> exclude) =>
        (_include, _exclude) = ([.. include.Select(Compile)], [.. exclude.Select(Compile)]);

    /// <summary>Why a file is left out; null: it is kept.</summary>
    public string? Against(string path)
    {
        string asMatched = path.Replace('\\', '/');
        return _include.Length > 0 && !_include.Any(p => p.IsMatch(asMatched)) ? "matches no --include pattern"
            : _exclude.Any(p => p.IsMatch(asMatched)) ? "matches an --exclude pattern"
            : null;
    }

    /// <summary>Without backtracking: a pattern of a user's script must not hang.</summary>
    private static Regex Compile(string pattern)
    {
        string text = pattern.Replace('\\', '/');
        if (text.EndsWith('/'))
        {
            text += "*";
        }

        StringBuilder regex = new(@"\A(?s:");
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '*':
                    regex.Append(".*");
                    break;
                case '?':
                    regex.Append('.');
                    break;
                case '[' when ClosingBracket(text, i) is { } close:
                    AppendSet(regex, text[(i + 1)..close]);
                    i = close;
                    break;
                default:
                    regex.Append(Regex.Escape(text[i].ToString()));
                    break;
            }
        }

        return new Regex(regex.Append(@")\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }

    /// <summary>A <c>]</c> that comes first stands for itself; without a closing one the bracket does.</summary>
    private static int? ClosingBracket(string text, int open)
    {
        int from = open + 1;
        if (from < text.Length && text[from] == '!')
        {
            from++;
        }

        if (from < text.Length && text[from] == ']')
        {
            from++;
        }

        int close = from < text.Length ? text.IndexOf(']', from) : -1;
        return close < 0 ? null : close;
    }

    private static void AppendSet(StringBuilder regex, string set)
    {
        bool isNegated = set[0] == '!';
        string members = isNegated ? set[1..] : set;
        StringBuilder inside = new();
        for (int i = 0; i < members.Length; i++)
        {
            if (i + 2 < members.Length && members[i + 1] == '-')
            {
                if (members[i] <= members[i + 2])
                {
                    inside.Append(Member(members[i])).Append('-').Append(Member(members[i + 2]));
                }

                // A range that runs backwards holds nothing.
                i += 2;
            }
            else
            {
                inside.Append(Member(members[i]));
            }
        }

        regex.Append(inside.Length == 0 ? (isNegated ? "." : @"[^\s\S]") : $"[{(isNegated ? "^" : "")}{inside}]");
    }

    private static string Member(char c) => c is ']' or '[' or '\\' or '^' or '-' ? "\\" + c : c.ToString();
}
