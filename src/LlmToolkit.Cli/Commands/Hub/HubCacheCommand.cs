using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli.Commands.Hub;

/// <summary><c>hub cache …</c>: what lies in the cache that all tools share, whether it is sound, and removing.</summary>
internal static class HubCacheCommand
{
    private static readonly string[] s_repositories = ["repository", "revision", "refs", "files", "size", "last written"];
    private static readonly string[] s_files = ["repository", "commit", "file", "verdict"];

    public static Command Create(CliHost host)
    {
        Command command = new("cache", """
            Look after the downloads on this disk. The cache is the one of the Python tools: what they downloaded is listed too.

            Examples:
              llmtk hub cache list
              llmtk hub cache verify owner/name
              llmtk hub cache prune --dry-run
              llmtk hub cache delete owner/name@v1.0
            """);
        command.Subcommands.Add(List(host));
        command.Subcommands.Add(Info(host));
        command.Subcommands.Add(Verify(host));
        command.Subcommands.Add(Prune(host));
        command.Subcommands.Add(Delete(host));
        return command;
    }

    private static Command List(CliHost host)
    {
        Command command = new("list", """
            List the repositories in the cache, with their revisions.

            Examples:
              llmtk hub cache list
              llmtk hub cache list --json
            """);
        command.SetAction((result, cancellationToken) => Task.Run(() =>
        {
            HubCacheReport report = new HubCache(host.HubSettings()).Scan(cancellationToken);
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => HubCacheJson.Repositories(w, report));
                return 0;
            }

            if (report.Repositories.Count > 0)
            {
                Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_repositories, report.Repositories.SelectMany(Rows));
            }

            Tell(host, result, $"{report.Repositories.Count} repositories, {Output.Size(report.Bytes)}, in {report.Folder}");
            TellDamage(host, result, report);
            return 0;
        }, cancellationToken));
        return command;
    }

    private static Command Info(CliHost host)
    {
        Command command = new("info", """
            Show where the cache lies, how much it holds and what in it is damaged or unfinished.

            Examples:
              llmtk hub cache info
            """);
        command.SetAction((result, cancellationToken) => Task.Run(() =>
        {
            HubCacheReport report = new HubCache(host.HubSettings()).Scan(cancellationToken);
            long unfinished = report.Repositories.SelectMany(r => r.Unfinished).Sum(u => u.Bytes);
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => HubCacheJson.Info(w, report, unfinished));
                return 0;
            }

            using StreamWriter text = Output.Text(host);
            text.WriteLine(DiagnosticOutput.Safe($"{report.Folder}: {report.Repositories.Count} repositories, {report.Repositories.Sum(r => r.Revisions.Count)} revisions, {Output.Size(report.Bytes)}"));
            if (unfinished > 0)
            {
                text.WriteLine($"unfinished downloads: {Output.Size(unfinished)}");
            }

            TellDamage(host, result, report);
            return 0;
        }, cancellationToken));
        return command;
    }

    private static Command Verify(CliHost host)
    {
        Argument<string?> repository = new("REPO") { Description = "owner/name. Default: everything.", Arity = ArgumentArity.ZeroOrOne };
        Command command = new("verify", """
            Compare the files in the cache with what the Hub lists: every byte is read and hashed. Files that differ give exit code 3; files that were never downloaded are told and are no fault.

            Examples:
              llmtk hub cache verify
              llmtk hub cache verify owner/name --json
            """) { repository };
        command.SetAction(async (result, cancellationToken) =>
        {
            HubRepository? one = result.GetValue(repository) is { } text ? Repository(text, out _) : null;
            using HubClient client = HubOptions.Client(host, result);
            HubCache cache = new(client.Settings);
            if (one is not null)
            {
                cache.Require(one);
            }

            List<VerifiedFile> files = [];
            using (DownloadLine progress = new(host, result))
            {
                await foreach (VerifiedFile file in cache.VerifyAsync(one, client, progress, cancellationToken).ConfigureAwait(false))
                {
                    files.Add(file);
                }
            }

            VerifiedFile[] odd = [.. files.Where(f => f.State != CachedFileState.Sound)];
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => HubCacheJson.Verified(w, files));
            }
            else
            {
                if (odd.Length > 0)
                {
                    Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_files, odd.Select(f => (string[])[f.Repository.ToString(), f.Commit[..8], f.Path, DiagnosticOutput.Lower(f.State)]));
                }

                Tell(host, result, FormattableString.Invariant($"{files.Count - odd.Length} files are sound, {odd.Count(f => f.State == CachedFileState.Differs)} differ, {odd.Count(f => f.State == CachedFileState.Missing)} are missing, {odd.Count(f => f.State is CachedFileState.Extra or CachedFileState.Unknown)} are not listed"));
            }

            return odd.Any(f => f.State == CachedFileState.Differs) ? (int)FaultKind.Refused : 0;
        });
        return command;
    }

    private static Command Prune(CliHost host)
    {
        (Option<bool> dryRun, Option<bool> yes) = (DryRun(), Yes());
        Command command = new("prune", """
            Remove revisions that no branch or tag stands for, contents that no revision uses, and unfinished downloads that nobody works at.

            Examples:
              llmtk hub cache prune --dry-run
              llmtk hub cache prune --yes
            """) { dryRun, yes };
        command.SetAction((result, cancellationToken) => Task.Run(() =>
            Remove(host, result, result.GetValue(dryRun), result.GetValue(yes), new HubCache(host.HubSettings()).Prune), cancellationToken));
        return command;
    }

    private static Command Delete(CliHost host)
    {
        Argument<string> repository = new("REPO") { Description = "owner/name, or owner/name@revision for one revision." };
        Option<string?> revision = new("--revision") { Description = "Branch, tag or commit; a commit may be shortened. Default: all of the repository.", HelpName = "R" };
        (Option<bool> dryRun, Option<bool> yes) = (DryRun(), Yes());
        Command command = new("delete", """
            Remove a repository, or one of its revisions, from the cache. Contents that another revision uses stay.

            Examples:
              llmtk hub cache delete owner/name --dry-run
              llmtk hub cache delete owner/name@v1.0 --yes
            """) { repository, revision, dryRun, yes };
        command.SetAction((result, cancellationToken) => Task.Run(() =>
        {
            HubRepository of = Repository(result.GetRequiredValue(repository), out string? named);
            string? which = result.GetValue(revision) ?? named;
            return Remove(host, result, result.GetValue(dryRun), result.GetValue(yes), dry => new HubCache(host.HubSettings()).Delete(of, which, dry));
        }, cancellationToken));
        return command;
    }

    private static Option<bool> DryRun() => new("--dry-run") { Description = "Tell what would be removed, and remove nothing." };

    private static Option<bool> Yes() => new("--yes", "-y") { Description = "Do not ask." };

    private static int Remove(CliHost host, ParseResult result, bool isDryRun, bool isSure, Func<bool, HubCacheRemoval> remove)
    {
        HubCacheRemoval removal = remove(true);
        if (!isDryRun && removal.Paths.Count > 0)
        {
            // A script has said what it wants; a person at a terminal is asked.
            if (!isSure && !host.InRedirected && !host.ErrorRedirected && !Confirmed(host, removal))
            {
                host.Error.WriteLine("nothing was removed");
                return 0;
            }

            removal = remove(false);
        }

        if (result.GetValue(GlobalOptions.Json))
        {
            JsonOutput.Document(host.Out, w => HubCacheJson.Removed(w, removal, isDryRun));
            return 0;
        }

        using (StreamWriter text = Output.Text(host))
        {
            foreach (string path in removal.Paths)
            {
                text.WriteLine(DiagnosticOutput.Safe(path));
            }
        }

        foreach (string path in removal.InUse)
        {
            Tell(host, result, $"in use, and left: {path}");
        }

        Tell(host, result, $"{Output.Size(removal.Bytes)} {(isDryRun ? "would be freed" : "freed")}");
        return 0;
    }

    private static bool Confirmed(CliHost host, HubCacheRemoval removal)
    {
        foreach (string path in removal.Paths.Take(10))
        {
            host.Error.WriteLine(DiagnosticOutput.Safe(path));
        }

        host.Error.Write($"Remove {removal.Paths.Count} entries, {Output.Size(removal.Bytes)}? [y/N] ");
        using StreamReader input = new(host.In, leaveOpen: true);
        return input.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    private static HubRepository Repository(string text, out string? revision)
    {
        if (!HubModelId.TryParse(text, out HubModelId? id) || id.Selector is not null)
        {
            // As the cache's own listing names others: datasets/owner/name.
            int slash = text.IndexOf('/', StringComparison.Ordinal);
            HubRepositoryKind? kind = slash < 0 ? null : text[..slash] switch { "datasets" => HubRepositoryKind.Dataset, "spaces" => HubRepositoryKind.Space, "models" => HubRepositoryKind.Model, _ => null };
            if (kind is null || !HubModelId.TryParse(text[(slash + 1)..], out id) || id.Selector is not null)
            {
                throw CliErrors.BadValue("REPO", text, "owner/name");
            }

            revision = id.Revision;
            return new HubRepository(id.Repository, kind.Value);
        }

        revision = id.Revision;
        return new HubRepository(id.Repository);
    }

    private static IEnumerable<string[]> Rows(CachedRepository repository) =>
        repository.Revisions.Count == 0
            ? [[repository.Repository.ToString(), "-", "-", "0", Output.Size(repository.Bytes), Time(repository)]]
            : repository.Revisions.Select(r => (string[])[repository.Repository.ToString(), r.Commit[..8], r.Refs.Count == 0 ? "-" : string.Join(", ", r.Refs), r.Files.Count.ToString(CultureInfo.InvariantCulture), Output.Size(r.Bytes), Time(repository)]);

    private static string Time(CachedRepository repository) => repository.LastModified?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "-";

    private static void Tell(CliHost host, ParseResult result, string text)
    {
        if (!result.GetValue(GlobalOptions.Quiet))
        {
            host.Error.WriteLine(DiagnosticOutput.Safe(text));
        }
    }

    private static void TellDamage(CliHost host, ParseResult result, HubCacheReport report)
    {
        foreach (CacheDamage damage in report.Damaged.Take(10))
        {
            Tell(host, result, $"damaged: {damage.Path}: {damage.Problem}");
        }

        if (report.Damaged.Count > 10)
        {
            Tell(host, result, FormattableString.Invariant($"and {report.Damaged.Count - 10} more"));
        }
    }
}
