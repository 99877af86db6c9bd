using System.CommandLine;
using System.Globalization;

namespace LlmToolkit.Cli.Rendering;

/// <summary>What <c>inspect</c> prints for people.</summary>
internal static class InspectText
{
    private const int MostFiles = 10;
    private const int MostNames = 5;
    private const int LongestValue = 120;

    /// <summary>Prints the facts that are known, then what was asked for, then what is wrong.</summary>
    public static void Print(CliHost host, ParseResult result, ModelDescription description, IReadOnlyList<Diagnostic> findings, InspectedTensors? tensors, bool metadata)
    {
        bool noColor = result.GetValue(GlobalOptions.NoColor);
        Output.Table(host, noColor, ["fact", "value"], Facts(description));
        if (tensors is not null)
        {
            string[] columns = ["tensor", "type", "shape", "bytes"];
            Output.Table(host, noColor, tensors.WithHash ? [.. columns, "sha256"] : columns, tensors.All.Select(x =>
            {
                string[] cells = [x.Tensor.Name, x.Tensor.DType.Name, x.Tensor.Shape.ToString(), Output.Size(x.Tensor.Bytes)];
                return tensors.WithHash ? [.. cells, x.Hash ?? "-"] : cells;
            }));
        }

        if (metadata)
        {
            Output.Table(host, noColor, ["key", "type", "value"], (description.Metadata?.Entries ?? []).Select(e => new[] { e.Key, e.Value.Type, Shorten(e.Value.ToString()) }));
        }

        foreach (Diagnostic finding in findings)
        {
            DiagnosticOutput.Print(host, result, finding);
        }
    }

    private static List<string[]> Facts(ModelDescription description)
    {
        ModelInfo? info = description.Info;
        List<string[]> rows = [];
        void Row(string name, object? value)
        {
            if (value is not null)
            {
                rows.Add([name, FormattableString.Invariant($"{value}")]);
            }
        }

        Row("format", info is null ? "unknown" : info.Format + (info.Version is null || info.Format == "huggingface" ? "" : $" version {info.Version}") + (info.ByteOrder == "big" ? ", big-endian" : ""));
        Row("read as", description.CompatibilityMode);
        Row("architecture", info?.Architecture + (info?.ModelClass is null || info.Architecture is null ? info?.ModelClass : $" ({info.ModelClass})") is { Length: > 0 } architecture ? architecture : null);
        Row("name", info?.Name);
        Row("license", info?.License);
        Row("adapter of", info?.AdapterOf);
        Row("parameters", info?.Parameters is long count ? $"{Output.Count(count)}{(count >= 1000 ? $" ({count.ToString("N0", CultureInfo.InvariantCulture)})" : "")}" : null);
        Row("quantization", info?.Quantization);
        Row("types", Mix(info));
        Row("size", Output.Size(info?.FileBytes ?? description.Files.Sum(f => f.Length)));
        Row("context", info?.ContextLength is int context ? $"{context} tokens" : null);
        Row("layers", info?.Layers);
        Row("width", info?.EmbeddingLength);
        Row("heads", info?.Heads is int heads ? $"{heads}, keys and values {info.KvHeads}{(info.HeadDim is int wide ? $", {wide} wide" : "")}" : null);
        Row("KV cache", info?.KvBytesPerToken is long kv ? kv == 0 ? "none" : $"{Output.Size(kv)} a token{Full(kv, info.ContextLength)}" : null);
        Row("vocabulary", info?.Vocabulary);
        Row("tokenizer", info?.Tokenizer is { } t ? $"{t.Kind}{(t.Pre is null ? "" : "/" + t.Pre)}{(t.Vocabulary is int tokens ? $", {tokens} tokens" : "")}" : null);
        Row("chat template", info is null or { Architecture: null, HasChatTemplate: false } ? null : info.HasChatTemplate ? "yes" : "no");
        Row("left inert", description.Opaque.Count > 0 ? Some(description.Opaque, MostNames, ", ") : null);
        Row("directory", DirectoryOutput.Of(description) is { } directory ? string.Join("\n", DirectoryOutput.Lines(directory).Select(l => l.TrimStart()).Prepend(DiagnosticOutput.Safe(directory.Reason))) : null);
        Row("files", description.Files.Count > 0 ? Some(description.Files.Select(f => StandIns.Name(f.Path)), MostFiles, "\n") : null);
        return rows;
    }

    private static string Full(long perToken, int? context) => context is int tokens and > 0 && perToken <= long.MaxValue / tokens ? $" ({Output.Size(perToken * tokens)} at its full context)" : "";

    private static string? Mix(ModelInfo? info)
    {
        if (info is not { BytesByType.Count: > 0 })
        {
            return null;
        }

        double all = Math.Max(1, info.BytesByType.Values.Sum(b => (double)b));
        return string.Join(", ", info.BytesByType.Select((x, i) => FormattableString.Invariant($"{x.Key} {Percent(100 * x.Value / all)} ({info.TensorsByType.GetValueOrDefault(x.Key)}{(i == 0 ? " tensors" : "")})")));
    }

    private static string Percent(double share) => share is > 0 and < 0.05 ? "<0.1 %" : FormattableString.Invariant($"{share:0.#} %");

    private static string Some(IEnumerable<string> all, int most, string between)
    {
        string[] names = [.. all];
        return string.Join(between, names.Take(most)) + (names.Length > most ? $"{between}and {names.Length - most} more" : "");
    }

    private static string Shorten(string text)
    {
        string line = (text.Length <= LongestValue ? text : text[..(LongestValue - 3)]).ReplaceLineEndings(" ");
        return text.Length <= LongestValue ? line : line + "...";
    }
}
