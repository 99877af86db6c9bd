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

    public TinyContainer(string config)
    {
        _metadata = new Configuration(JsonDocument.Parse(config).RootElement);
        Info = new ModelInfo
        {
            Format = "memory",
            FileBytes = 0,
            Architecture = _metadata.Text("model_type"),
            ContextLength = (int?)_metadata.Int64("max_position_embeddings", "n_positions"),
        };
    }

    /// <summary>The values of every tensor, for the reference.</summary>
    public Dictionary<string, float[]> Values { get; } = [];

    public override ModelArtifact Artifact => _artifact;

    public override IReadOnlyList<ArtifactFile> Files => _artifact.Files;

    public override ModelInfo Info { get; }

    public override NamingScheme Naming => NamingScheme.HuggingFace;

    public override IModelMetadata Metadata => _metadata;

    public override IReadOnlyList<TensorInfo> Tensors => _tensors;

    /// <summary>Adds a tensor of normal values around <paramref name="mean"/>.</summary>
    public TinyContainer Add(string name, double mean, double deviation, params long[] shape)
    {
        TensorShape dimensions = new(shape);
        float[] values = new float[dimensions.Elements];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(mean + (deviation * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble())));
        }

        NativeBuffer memory = new(values.Length * sizeof(float));
        MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(memory.Span(0, values.Length * sizeof(float)));
        _memory[name] = memory;
        Values[name] = values;
        _tensors.Add(new TensorInfo { Name = name, DType = DTypes.F32, Shape = dimensions, File = _artifact.Files[0], Offset = 0, Bytes = values.Length * sizeof(float) });
        return this;
    }

    /// <summary>A matrix [out, in], scaled so that outputs have a deviation of about 1.</summary>
    public TinyContainer Matrix(string name, long rows, long columns) => Add(name, 0, 1.2 / Math.Sqrt(columns), rows, columns);

    /// <summary>A vector around <paramref name="mean"/>.</summary>
    public TinyContainer Vector(string name, long count, double mean = 0) => Add(name, mean, 0.3, count);

    public override TensorData Read(TensorInfo tensor) => new(tensor, _memory[tensor.Name].Address, _memory[tensor.Name]);

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
            foreach (string part in key.Split('.'))
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
