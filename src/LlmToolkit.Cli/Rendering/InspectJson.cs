using System.Text.Json;

namespace LlmToolkit.Cli.Rendering;

/// <summary>The tensors that are listed, each with its hash or without.</summary>
/// <param name="All">In the container's order; hashes are made while they are asked for.</param>
/// <param name="WithHash">True when hashes were asked for.</param>
internal sealed record InspectedTensors(IEnumerable<(TensorInfo Tensor, string? Hash)> All, bool WithHash);

/// <summary>What <c>inspect --json</c> prints.</summary>
internal static class InspectJson
{
    /// <summary>Writes the document; what is unknown is null.</summary>
    /// <param name="w">Where it goes.</param>
    /// <param name="description">What could be read.</param>
    /// <param name="findings">What is wrong with it.</param>
    /// <param name="tensors">The tensors to list; null: none.</param>
    /// <param name="metadata">List the metadata too.</param>
    public static void Write(Utf8JsonWriter w, ModelDescription description, IReadOnlyList<Diagnostic> findings, InspectedTensors? tensors, bool metadata)
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
        WriteMix(w, info);
        w.Strings("files", description.Files.Select(f => StandIns.Name(f.Path)));
        DirectoryOutput.Write(w, DirectoryOutput.Of(description));
        w.WriteFindings("findings", findings);
        w.Strings("opaque", description.Opaque);
        w.Strings("imports", description.Imports);
        if (tensors is not null)
        {
            WriteTensors(w, tensors);
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

    /// <summary>The types of the weights with their share of the bytes, the largest first.</summary>
    private static void WriteMix(Utf8JsonWriter w, ModelInfo? info)
    {
        w.WriteStartArray("quantization_mix");
        double all = Math.Max(1, info?.BytesByType.Values.Sum(b => (double)b) ?? 1);
        foreach ((string type, long bytes) in info?.BytesByType ?? new Dictionary<string, long>())
        {
            w.WriteStartObject();
            w.WriteString("dtype", type);
            w.WriteNumber("tensors", info!.TensorsByType.GetValueOrDefault(type));
            w.WriteNumber("bytes", bytes);
            w.WritePropertyName("share");
            w.Number(Math.Round(bytes / all, 6));
            w.WriteEndObject();
        }

        w.WriteEndArray();
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

    private static void WriteTensors(Utf8JsonWriter w, InspectedTensors tensors)
    {
        w.WriteStartArray("tensors");
        foreach ((TensorInfo tensor, string? hash) in tensors.All)
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
            w.WriteString("file", StandIns.Name(tensor.File.Path));
            w.Member("offset", tensor.Offset < 0 ? (long?)null : tensor.Offset);
            if (tensors.WithHash)
            {
                w.WriteString("sha256", hash);
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
}
