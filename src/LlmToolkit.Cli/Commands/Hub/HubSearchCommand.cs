using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary><c>hub search TEXT</c>: repositories that fit.</summary>
internal static partial class HubSearchCommand
{
    private const int MostResults = 1_000;

    private static readonly string[] s_columns = ["name", "parameters", "downloads", "likes", "modified", "task", "gate"];
    private static readonly Dictionary<string, HubSort> s_sorts = new(StringComparer.Ordinal)
    {
        ["trending"] = HubSort.Trending,
        ["downloads"] = HubSort.Downloads,
        ["likes"] = HubSort.Likes,
        ["created"] = HubSort.Created,
        ["modified"] = HubSort.Modified,
    };

    public static Command Create(CliHost host)
    {
        Argument<string?> words = new("TEXT") { Description = "Words of the name.", Arity = ArgumentArity.ZeroOrOne };
        Option<int> limit = new("--limit") { Description = "Most results.", HelpName = "N", DefaultValueFactory = _ => 20 };
        Option<string?> author = new("--author") { Description = "Owner: a user or an organisation.", HelpName = "NAME" };
        Option<string[]> filter = new("--filter") { Description = "A tag that must be there: gguf, safetensors, a library, a language. May be repeated.", HelpName = "TAG" };
        Option<string?> task = new("--task") { Description = "The task, such as text-generation.", HelpName = "TASK" };
        Option<string?> least = new("--min-parameters") { Description = "Fewest parameters: 500M, 6B.", HelpName = "N" };
        Option<string?> most = new("--max-parameters") { Description = "Most parameters: 8B.", HelpName = "N" };
        Option<bool?> gated = new("--gated") { Description = "true: only those with a gate; false: only those without.", HelpName = "true|false" };
        Option<string?> sort = new("--sort") { Description = "trending, downloads, likes, created or modified; the most first.", HelpName = "ORDER" };
        Option<string> kind = new("--repo-type") { Description = "model, dataset or space.", HelpName = "KIND", DefaultValueFactory = _ => "model" };
        sort.AcceptOnlyFromAmong([.. s_sorts.Keys]);
        kind.AcceptOnlyFromAmong("model", "dataset", "space");
        Command command = new("search", """
            Find models on the Hub.

            Examples:
              llmtk hub search llama --filter gguf --max-parameters 8B
              llmtk hub search --author Qwen --sort downloads --limit 5
              llmtk hub search smol --task text-generation --gated false --json
            """) { words, limit, author, filter, task, least, most, gated, sort, kind, HubOptions.Token };
        command.SetAction(async (result, cancellationToken) =>
        {
            HubSearch search = new()
            {
                Kind = HubOptions.Kind(result.GetRequiredValue(kind)),
                Text = result.GetValue(words),
                Author = result.GetValue(author),
                Filters = result.GetValue(filter) ?? [],
                PipelineTag = result.GetValue(task),
                Gated = result.GetValue(gated),
                MinParameters = Parameters(least, result.GetValue(least)),
                MaxParameters = Parameters(most, result.GetValue(most)),
                Sort = result.GetValue(sort) is { } order ? s_sorts[order] : null,
                Limit = result.GetValue(limit) is int n and >= 1 and <= MostResults ? n : throw CliErrors.BadValue("--limit", result.GetValue(limit).ToString(CultureInfo.InvariantCulture), FormattableString.Invariant($"1 to {MostResults}")),
            };
            using HubClient client = HubOptions.Client(host, result);
            List<HubRepositoryInfo> found = await client.SearchAsync(search, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartArray();
                    found.ForEach(info => HubJson.Write(w, info, null));
                    w.WriteEndArray();
                });
            }
            else if (found.Count > 0)
            {
                Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_columns, found.Select(Row));
            }
            else if (!result.GetValue(GlobalOptions.Quiet))
            {
                await host.Error.WriteLineAsync("nothing on the Hub fits").ConfigureAwait(false);
            }

            return 0;
        });
        return command;
    }

    private static string[] Row(HubRepositoryInfo info) =>
    [
        info.Id,
        info.ParameterCount is { } parameters ? Output.Count(parameters) : "-",
        info.Downloads?.ToString(CultureInfo.InvariantCulture) ?? "-",
        info.Likes?.ToString(CultureInfo.InvariantCulture) ?? "-",
        info.LastModified?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "-",
        info.PipelineTag ?? "-",
        info.Gated ?? "-",
    ];

    private static string? Parameters(Option option, string? text) =>
        text is null || Number().IsMatch(text) ? text?.ToUpperInvariant() : throw CliErrors.BadValue(option.Name, text, "a number such as 500M or 6B");

    [GeneratedRegex(@"^\d{1,6}(\.\d{1,3})?[KMBTkmbt]?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
