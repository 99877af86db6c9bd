using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>dump MODEL TENSOR...</c>: tensors' values as F32.</summary>
internal static class DumpCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> model = new("MODEL") { Description = "A file or a folder." };
        Argument<string[]> names = new("TENSOR") { Description = "Names of tensors.", Arity = ArgumentArity.OneOrMore };
        Option<string> output = new("--out", "-o") { Description = "Write the values here.", HelpName = "FILE", Required = true };
        Command command = new("dump", """
            Write tensors' values as F32 safetensors, dequantized. Works on damaged files too, where the tensor's bytes are there.

            Examples:
              llmtk dump model.gguf token_embd.weight --out embedding.safetensors
              llmtk dump ./folder lm_head.weight model.norm.weight --out two.safetensors
            """) { model, names, output, GlobalOptions.Format };
        command.SetAction(async (result, cancellationToken) =>
        {
            string source = result.GetRequiredValue(model);
            using DownloadLine downloads = new(host, result);
            using ModelDescription description = await host.Loader(downloads).DescribeAsync(source, result.GetValue(GlobalOptions.Format), cancellationToken).ConfigureAwait(false);
            Dictionary<string, TensorInfo> known = new(StringComparer.Ordinal);
            foreach (TensorInfo tensor in description.Tensors)
            {
                // Of a damaged file that has a name twice, the first one is meant.
                known.TryAdd(tensor.Name, tensor);
            }

            List<TensorInfo> tensors = [.. result.GetRequiredValue(names).Distinct(StringComparer.Ordinal).Select(n => known.GetValueOrDefault(n)
                ?? throw CliErrors.NoSuchTensor(source, n, description.Tensors.Select(t => t.Name).Where(t => t.Contains(n, StringComparison.OrdinalIgnoreCase)).Take(5)))];
            string path = result.GetRequiredValue(output);
            string full = Path.GetFullPath(path);
            if (description.Files.Any(f => f.Path == full))
            {
                throw CliErrors.OutputIsInput("--out", path);
            }

            try
            {
                using ProgressLine progress = new(host, result);
                using SafetensorsWriter writer = SafetensorsWriter.Create(path);
                foreach (TensorInfo tensor in tensors)
                {
                    writer.Declare(tensor.Name, DTypes.F32, tensor.Shape);
                }

                TensorDump dump = new(description, source, writer, GlobalOptions.ThreadsOf(host, result), (t, done) => progress.Report(FormattableString.Invariant($"{DiagnosticOutput.Safe(t.Name)} {100 * done:0} %")));
                foreach (TensorInfo tensor in tensors)
                {
                    dump.Write(tensor, cancellationToken);
                }

                writer.Complete();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw CliErrors.CannotWrite(path, e);
            }

            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartObject();
                    w.WriteString("path", path);
                    w.Strings("tensors", tensors.Select(t => t.Name));
                    w.WriteEndObject();
                });
            }

            return 0;
        });
        return command;
    }
}
