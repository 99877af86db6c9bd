using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Loading;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>inspect MODEL</c>: everything that a file says of itself, damaged or not.</summary>
internal static class InspectCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> model = new("MODEL") { Description = "A file, a folder, or any part of a set." };
        Option<bool> tensors = new("--tensors") { Description = "List every tensor." };
        Option<bool> metadata = new("--metadata") { Description = "List every metadata key." };
        Option<bool> hash = new("--hash") { Description = "Add the SHA-256 of each tensor." };
        Command command = new("inspect", """
            Show what a model is: architecture, sizes, quantization, tokenizer, tensors.

            Examples:
              llmtk inspect model.gguf
              llmtk inspect model.gguf --tensors --metadata
              llmtk inspect ./folder --json --hash
            """) { model, tensors, metadata, hash, GlobalOptions.Format };
        command.SetAction(async (result, cancellationToken) =>
        {
            ModelLoader loader = new();
            string path = result.GetRequiredValue(model);
            using ModelDescription description = await loader.DescribeAsync(path, result.GetValue(GlobalOptions.Format), cancellationToken).ConfigureAwait(false);
            IReadOnlyList<Diagnostic> findings = new ModelValidator(loader.Registry).Check(description);
            bool withHash = result.GetValue(hash);
            bool withTensors = result.GetValue(tensors) || withHash;
            using ProgressLine progress = new(host, result);
            Func<TensorInfo, string?>? hasher = !withHash ? null : tensor =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress.Report($"hash of {tensor.Name}");
                return TensorHash.Of(description, tensor);
            };
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => Write(w, description, findings, withTensors, result.GetValue(metadata), hasher));
            }
            else
            {
                Print(host, result, description, findings, withTensors, result.GetValue(metadata), hasher);
            }

            return ExitCode(description, findings);
        });
        return command;
    }

    private static int ExitCode(ModelDescription description, IReadOnlyList<Diagnostic> findings)
    {
        if (description.Container is not null)
        {
            // A valid file is described; that nothing here runs it is a finding, not a failure to inspect.
            return 0;
        }

        bool refused = findings.Any(f => f.Severity >= Severity.High && f.Kind != FaultKind.Unsupported);
        return (int)(refused ? FaultKind.Refused : findings.Any(f => f.Severity >= Severity.High) ? FaultKind.Unsupported : FaultKind.Refused);
    }

    private static void Write(Utf8JsonWriter w, ModelDescription description, IReadOnlyList<Diagnostic> findings, bool tensors, bool metadata, Func<TensorInfo, string?>? hash)
    {
        ModelInfo? info = description.Info;
        w.WriteStartObject();
        w.WriteString("format", info?.Format);
        w.WriteString("version", info?.Version);
        w.WriteString("byte_order", info?.ByteOrder);
        w.WriteString("architecture", info?.Architecture);
        w.WriteString("model_class", info?.ModelClass);
        w.WriteString("name", info?.Name);
        w.WriteString("license", info?.License);
        w.Member("parameters", info?.Parameters);
        w.WriteString("quantization", info?.Quantization);
        w.Member("file_bytes", info?.FileBytes ?? description.Files.Sum(f => f.Length));
        w.Member("context_length", info?.ContextLength);
        w.Member("embedding_length", info?.EmbeddingLength);
        w.Member("layers", info?.Layers);
        w.Member("heads", info?.Heads);
        w.Member("kv_heads", info?.KvHeads);
        w.Member("head_dim", info?.HeadDim);
        w.Member("vocabulary", info?.Vocabulary);
        w.Member("kv_bytes_per_token", info?.KvBytesPerToken);
        WriteTokenizer(w, info?.Tokenizer);
        w.WriteBoolean("chat_template", info?.HasChatTemplate ?? false);
        w.WriteString("adapter_of", info?.AdapterOf);
        w.WriteString("compatibility_mode", description.CompatibilityMode);
        w.WriteStartObject("types");
        foreach ((string type, long bytes) in info?.BytesByType ?? new Dictionary<string, long>())
        {
            w.WriteNumber(type, bytes);
        }

        w.WriteEndObject();
        w.Strings("files", description.Files.Select(f => f.Path));
        w.WriteFindings("findings", findings);
        w.Strings("opaque", description.Opaque);
        w.Strings("imports", description.Imports);
        if (tensors)
        {
            WriteTensors(w, description, hash);
        }

        if (metadata)
        {
            w.WriteStartObject("metadata");
            foreach ((string key, MetadataValue value) in description.Metadata?.Entries ?? [])
            {
                w.WritePropertyName(key);
                MetadataJson.Write(w, value);
                Flush(w);
            }

            w.WriteEndObject();
        }

        w.WriteEndObject();
    }

    private static void WriteTokenizer(Utf8JsonWriter w, TokenizerInfo? tokenizer)
    {
        if (tokenizer is null)
        {
            w.WriteNull("tokenizer");
            return;
        }

        w.WriteStartObject("tokenizer");
        w.WriteString("kind", tokenizer.Kind);
        w.WriteString("pre", tokenizer.Pre);
        w.Member("vocabulary", tokenizer.Vocabulary);
        w.WriteStartObject("special");
        foreach ((string role, int id) in tokenizer.Special)
        {
            w.WriteNumber(role, id);
        }

        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteTensors(Utf8JsonWriter w, ModelDescription description, Func<TensorInfo, string?>? hash)
    {
        w.WriteStartArray("tensors");
        foreach (TensorInfo tensor in description.Tensors)
        {
            w.WriteStartObject();
            w.WriteString("name", tensor.Name);
            w.WriteString("dtype", tensor.DType.Name);
            w.WriteStartArray("shape");
            foreach (long dimension in tensor.Shape)
            {
                w.WriteNumberValue(dimension);
            }

            w.WriteEndArray();
            w.WriteNumber("bytes", tensor.Bytes);
            w.WriteString("file", tensor.File.Path);
            w.Member("offset", tensor.Offset < 0 ? (long?)null : tensor.Offset);
            if (hash is not null)
            {
                w.WriteString("sha256", hash(tensor));
            }

            w.WriteEndObject();
            Flush(w);
        }

        w.WriteEndArray();
    }

    private static void Flush(Utf8JsonWriter writer)
    {
        // Large answers are streamed, not built in memory.
        if (writer.BytesPending > 1 << 15)
        {
            writer.Flush();
        }
    }

    private static void Print(CliHost host, ParseResult result, ModelDescription description, IReadOnlyList<Diagnostic> findings, bool tensors, bool metadata, Func<TensorInfo, string?>? hash)
    {
        bool noColor = result.GetValue(GlobalOptions.NoColor);
        ModelInfo? info = description.Info;
        List<string[]> rows = [];
        void Row(string name, object? value)
        {
            if (value is not null)
            {
                rows.Add([name, FormattableString.Invariant($"{value}")]);
            }
        }

        Row("format", info?.Format + (info?.Version is null ? "" : $" {info.Version}"));
        Row("architecture", info?.Architecture);
        Row("name", info?.Name);
        Row("license", info?.License);
        Row("parameters", info?.Parameters is long count ? Output.Count(count) : null);
        Row("quantization", info?.Quantization);
        Row("size", Output.Size(info?.FileBytes ?? description.Files.Sum(f => f.Length)));
        Row("context", info?.ContextLength);
        Row("layers", info?.Layers);
        Row("width", info?.EmbeddingLength);
        Row("heads", info?.Heads is int heads ? $"{heads} query, {info.KvHeads} key-value, {info.HeadDim} wide" : null);
        Row("KV per token", info?.KvBytesPerToken is long kv ? Output.Size(kv) : null);
        Row("tokenizer", info?.Tokenizer is { } t ? $"{t.Kind}{(t.Pre is null ? "" : "/" + t.Pre)}, {t.Vocabulary} tokens" : null);
        Row("chat template", info?.HasChatTemplate == true ? "yes" : "no");
        Row("types", info is { BytesByType.Count: > 0 } ? string.Join(", ", info.BytesByType.Select(x => $"{x.Key} {100.0 * x.Value / Math.Max(1, info.BytesByType.Values.Sum()):0.#} %")) : null);
        Row("files", string.Join("\n", description.Files.Select(f => f.Path).Take(20)));
        Output.Table(host, noColor, ["fact", "value"], rows);
        if (tensors)
        {
            Output.Table(host, noColor, hash is not null ? ["tensor", "type", "shape", "bytes", "sha256"] : ["tensor", "type", "shape", "bytes"], description.Tensors.Select(x =>
            {
                string[] cells = [x.Name, x.DType.Name, x.Shape.ToString(), Output.Size(x.Bytes)];
                return hash is not null ? [.. cells, hash(x) ?? "-"] : cells;
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

    private static string Shorten(string text) => text.Length <= 120 ? text.ReplaceLineEndings(" ") : text[..117].ReplaceLineEndings(" ") + "...";
}

/// <summary>Hashes of tensors.</summary>
internal static class TensorHash
{
    /// <summary>SHA-256 of the bytes as stored for GGUF and safetensors, of the contiguous row-major little-endian values for PyTorch; null where the bytes are missing.</summary>
    public static string? Of(ModelDescription description, TensorInfo tensor)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (tensor is { BigEndian: true, Offset: >= 0, Strides: null } && description.Info?.Format == "gguf")
        {
            return OfFile(hash, tensor);
        }

        using TensorData? data = description.TryRead(tensor);
        if (data is null)
        {
            return null;
        }

        for (long row = 0; row < data.Rows && tensor.Bytes > 0; row++)
        {
            hash.AppendData(data.Row(row));
        }

        data.Memory.ThrowIfChanged();

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string? OfFile(IncrementalHash hash, TensorInfo tensor)
    {
        using FileStream file = File.OpenRead(tensor.File.Path);
        file.Seek(tensor.Offset, SeekOrigin.Begin);
        byte[] buffer = new byte[1 << 16];
        for (long left = tensor.Bytes; left > 0;)
        {
            int read = file.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            if (read == 0)
            {
                return null;
            }

            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
