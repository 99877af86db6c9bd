using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Loading;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>inspect MODEL</c>: everything that a file says of itself, damaged or not.</summary>
internal static class InspectCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> model = new("MODEL") { Description = "A file, a folder, any part of a set, a Hub ID, or the https address of a file; of what is remote only the heads are fetched." };
        Option<bool> tensors = new("--tensors") { Description = "List every tensor." };
        Option<bool> metadata = new("--metadata") { Description = "List every metadata key." };
        Option<bool> hash = new("--hash") { Description = "Add the SHA-256 of each tensor." };
        Command command = new("inspect", """
            Show what a model is: architecture, sizes, quantization, tokenizer, tensors.

            Examples:
              llmtk inspect model.gguf
              llmtk inspect model.gguf --tensors --metadata
              llmtk inspect ./folder --json --hash
              llmtk inspect owner/name
            """) { model, tensors, metadata, hash, GlobalOptions.Format };
        command.SetAction(async (result, cancellationToken) =>
        {
            using DownloadLine downloads = new(host, result);
            ModelLoader loader = host.Loader(downloads);
            string path = result.GetRequiredValue(model);
            using ModelDescription description = await loader.DescribeAsync(path, result.GetValue(GlobalOptions.Format), cancellationToken).ConfigureAwait(false);
            IReadOnlyList<Diagnostic> findings = new ModelValidator(loader.Registry).Check(description);
            bool withHash = result.GetValue(hash);
            if (withHash && description.IsPartial)
            {
                throw CliErrors.NeedsAll(path, "--hash");
            }

            bool withTensors = result.GetValue(tensors) || withHash;
            using ProgressLine progress = new(host, result);
            InspectedTensors? shown = withHash ? new InspectedTensors(TensorHash.All(description, GlobalOptions.ThreadsOf(host, result), t => progress.Report($"hash of {DiagnosticOutput.Safe(t.Name)}"), cancellationToken), true)
                : withTensors ? new InspectedTensors(description.Tensors.Select(t => (t, (string?)null)), false)
                : null;
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => InspectJson.Write(w, description, findings, shown, result.GetValue(metadata)));
            }
            else
            {
                InspectText.Print(host, result, description, findings, shown, result.GetValue(metadata));
            }

            return ExitCode(description, findings);
        });
        return command;
    }

    private static int ExitCode(ModelDescription description, IReadOnlyList<Diagnostic> findings)
    {
        bool refused = findings.Any(f => f.Severity >= Severity.High && f.Kind != FaultKind.Unsupported);
        if (description.Container is not null && !refused)
        {
            // A valid file is described; that nothing here runs it is a finding, not a failure to inspect.
            return 0;
        }

        return (int)(refused ? FaultKind.Refused : findings.Any(f => f.Severity >= Severity.High) ? FaultKind.Unsupported : FaultKind.Refused);
    }
}
