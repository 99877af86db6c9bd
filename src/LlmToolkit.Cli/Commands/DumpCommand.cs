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
            """) { model, names, output, GlobalOptions.Format };
        command.SetAction(async (result, cancellationToken) =>
        {
            string source = result.GetRequiredValue(model);
            using ModelDescription description = await new ModelLoader().DescribeAsync(source, result.GetValue(GlobalOptions.Format), cancellationToken).ConfigureAwait(false);
            List<TensorInfo> tensors = [.. result.GetRequiredValue(names).Select(n => description.Tensors.FirstOrDefault(t => t.Name == n)
                ?? throw CliErrors.NoSuchTensor(source, n, description.Tensors.Select(t => t.Name).Where(t => t.Contains(n, StringComparison.OrdinalIgnoreCase)).Take(5)))];
            string path = result.GetRequiredValue(output);
            try
            {
                using ProgressLine progress = new(host, result);
                using SafetensorsWriter writer = SafetensorsWriter.Create(path);
                foreach (TensorInfo tensor in tensors)
                {
                    writer.Declare(tensor.Name, DTypes.F32, tensor.Shape);
                }

                foreach (TensorInfo tensor in tensors)
                {
                    Write(description, source, tensor, writer, progress, cancellationToken);
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

    private static void Write(ModelDescription description, string source, TensorInfo tensor, SafetensorsWriter writer, ProgressLine progress, CancellationToken cancellationToken)
    {
        using TensorData data = description.TryRead(tensor) ?? throw CliErrors.TensorUnreadable(source, tensor.Name);
        float[] row = new float[checked((int)tensor.Shape.Columns)];
        for (long r = 0; r < data.Rows && row.Length > 0; r++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (r % 256 == 0)
            {
                progress.Report(FormattableString.Invariant($"{DiagnosticOutput.Safe(tensor.Name)} {100 * r / data.Rows} %"));
            }

            TensorValues.ToFloats(tensor.DType, data.Row(r), row);
            writer.Write((ReadOnlySpan<float>)row);
        }

        data.Memory.ThrowIfChanged();
    }
}
