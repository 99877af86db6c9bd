using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary><c>hub info REPO</c>: what the Hub tells about a repository.</summary>
internal static class HubInfoCommand
{
    /// <summary>Branches and tags that are shown to people.</summary>
    private const int MostNames = 20;

    public static Command Create(CliHost host)
    {
        Command command = new("info", """
            Show what the Hub tells about a repository: licence, size, gate, branches, tags.

            Examples:
              llmtk hub info owner/name
              llmtk hub info owner/name@v1.0 --json
              llmtk hub info owner/name --repo-type dataset
            """);
        HubOptions options = new(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            (HubRepository repository, string? revision) = options.Read(result);
            using HubClient client = HubOptions.Client(host, result);
            HubRepositoryInfo info = await client.InfoAsync(repository, revision, cancellationToken).ConfigureAwait(false);
            HubRefs? refs = await RefsAsync(client, repository, cancellationToken).ConfigureAwait(false);
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => HubJson.Write(w, info, refs));
            }
            else
            {
                Print(host, info, refs);
            }

            return 0;
        });
        return command;
    }

    /// <summary>The names of its commits; null where they cannot be had: the info is worth showing without them.</summary>
    private static async Task<HubRefs?> RefsAsync(HubClient client, HubRepository repository, CancellationToken cancellationToken)
    {
        try
        {
            return await client.WithoutRetries.RefsAsync(repository, cancellationToken).ConfigureAwait(false);
        }
        catch (ModelException)
        {
            return null;
        }
    }

    private static void Print(CliHost host, HubRepositoryInfo info, HubRefs? refs)
    {
        using StreamWriter text = Output.Text(host);
        void Line(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.WriteLine($"{name + ":",-14}{DiagnosticOutput.Safe(value)}");
            }
        }

        Line("name", info.Id);
        Line("commit", info.Sha);
        Line("modified", info.LastModified?.ToString("yyyy-MM-dd HH:mm 'UTC'", System.Globalization.CultureInfo.InvariantCulture));
        Line("licence", info.License);
        Line("task", info.PipelineTag);
        Line("library", info.LibraryName);
        Line("parameters", info.ParameterCount is { } parameters ? Output.Count(parameters) : null);
        Line("architecture", info.GgufArchitecture);
        Line("context", info.GgufContextLength is { } context ? FormattableString.Invariant($"{context} tokens") : null);
        Line("files", info.Listing is { } listing ? FormattableString.Invariant($"{listing.Files.Count}, {Output.Size(listing.Files.Sum(f => f.Size))}") : null);
        Line("downloads", info.Downloads is { } downloads ? FormattableString.Invariant($"{downloads} in 30 days") : null);
        Line("likes", info.Likes?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Line("private", info.Private == true ? "yes" : null);
        Line("gate", info.Gated is null ? null : $"{info.Gated}: accept its terms on the model's page before you download");
        Line("disabled", info.Disabled == true ? "yes: the Hub has taken it down" : null);
        Line("branches", Names(refs?.Branches));
        Line("tags", Names(refs?.Tags));
        Line("labels", string.Join(", ", info.Tags));
    }

    private static string? Names(IReadOnlyList<HubRef>? refs) =>
        refs is null ? null : string.Join(", ", refs.Take(MostNames).Select(r => r.Name)) + (refs.Count > MostNames ? FormattableString.Invariant($" and {refs.Count - MostNames} more") : "");
}
