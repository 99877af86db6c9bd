using LlmToolkit.Formats.PyTorch.Zip;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>An open PyTorch checkpoint: one file or a set of shards.</summary>
internal sealed class PyTorchContainer : ModelContainer
{
    private readonly PyTorchSet _set;
    private readonly Dictionary<string, PyTorchTensor> _tensors;
    private readonly Dictionary<ZipEntry, NativeBuffer> _inflated = [];
    private readonly Lock _lock = new();
    private bool _disposed;

    private PyTorchContainer(PyTorchSet set, IReadOnlyList<PyTorchTensor> tensors, IReadOnlyList<PyTorchTensor> weights)
    {
        _set = set;
        _tensors = tensors.ToDictionary(t => t.Info.Name, StringComparer.Ordinal);
        Tensors = [.. tensors.Select(t => t.Info)];
        Metadata = PyTorchMetadata.Of(set.Root);
        Info = PyTorchModelInfo.Of(set.Header, set.Files, weights);
    }

    /// <inheritdoc/>
    public override ModelArtifact Artifact => _set.Artifact;

    /// <inheritdoc/>
    public override IReadOnlyList<ArtifactFile> Files => _set.Files;

    /// <inheritdoc/>
    public override ModelInfo Info { get; }

    /// <inheritdoc/>
    public override NamingScheme Naming => NamingScheme.HuggingFace;

    /// <inheritdoc/>
    public override IModelMetadata Metadata { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Opaque => _set.Opaque;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Imports => _set.Imports;

    /// <summary>Opens strictly: every tensor that can be reached, under the path of its keys.</summary>
    public static PyTorchContainer Open(ModelArtifact artifact) => Open(PyTorchSet.Read(artifact));

    /// <summary>Opens strictly, takes the set over.</summary>
    public static PyTorchContainer Open(PyTorchSet set)
    {
        Accept(set);
        string prefix = PyTorchWeights.Prefix(set.Tensors, set.Root);
        return new PyTorchContainer(set, set.Tensors, [.. set.Tensors.Where(t => t.Info.Name.StartsWith(prefix, StringComparison.Ordinal))]);
    }

    /// <summary>Opens strictly: only the state dict, see <see cref="ToStateDict"/>.</summary>
    public static PyTorchContainer OpenStateDict(ModelArtifact artifact) => Open(artifact).ToStateDict();

    /// <summary>The state dict alone, under the names that the model itself gives its weights, whatever it is nested in or wrapped by. Takes this container over.</summary>
    public PyTorchContainer ToStateDict()
    {
        string nest = PyTorchWeights.Prefix(_set.Tensors, _set.Root);
        List<PyTorchTensor> weights = [.. _set.Tensors.Where(t => t.Info.Name.StartsWith(nest, StringComparison.Ordinal))];
        string prefix = nest + PyTorchWeights.Wrapper([.. weights.Select(t => t.Info.Name[nest.Length..])]);
        if (prefix.Length == 0)
        {
            return this;
        }

        List<PyTorchTensor> renamed = [.. weights.Select(t => t with { Info = t.Info with { Name = t.Info.Name[prefix.Length..] } })];
        return new PyTorchContainer(_set, renamed, renamed);
    }

    /// <inheritdoc/>
    public override TensorData Read(TensorInfo tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!_tensors.TryGetValue(tensor.Name, out PyTorchTensor? known))
        {
            throw new ArgumentException($"The file has no tensor '{Shown.Text(tensor.Name)}'.", nameof(tensor));
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            MappedFile map = _set.Maps[known.Info.File.Path];
            return known.Storage.Deflated is { } entry ? PyTorchValues.Read(Inflated(map, entry, known.Info.File.Path), known) : PyTorchValues.Read(map, known);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Diagnostic> Check() => _set.Findings;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            foreach (NativeBuffer buffer in _inflated.Values)
            {
                buffer.Release();
            }

            _set.Dispose();
        }
    }

    private static void Accept(PyTorchSet set)
    {
        if (set.Refusal is { } refusal)
        {
            set.Dispose();
            throw new ModelException(refusal);
        }
    }

    /// <summary>A deflated storage is inflated once; its tensors share it.</summary>
    private NativeBuffer Inflated(MappedFile map, ZipEntry entry, string file)
    {
        if (!_inflated.TryGetValue(entry, out NativeBuffer? buffer))
        {
            _inflated.Add(entry, buffer = ZipContent.Inflate(map, entry, file));
        }

        return buffer;
    }
}
