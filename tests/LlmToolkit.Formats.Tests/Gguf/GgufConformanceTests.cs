using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LlmToolkit.Formats.Gguf;
using LlmToolkit.Formats.Shared;
using LlmToolkit.Tests;

namespace LlmToolkit.Formats.Tests.Gguf;

/// <summary>The valid files that readers get wrong: every fact of their JSON must be ours.</summary>
public sealed class GgufConformanceTests
{
    [Fact]
    public void Open_ContainerSet_ReportsEveryFact()
    {
        List<string> misses = [];
        string[] files = Directory.GetFiles(SharedData.Conformance("gguf-container"), "*.gguf");
        foreach (string path in files)
        {
            using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(path, ".json")));
            MappedFile map = MappedFile.Open(new ArtifactFile(path, 0));
            try
            {
                Compare(Path.GetFileName(path), GgufHeader.Read(map), map, expected.RootElement, misses);
                using ModelContainer opened = new GgufFormat().Open(ModelArtifact.FromPath(path));
                foreach (TensorInfo tensor in opened.Tensors.Where(t => !t.BigEndian || !t.DType.IsBlock))
                {
                    opened.Read(tensor).Dispose();
                }
            }
            catch (ModelException e)
            {
                misses.Add($"{Path.GetFileName(path)}: {e.Message}");
            }
            finally
            {
                map.Release();
            }
        }

        Assert.True(files.Length >= 29, "the set has 29 files");
        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    [Theory]
    [InlineData("adapter-llama-lora", "a LoRA adapter for llama", Severity.Medium)]
    [InlineData("mmproj-clip", "a projector", Severity.High)]
    [InlineData("imatrix", "an importance matrix", Severity.High)]
    [InlineData("image-model", "flux", Severity.High)]
    [InlineData("llama-vocab-only", "a vocabulary without weights", Severity.Medium)]
    public void Check_NoLanguageModel_IsNamed(string file, string what, Severity severity)
    {
        using ModelContainer opened = new GgufFormat().Open(ModelArtifact.FromPath(SharedData.Conformance("gguf-container", file + ".gguf")));

        Diagnostic finding = Assert.Single(opened.Check());
        Assert.Equal(("LT1026", severity, FaultKind.Unsupported), (finding.Code, finding.Severity, finding.Kind));
        Assert.Contains(what, finding.Message, StringComparison.Ordinal);
        Assert.Equal(file.StartsWith("adapter", StringComparison.Ordinal) ? "llama" : null, opened.Info.AdapterOf);
    }

    [Fact]
    public void Open_RealModel_HasItsFacts()
    {
        using ModelContainer model = new GgufFormat().Open(ModelArtifact.FromPath(SharedData.Require("models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf")));
        ModelInfo info = model.Info;

        Assert.Equal(("llama", 30, 576, 9, 3, 64), (info.Architecture, info.Layers, info.EmbeddingLength, info.Heads, info.KvHeads, info.HeadDim));
        Assert.Equal(("Q4_1", 134_515_008L, 49152, 23040L), (info.Quantization, info.Parameters, info.Vocabulary, info.KvBytesPerToken));
        Assert.Equal(("bpe", 49152), (info.Tokenizer!.Kind, info.Tokenizer.Vocabulary));
        Assert.NotNull(model.ChatTemplate);
        Assert.NotEmpty(model.EndTokens);
        Assert.Empty(model.Check());
    }

    [Theory]
    [InlineData("gguf")]
    [InlineData("gguf-quantized")]
    public void Open_TwinsAndQuantizations_HaveInfoAndReadableTensors(string folder)
    {
        List<string> misses = [];
        foreach (string path in Directory.GetFiles(SharedData.Conformance(folder), "*.gguf"))
        {
            try
            {
                using ModelContainer model = new GgufFormat().Open(ModelArtifact.FromPath(path));
                ModelInfo info = model.Info;
                if (info is not { Architecture: not null, Layers: > 0, EmbeddingLength: > 0, ContextLength: > 0, Vocabulary: > 0, Parameters: > 0, Quantization: not null } || model.Check().Count > 0)
                {
                    misses.Add($"{Path.GetFileName(path)}: {info} {string.Join("; ", model.Check().Select(c => c.Message))}");
                }

                foreach (TensorInfo tensor in model.Tensors)
                {
                    using TensorData data = model.Read(tensor);
                    Assert.False(data.Copied);
                    Assert.Equal(tensor.Bytes, data.Rows * data.RowBytes);
                }
            }
            catch (ModelException e)
            {
                misses.Add($"{Path.GetFileName(path)}: {e.Message}");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    [Fact]
    public void Open_QuantizationIndex_NamesFileTypeAndTensorTypes()
    {
        string folder = SharedData.Conformance("gguf-quantized");
        List<string> misses = [];
        foreach (string path in Directory.GetFiles(folder, "*.gguf"))
        {
            using ModelContainer model = new GgufFormat().Open(ModelArtifact.FromPath(path));
            string word = Path.GetFileNameWithoutExtension(path).Replace("llama-moe-", "", StringComparison.Ordinal).Replace("llama-", "", StringComparison.Ordinal);
            if (model.Info.Quantization != word)
            {
                misses.Add($"{word}: {model.Info.Quantization} ({string.Join(", ", model.Info.BytesByType)})");
            }
        }

        // llama-quantize labels a file made with --tensor-type by its base type.
        Assert.True(misses.All(m => m.StartsWith("NVFP4", StringComparison.Ordinal)), string.Join('\n', misses));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Open_AnyPartOfASplit_IsTheWholeModel(int part)
    {
        using ModelContainer split = new GgufFormat().Open(ModelArtifact.FromPath(SharedData.Conformance("gguf-container", $"llama-split-{part:D5}-of-00003.gguf")));
        using ModelContainer whole = new GgufFormat().Open(ModelArtifact.FromPath(SharedData.Conformance("gguf", "llama.gguf")));

        Assert.Equal(3, split.Files.Count);
        Assert.Equal(whole.Info.Parameters, split.Info.Parameters);
        Assert.Equal(whole.Info.Tokenizer!.Kind, split.Info.Tokenizer!.Kind);
        Assert.Equal(whole.Tensors.Select(t => t.Name).Order(), split.Tensors.Select(t => t.Name).Order());
        foreach (TensorInfo tensor in whole.Tensors)
        {
            Assert.True(split.TryFind(tensor.Name, out TensorInfo? twin));
            using TensorData expected = whole.Read(tensor);
            using TensorData actual = split.Read(twin);
            Assert.Equal(tensor.Shape, twin.Shape);
            Assert.True(expected.Row(0).SequenceEqual(actual.Row(0)), tensor.Name);
        }
    }

    [Fact]
    public void Read_BigEndianTensor_GivesTheLittleEndianTwin()
    {
        using ModelContainer big = new GgufFormat().Open(ModelArtifact.FromPath(SharedData.Conformance("gguf-container", "big-endian.gguf")));
        using ModelContainer little = new GgufFormat().Open(ModelArtifact.FromPath(SharedData.Conformance("gguf-container", "every-value-type.gguf")));

        Assert.Equal("big", big.Info.ByteOrder);
        foreach (TensorInfo tensor in little.Tensors)
        {
            Assert.True(big.TryFind(tensor.Name, out TensorInfo? twin));
            using TensorData expected = little.Read(tensor);
            using TensorData actual = big.Read(twin);
            Assert.True(actual.Copied);
            for (long row = 0; row < expected.Rows; row++)
            {
                Assert.True(expected.Row(row).SequenceEqual(actual.Row(row)), tensor.Name);
            }
        }
    }

    private static void Compare(string file, GgufHeader header, MappedFile map, JsonElement expected, List<string> misses)
    {
        void Same<T>(string what, T wanted, T found)
        {
            if (!EqualityComparer<T>.Default.Equals(wanted, found))
            {
                misses.Add($"{file}: {what} is {found}, expected {wanted}");
            }
        }

        foreach (Diagnostic finding in header.Findings.All.Where(f => f.Severity >= Severity.Medium))
        {
            misses.Add($"{file}: {finding.Message}");
        }

        Same("version", expected.GetProperty("version").GetUInt32(), header.Version);
        Same("byte_order", expected.GetProperty("byte_order").GetString(), header.BigEndian ? "big" : "little");
        Same("alignment", expected.GetProperty("alignment").GetUInt32(), header.Alignment);
        Same("header_bytes", expected.GetProperty("header_bytes").GetInt64(), header.HeaderBytes);
        Same("data_start", expected.GetProperty("data_start").GetInt64(), header.DataStart);
        JsonElement metadata = expected.GetProperty("metadata");
        Same("keys", string.Join(' ', metadata.EnumerateObject().Select(p => p.Name)), string.Join(' ', header.Metadata.Entries.Select(e => e.Key)));
        foreach (JsonProperty property in metadata.EnumerateObject())
        {
            if (header.Metadata.TryGet(property.Name, out MetadataValue? value))
            {
                Same(property.Name, Canonical(property.Value), Canonical(Render(value, property.Value.TryGetProperty("sha256", out _))));
            }
        }

        JsonElement[] tensors = [.. expected.GetProperty("tensors").EnumerateArray()];
        Same("tensors", tensors.Length, header.Tensors.Count);
        foreach ((JsonElement want, TensorInfo have) in tensors.Zip(header.Tensors))
        {
            Same("name", want.GetProperty("name").GetString(), have.Name);
            Same(have.Name + " type", want.GetProperty("type").GetString(), have.DType.Name);
            Same(have.Name + " ne", string.Join(',', want.GetProperty("ne").EnumerateArray().Reverse()), string.Join(',', have.Shape));
            Same(have.Name + " offset", want.GetProperty("absolute").GetInt64(), have.Offset);
            Same(have.Name + " bytes", want.GetProperty("bytes").GetInt64(), have.Bytes);
            Same(have.Name + " sha256", want.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(map.Span(have.Offset, (int)have.Bytes))));
        }
    }

    /// <summary>A value as the JSON of the set writes it.</summary>
    private static string Render(MetadataValue value, bool hashed)
    {
        if (value.Element is null)
        {
            return $"{{\"type\":\"{value.Type}\",\"value\":{Scalar(value.Value)}}}";
        }

        string head = $"{{\"type\":\"array\",\"element\":\"{value.Element}\",\"count\":{value.Count}";
        string[] items = value.Value switch
        {
            MetadataStrings texts => [.. Enumerable.Range(0, texts.Count).Select(i => Scalar((object?)texts.Raw(i) ?? texts[i]))],
            IReadOnlyList<MetadataValue> nested => [.. nested.Select(n => Render(n, false))],
            System.Collections.IEnumerable list => [.. list.Cast<object>().Select(Scalar)],
            _ => throw new InvalidOperationException(value.Type),
        };
        return hashed
            ? $"{head},\"first\":[{string.Join(',', items.Take(4))}],\"last\":[{string.Join(',', items.TakeLast(2))}],\"sha256\":\"{Hash(value)}\"}}"
            : $"{head},\"value\":[{string.Join(',', items)}]}}";
    }

    private static string Scalar(object? value) => value switch
    {
        byte[] raw => $"{{\"hex\":\"{Convert.ToHexStringLower(raw)}\"}}",
        string text => JsonSerializer.Serialize(text),
        bool truth => truth ? "true" : "false",
        float f when !float.IsFinite(f) => $"\"{Name(f)}\"",
        double d when !double.IsFinite(d) => $"\"{Name(d)}\"",
        float f => ((double)f).ToString("R", CultureInfo.InvariantCulture),
        double d => d.ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new InvalidOperationException($"{value}"),
    };

    private static string Name(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";

    private static string Hash(MetadataValue value)
    {
        using MemoryStream bytes = new();
        switch (value.Value)
        {
            case MetadataStrings texts:
                for (int i = 0; i < texts.Count; i++)
                {
                    byte[] text = texts.Raw(i) ?? Encoding.UTF8.GetBytes(texts[i]);
                    bytes.Write(BitConverter.GetBytes((ulong)text.Length));
                    bytes.Write(text);
                }

                break;
            case long[] integers:
                int size = int.Parse(value.Element!.AsSpan(1), CultureInfo.InvariantCulture) / 8;
                foreach (long integer in integers)
                {
                    bytes.Write(BitConverter.GetBytes(integer).AsSpan(0, size));
                }

                break;
            case float[] floats:
                bytes.Write(MemoryMarshal.AsBytes(floats.AsSpan()));
                break;
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
    }

    private static string Canonical(JsonElement element) => Canonical(element.GetRawText());

    /// <summary>JSON with numbers compared by value.</summary>
    private static string Canonical(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        StringBuilder text = new();
        void Write(JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    text.Append('{').AppendJoin(',', element.EnumerateObject().Select(p => p.Name));
                    foreach (JsonProperty property in element.EnumerateObject())
                    {
                        Write(property.Value);
                    }

                    break;
                case JsonValueKind.Array:
                    foreach (JsonElement item in element.EnumerateArray())
                    {
                        Write(item);
                    }

                    break;
                case JsonValueKind.Number when !element.TryGetInt64(out _) && !element.TryGetUInt64(out _):
                    text.Append(element.GetDouble().ToString("R", CultureInfo.InvariantCulture));
                    break;
                case JsonValueKind.String:
                    text.Append(element.GetString());
                    break;
                default:
                    text.Append(element.GetRawText());
                    break;
            }

            text.Append(';');
        }

        Write(document.RootElement);
        return text.ToString().Replace("-0;", "0;", StringComparison.Ordinal);
    }
}
