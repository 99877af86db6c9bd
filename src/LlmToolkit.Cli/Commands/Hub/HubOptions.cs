using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary>What the commands about a repository take: its name, its kind, a revision, a token.</summary>
internal sealed class HubOptions
{
    private readonly Argument<string> _repository = new("REPO");
    private readonly Option<string?> _revision = new("--revision") { Description = "Branch, tag or commit. Default: main.", HelpName = "R" };
    private readonly Option<string> _kind = new("--repo-type") { Description = "model, dataset or space.", HelpName = "KIND", DefaultValueFactory = _ => "model" };

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="takesSelector">True: REPO may name a file or a quantization.</param>
    public HubOptions(Command command, bool takesSelector = false)
    {
        _repository.Description = takesSelector ? "owner/name, with @revision and :file-or-quantization where wanted." : "owner/name, or owner/name@revision.";
        _kind.AcceptOnlyFromAmong("model", "dataset", "space");
        command.Arguments.Add(_repository);
        command.Options.Add(_revision);
        command.Options.Add(_kind);
        command.Options.Add(Token);
    }

    /// <summary>A token for this command alone.</summary>
    public static Option<string?> Token { get; } = new("--token") { Description = "A token for this command alone. Others on this machine can see it: HF_TOKEN is safer.", HelpName = "T" };

    /// <summary>The repository and the revision that were named.</summary>
    public (HubRepository Repository, string? Revision) Read(ParseResult result) =>
        Read(result, out HubModelId id) is var named && id.Selector is null ? named : throw CliErrors.BadValue("REPO", id.ToString(), "owner/name");

    /// <summary>The repository and the revision that were named, and all of REPO.</summary>
    public (HubRepository Repository, string? Revision) Read(ParseResult result, out HubModelId id)
    {
        string text = result.GetRequiredValue(_repository);
        id = HubModelId.TryParseAny(text, null, out HubModelId? parsed) ? parsed : throw CliErrors.BadValue("REPO", text, "[owner/]name[@revision][:file-or-quantization], or its address on the Hub");
        string? revision = result.GetValue(_revision);
        if (revision is not null && id.Revision is not null && revision != id.Revision)
        {
            throw CliErrors.Conflict($"@{id.Revision}", $"--revision {revision}");
        }

        revision ??= id.Revision;
        return revision is null || HubPaths.IsSafeRevision(revision)
            ? (new HubRepository(id.Repository, Kind(result.GetRequiredValue(_kind))), revision)
            : throw CliErrors.BadValue("--revision", revision, "a branch, a tag or a commit");
    }

    /// <summary>What a word of <c>--repo-type</c> means.</summary>
    public static HubRepositoryKind Kind(string word) => word switch
    {
        "dataset" => HubRepositoryKind.Dataset,
        "space" => HubRepositoryKind.Space,
        _ => HubRepositoryKind.Model,
    };

    /// <summary>A client that tells on stderr why it waits and what the Hub warns of.</summary>
    public static HubClient Client(CliHost host, ParseResult result, HubToken? token = null)
    {
        token ??= result.GetValue(Token) is { } named ? HubToken.Explicit(named, "--token") : null;
        return new HubClient(host.HubSettings(), token, host.HubHandler) { Progress = result.GetValue(GlobalOptions.Quiet) ? null : new Notes(host.Error) };
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
