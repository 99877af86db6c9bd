using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands;

/// <summary>Arguments and options that the commands of <c>hub</c> share.</summary>
internal static class HubOptions
{
    public static Argument<string> Repository(string description = "owner/name, with @revision where wanted.") => new("REPO") { Description = description };

    public static Option<string?> Revision() => new("--revision") { Description = "Branch, tag or commit. Default: main.", HelpName = "REVISION" };

    public static Option<HubRepositoryKind> Kind()
    {
        Option<HubRepositoryKind> kind = new("--repo-type") { Description = "model (default), dataset or space.", HelpName = "TYPE" };
        kind.AcceptOnlyFromAmong("model", "dataset", "space");
        return kind;
    }

    public static Option<string?> Token() => new("--token") { Description = "A token for this command alone. Others on this machine can see it: HF_TOKEN is safer.", HelpName = "TOKEN" };

    /// <summary>The repository that was named; a revision that was given twice must be the same.</summary>
    /// <exception cref="ModelException">The text is no Hub ID, or the revisions differ.</exception>
    public static HubModelId Id(string text, string? revision)
    {
        if (!HubModelId.TryParse(text, out HubModelId? id))
        {
            throw CliErrors.BadValue("REPO", text, "[owner/]name[@revision][:file-or-quantization]");
        }

        if (revision is null)
        {
            return id;
        }

        if (!HubPaths.IsSafeRevision(revision) || (id.Revision is not null && id.Revision != revision))
        {
            throw CliErrors.BadValue("--revision", revision, id.Revision is null ? "a branch, a tag or a commit" : $"the revision of REPO ({id.Revision})");
        }

        return HubModelId.TryParse($"{id.Repository}@{revision}{(id.Selector is null ? "" : ":" + id.Selector)}", out HubModelId? whole) ? whole : throw CliErrors.BadValue("--revision", revision, "a branch, a tag or a commit");
    }

    /// <summary>The repository and the revision, for a command that is about all of its files.</summary>
    /// <exception cref="ModelException">The text is no Hub ID or names one of the files, or the revisions differ.</exception>
    public static (HubRepository Repository, string? Revision) Whole(string text, string? revision, HubRepositoryKind kind)
    {
        HubModelId id = Id(text, revision);
        return id.Selector is null && (id.Revision is null || HubPaths.IsSafeRevision(id.Revision))
            ? (new HubRepository(id.Repository, kind), id.Revision)
            : throw CliErrors.BadValue("REPO", text, "[owner/]name[@revision]");
    }

    /// <summary>A client that tells on stderr why it waits and what the Hub warns of.</summary>
    /// <param name="host">The streams and the environment.</param>
    /// <param name="result">What was typed.</param>
    /// <param name="token">What <c>--token</c> says; null: the token that is found.</param>
    public static HubClient Client(CliHost host, ParseResult result, string? token)
    {
        HubToken? named = token is null ? null : HubToken.Explicit(token, "--token");
        return new HubClient(host.HubSettings(), named, host.HubHandler) { Progress = result.GetValue(GlobalOptions.Quiet) ? null : new Notes(host.Error) };
    }

    private sealed class Notes(TextWriter error) : IProgress<HubProgress>
    {
        public void Report(HubProgress value)
        {
            if (value.Note is { } note)
            {
                error.WriteLine(DiagnosticOutput.Safe(note));
            }
        }
    }
}
