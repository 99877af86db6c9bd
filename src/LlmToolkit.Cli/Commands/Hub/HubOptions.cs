using System.CommandLine;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands;

/// <summary>Arguments and options that the commands of <c>hub</c> share.</summary>
internal static class HubOptions
{
    public static Argument<string> Repository() => new("REPO") { Description = "owner/name, with @revision and :file-or-quantization where wanted." };

    public static Option<string?> Revision() => new("--revision") { Description = "Branch, tag or commit. Default: main.", HelpName = "REVISION" };

    public static Option<HubRepositoryKind> Kind() => new("--repo-type") { Description = "model (default), dataset or space.", HelpName = "TYPE" };

    /// <summary>What the environment and the configuration say.</summary>
    public static HubSettings Settings() => HubSettings.FromEnvironment();

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
}
