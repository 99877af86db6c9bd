using System.Text;
using System.Text.RegularExpressions;

namespace LlmToolkit.House.Tests;

/// <summary>Rule 4: codes are unique, have fixes, lie in their folder's range and have a page.</summary>
public sealed partial class DiagnosticCodeTests
{
    [Fact]
    public void Codes_InErrorFiles_AreUniqueAndDocumented()
    {
        Dictionary<string, (string File, string Method, string Message, List<string> Fixes)> codes = [];
        foreach (string file in Source.Files("src", "Errors.cs"))
        {
            string text = Source.Read(file);
            foreach (Match method in Method().Matches(text))
            {
                Match code = Code().Match(method.Value);
                if (!code.Success)
                {
                    continue;
                }

                Assert.False(codes.TryGetValue(code.Value, out var other), $"{code.Value} stands in {file} and in {other.File}.");
                Match message = Message().Match(method.Value);
                List<string> fixes = [.. Text().Matches(Tail(method.Value)).Select(m => m.Groups[1].Value)];
                codes[code.Value] = (file, method.Groups["name"].Value, message.Success ? message.Groups[1].Value : "", fixes);
            }
        }

        // Verdicts of backends and findings of checks carry codes too.
        foreach (string file in Source.Files("src", ".cs").Where(f => !f.EndsWith("Errors.cs", StringComparison.Ordinal)))
        {
            foreach (Match reason in Reason().Matches(Source.Read(file)))
            {
                codes.TryAdd(reason.Groups[1].Value, (file, "a backend's reason", reason.Groups[2].Value, reason.Groups[3].Success ? [reason.Groups[3].Value] : []));
            }
        }

        Assert.NotEmpty(codes);
        foreach ((string code, (string file, string method, string message, List<string> fixes)) in codes)
        {
            StringBuilder page = new();
            page.Append("# ").Append(code).Append(": ").Append(Words(method)).Append("\n\n");
            page.Append("Area: `").Append(Path.GetFileNameWithoutExtension(file).Replace("Errors", "", StringComparison.Ordinal)).Append("`\n\n");
            if (message.Length > 0)
            {
                page.Append("Message: ").Append(message.Replace("\\\"", "\"", StringComparison.Ordinal)).Append("\n\n");
            }

            if (fixes.Count > 0)
            {
                page.Append("What to do:\n\n");
                foreach (string fix in fixes)
                {
                    page.Append("- ").Append(fix.Replace("\\\"", "\"", StringComparison.Ordinal)).Append('\n');
                }
            }

            Source.MustEqual($"docs/errors/{code}.md", page.ToString());
        }

        string[] stale = [.. Directory.GetFiles(Path.Combine(Source.Root, "docs", "errors"), "LT*.md").Select(f => Path.GetFileNameWithoutExtension(f)!).Where(c => !codes.ContainsKey(c))];
        Assert.True(stale.Length == 0, $"pages without a code: {string.Join(", ", stale)}");
    }

    private static string Tail(string method) => method.LastIndexOf("Fixes", StringComparison.Ordinal) is var at and >= 0 ? method[at..] : "";

    private static string Words(string method) => CapitalAfterSmall().Replace(method, m => m.Value[0] + " " + char.ToLowerInvariant(m.Value[1])).ToLowerInvariant();

    [GeneratedRegex(@"(public|internal|private) static (ModelException|Diagnostic|BackendReason) (?<name>\w+)\([\s\S]*?(?=\n    (///|public|internal|private)|\n}\s*$)")]
    private static partial Regex Method();

    [GeneratedRegex(@"(?<=(Code = |\(\s*)"")LT\d{4}(?="")")]
    private static partial Regex Code();

    [GeneratedRegex(@"Message\s*=\s*\$?""((?:[^""\\]|\\.)*)""")]
    private static partial Regex Message();

    [GeneratedRegex(@"""((?:[^""\\]|\\.)*)""")]
    private static partial Regex Text();

    [GeneratedRegex(@"new BackendReason\(""(LT\d{4})"",\s*\$?""((?:[^""\\]|\\.)*)""(?:,\s*""((?:[^""\\]|\\.)*)"")?")]
    private static partial Regex Reason();

    [GeneratedRegex("[a-z][A-Z]")]
    private static partial Regex CapitalAfterSmall();
}
