using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlmToolkit.Engine.Tests.Model;

/// <summary>A Hugging Face model in memory: a config.json as text and tensors of random values, made as they are named.</summary>
internal sealed class TinyContainer : ModelContainer
{
    private readonly Random _random = new(11);
    private readonly List<TensorInfo> _tensors = [];
    private readonly Dictionary<string, NativeBuffer> _memory = [];
    private readonly ModelArtifact _artifact = ModelArtifact.FromPath(typeof(TinyContainer).Assembly.Location);
    private readonly Configuration _metadata;

    public TinyContainer(string config, NamingScheme? naming = null)
    {
        Naming = naming ?? NamingScheme.HuggingFace;
        _metadata = new Configuration(JsonDocument.Parse(config).RootElement);
        Info = new ModelInfo
        {
            Format = "memory",
            FileBytes = 0,
            Architecture = _metadata.Text("model_type", "general.architecture"),
            ContextLength = (int?)_metadata.Int64("max_position_embeddings", "n_positions", "llama.context_length", "phi3.context_length"),
        };
    }

    /// <summary>The values of every tensor, for the reference.</summary>
    public Dictionary<string, float[]> Values { get; } = [];

    public override ModelArtifact Artifact => _artifact;

    public override IReadOnlyList<ArtifactFile> Files => _artifact.Files;

    public override ModelInfo Info { get; }

    public override NamingScheme Naming { get; }

    public override IModelMetadata Metadata => _metadata;

    public override IReadOnlyList<TensorInfo> Tensors => _tensors;

    /// <summary>Adds a tensor of given values.</summary>
    public TinyContainer Add(string name, float[] values, params long[] shape) => Store(name, values, new TensorShape(shape), DTypes.F32, MemoryMarshal.AsBytes(values.AsSpan()));

    /// <summary>Adds a tensor of given values in double precision.</summary>
    public TinyContainer AddDoubles(string name, float[] values, params long[] shape) =>
        Store(name, values, new TensorShape(shape), DTypes.F64, MemoryMarshal.AsBytes(values.Select(x => (double)x).ToArray().AsSpan()));

    /// <summary>Takes a tensor away.</summary>
    public void Remove(string name) => _tensors.RemoveAll(t => t.Name == name);

    /// <summary>Adds a tensor of normal values around <paramref name="mean"/>.</summary>
    public TinyContainer Add(string name, double mean, double deviation, params long[] shape)
    {
        TensorShape dimensions = new(shape);
        float[] values = new float[dimensions.Elements];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(mean + (deviation * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble())));
        }

        return Add(name, values, shape);
    }

    /// <summary>A matrix [out, in], scaled so that outputs have a deviation of about 1.</summary>
    public TinyContainer Matrix(string name, long rows, long columns) => Add(name, 0, 1.2 / Math.Sqrt(columns), rows, columns);

    /// <summary>A vector around <paramref name="mean"/>.</summary>
    public TinyContainer Vector(string name, long count, double mean = 0) => Add(name, mean, 0.3, count);

    public override TensorData Read(TensorInfo tensor) => new(tensor, _memory[tensor.Name].Address, _memory[tensor.Name]);

    private TinyContainer Store(string name, float[] values, TensorShape shape, DType type, ReadOnlySpan<byte> bytes)
    {
        NativeBuffer memory = new(bytes.Length);
        bytes.CopyTo(memory.Span(0, bytes.Length));
        _memory[name] = memory;
        Values[name] = values;
        _tensors.Add(new TensorInfo { Name = name, DType = type, Shape = shape, File = _artifact.Files[0], Offset = 0, Bytes = bytes.Length });
        return this;
    }

    protected override void Dispose(bool disposing)
    {
        foreach (NativeBuffer memory in _memory.Values)
        {
            memory.Release();
        }

        _memory.Clear();
    }

    private sealed class Configuration(JsonElement root) : IModelMetadata
    {
        public IEnumerable<KeyValuePair<string, MetadataValue>> Entries => [];

        public bool TryGet(string key, [NotNullWhen(true)] out MetadataValue? value)
        {
            value = null;
            JsonElement element = root;

            // GGUF's keys have dots in them; config.json's are paths.
            foreach (string part in root.TryGetProperty(key, out _) ? [key] : key.Split('.'))
            {
                if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(part, out element))
                {
                    return false;
                }
            }

            value = element.ValueKind == JsonValueKind.Null ? null : new MetadataValue("json", Read(element));
            return value is not null;
        }

        private static object Read(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.String => element.GetString()!,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => element.TryGetInt64(out long whole) ? whole : element.GetDouble(),
            JsonValueKind.Array when element.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String) => (IReadOnlyList<string>)[.. element.EnumerateArray().Select(e => e.GetString()!)],
            JsonValueKind.Array => (IReadOnlyList<double>)[.. element.EnumerateArray().Select(e => e.GetDouble())],
            _ => element,
        };
    }
}
