using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace LlmToolkit.Cli;

/// <summary>What is wrong with a command line, in words that help.</summary>
internal static partial class UsageErrors
{
    /// <summary>The first fault of a command line; null: there is none.</summary>
    public static Diagnostic? Find(ParseResult result)
    {
        // Arguments take any word, so a misspelt option would silently become a model or a prompt.
        if (UnknownOption(result) is string unknown)
        {
            string? near = Nearest(unknown, Options(result.CommandResult.Command));
            return CliErrors.Parse($"There is no option {unknown}{(result.CommandResult.Command is RootCommand ? "" : $" in `llmtk {Path(result.CommandResult)}`")}.", near is null ? [] : [$"Did you mean {near}?"]).Diagnostic;
        }

        if (result.CommandResult.Command is RootCommand root && result.UnmatchedTokens.Count > 0)
        {
            string word = result.UnmatchedTokens[0];
            string? near = Nearest(word, root.Subcommands.Select(c => c.Name));
            return CliErrors.Parse($"There is no command \"{word}\".", near is null ? $"Was it meant for `run`? llmtk run \"{word}\"" : $"Did you mean {near}?").Diagnostic;
        }

        if (result.CommandResult.Command is { Subcommands.Count: > 0 } group && group is not RootCommand)
        {
            string path = Path(result.CommandResult);
            string? near = result.UnmatchedTokens.Count == 0 ? null : Nearest(result.UnmatchedTokens[0], group.Subcommands.Select(c => c.Name));
            return CliErrors.Parse(
                result.UnmatchedTokens.Count == 0 ? $"`llmtk {path}` needs a command." : $"There is no command \"{result.UnmatchedTokens[0]}\" in `llmtk {path}`.",
                near is null ? $"Its commands: {string.Join(", ", group.Subcommands.Select(c => c.Name))}." : $"Did you mean {near}?").Diagnostic;
        }

        return result.Errors.Count == 0 ? null : CliErrors.Parse(string.Join(" ", result.Errors.Select(e => Words(e.Message)).Distinct())).Diagnostic;
    }

    /// <summary>The command as it is typed, without the program's name.</summary>
    private static string Path(CommandResult command) =>
        command.Parent is CommandResult { Command: not RootCommand } group ? $"{Path(group)} {command.Command.Name}" : command.Command.Name;

    private static string? UnknownOption(ParseResult result)
    {
        int end = result.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash).Count();
        HashSet<Token> before = new(result.Tokens.Take(end), ReferenceEqualityComparer.Instance);
        IEnumerable<Token> words = result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Concat(UnmatchedTokens(result));
        return words.FirstOrDefault(t => before.Contains(t) && OptionForm().IsMatch(t.Value))?.Value.Split('=')[0];
    }

    private static IEnumerable<Token> UnmatchedTokens(ParseResult result) => result.Tokens.Where(t => result.UnmatchedTokens.Contains(t.Value));

    private static IEnumerable<string> Options(Command command) =>
        command.Options.Concat(GlobalOptions.All).SelectMany(o => o.Aliases.Append(o.Name)).Append("--help").Distinct();

    /// <summary>The library's messages name .NET types; people think in numbers and words.</summary>
    private static string Words(string message) => TypeName().Replace(message, m =>
        m.Value.Contains("Int", StringComparison.Ordinal) ? ": expected a whole number."
        : m.Value.Contains("Single", StringComparison.Ordinal) ? ": expected a number."
        : ".");

    /// <summary>The option that differs by the fewest letters, if those are few.</summary>
    private static string? Nearest(string text, IEnumerable<string> known) => known
        .Select(k => (Name: k, Distance: k.StartsWith(text, StringComparison.Ordinal) ? 1 : Distance(text, k)))
        .Where(k => k.Distance <= Math.Max(2, text.Length / 4) && k.Distance < text.Length)
        .OrderBy(k => k.Distance)
        .Select(k => k.Name)
        .FirstOrDefault();

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }

    [GeneratedRegex(@"^(--[A-Za-z][\w-]*|-[A-Za-z])(=.*)?$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex OptionForm();

    [GeneratedRegex(@" as expected type '[^']*'\.?", RegexOptions.CultureInvariant)]
    private static partial Regex TypeName();
}
