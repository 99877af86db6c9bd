using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using LlmToolkit;

namespace Acme.Tens;

/// <summary>A format of a user's own: a text file of <c>key value</c> lines, then <c>tensor NAME SHAPE</c> lines, each followed by a line of numbers.</summary>
public sealed class TensFormat : IModelFormat
{
    /// <inheritdoc/>
    public string Name => "tens";

    /// <inheritdoc/>
    public string Summary => "tensors written as text";

    /// <inheritdoc/>
    public FormatMatch Probe(ModelArtifact artifact, ProbeBytes bytes) =>
        bytes.Head.StartsWith("tens 1\n"u8) ? new FormatMatch(0.9, "begins with the line \"tens 1\"") : FormatMatch.None;

    /// <inheritdoc/>
    public ModelContainer Open(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        string[] lines = File.ReadAllLines(artifact.Path);
        return lines.Contains("crash") ? throw new TensDongleException() : new TensContainer(artifact, lines);
    }

    /// <inheritdoc/>
    public ModelDescription Describe(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        try
        {
            return new ModelDescription(Open(artifact));
        }
        catch (ModelException e)
        {
            return new ModelDescription(artifact, [e.Diagnostic]) { Info = new ModelInfo { Format = Name, FileBytes = artifact.Files[0].Length } };
        }
    }
}

/// <summary>What a library of the user's throws.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only thrown here.")]
public sealed class TensDongleException() : Exception("dongle 7 does not answer");

/// <summary>An open .tens file: the numbers in native memory.</summary>
public sealed class TensContainer : ModelContainer
{
    private readonly List<TensorInfo> _tensors = [];
    private readonly TensMetadata _metadata = new();
    private readonly NativeBuffer _values;

    internal TensContainer(ModelArtifact artifact, string[] lines)
    {
        Artifact = artifact;
        List<float> values = [];
        for (int i = 1; i < lines.Length; i++)
        {
            string[] words = lines[i].Split(' ');
            if (words[0] != "tensor")
            {
                _metadata.Add(words[0], words[^1]);
                continue;
            }

            TensorShape shape = new([.. words[2..].Select(w => long.Parse(w, CultureInfo.InvariantCulture))]);
            float[] numbers = i + 1 < lines.Length ? [.. lines[++i].Split(' ').Select(w => float.Parse(w, CultureInfo.InvariantCulture))] : [];
            if (numbers.Length != shape.Elements)
            {
                throw new ModelException(new Diagnostic
                {
                    Code = "TENS01",
                    Kind = FaultKind.Refused,
                    Message = $"{words[1]} has {numbers.Length} numbers, its shape needs {shape.Elements}.",
                    File = artifact.Path,
                    Fixes = ["Write the file again."],
                });
            }

            _tensors.Add(new TensorInfo { Name = words[1], DType = DTypes.F32, Shape = shape, File = artifact.Files[0], Offset = values.Count * sizeof(float), Bytes = numbers.Length * sizeof(float) });
            values.AddRange(numbers);
        }

        _values = new NativeBuffer(values.Count * sizeof(float));
        MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(values)).CopyTo(_values.Span(0, values.Count * sizeof(float)));
        Info = new ModelInfo
        {
            Format = "tens",
            Version = "1",
            FileBytes = artifact.Files[0].Length,
            Architecture = _metadata.Text("model_type"),
            Parameters = values.Count,
            ContextLength = Int("max_position_embeddings"),
            EmbeddingLength = Int("hidden_size"),
            Layers = Int("num_hidden_layers"),
            Heads = Int("num_attention_heads"),
            KvHeads = Int("num_key_value_heads"),
            HeadDim = Int("hidden_size") / Int("num_attention_heads"),
            Vocabulary = Int("vocab_size"),
            BytesByType = new Dictionary<string, long> { ["F32"] = values.Count * sizeof(float) },
        };
    }

    /// <inheritdoc/>
    public override ModelArtifact Artifact { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<ArtifactFile> Files => Artifact.Files;

    /// <inheritdoc/>
    public override ModelInfo Info { get; }

    /// <inheritdoc/>
    public override NamingScheme Naming => NamingScheme.HuggingFace;

    /// <inheritdoc/>
    public override IModelMetadata Metadata => _metadata;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors => _tensors;

    /// <summary>The tokenizer.json that lies beside the file.</summary>
    public override TokenizerSource? Tokenizer => new() { Files = new Dictionary<string, string> { ["tokenizer.json"] = Path.Combine(Artifact.Directory, "tokenizer.json") } };

    /// <inheritdoc/>
    public override TensorData Read(TensorInfo tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new TensorData(tensor, _values.Address + (nint)tensor.Offset, _values);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _values.Release();
        }
    }

    private int? Int(string key) => (int?)_metadata.Int64(key);
}

/// <summary>Keys and values of a .tens file: numbers where they look like numbers.</summary>
internal sealed class TensMetadata : IModelMetadata
{
    private readonly Dictionary<string, MetadataValue> _values = [];

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, MetadataValue>> Entries => _values;

    /// <inheritdoc/>
    public bool TryGet(string key, [NotNullWhen(true)] out MetadataValue? value) => _values.TryGetValue(key, out value);

    public void Add(string key, string text) => _values[key] = long.TryParse(text, CultureInfo.InvariantCulture, out long integer) ? new MetadataValue("number", integer)
        : double.TryParse(text, CultureInfo.InvariantCulture, out double number) ? new MetadataValue("number", number)
        : new MetadataValue("text", text);
}
