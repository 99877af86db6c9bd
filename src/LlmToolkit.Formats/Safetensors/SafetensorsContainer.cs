using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>Open safetensors weights: one file, or all shards of a set.</summary>
internal sealed class SafetensorsContainer : ModelContainer
{
    private readonly SafetensorsSet _set;
    private readonly Dictionary<string, MappedFile> _mapByPath;
    private bool _disposed;

    private SafetensorsContainer(SafetensorsSet set)
    {
        _set = set;
        _mapByPath = set.Maps.ToDictionary(m => m.File.Path);
        Files = [.. set.Maps.Select(m => m.File)];
        Info = set.Info;
    }

    /// <inheritdoc/>
    public override ModelArtifact Artifact => _set.Artifact;

    /// <inheritdoc/>
    public override IReadOnlyList<ArtifactFile> Files { get; }

    /// <inheritdoc/>
    public override ModelInfo Info { get; }

    /// <inheritdoc/>
    public override NamingScheme Naming => NamingScheme.HuggingFace;

    /// <inheritdoc/>
    public override IModelMetadata Metadata => _set.Metadata;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors => _set.Tensors;

    /// <summary>Opens strictly a file, an index, or any shard: the whole set is meant.</summary>
    /// <exception cref="ModelException">The bytes are refused, or files are missing.</exception>
    public static SafetensorsContainer Open(ModelArtifact artifact) => Open(SafetensorsSet.Read(artifact));

    /// <summary>Opens strictly, takes the set over.</summary>
    /// <exception cref="ModelException">The set has a grave finding.</exception>
    public static SafetensorsContainer Open(SafetensorsSet set)
    {
        if (set.Findings.Find(f => f.Severity >= Severity.High) is not { } fault)
        {
            return new SafetensorsContainer(set);
        }

        set.Dispose();
        throw new ModelException(fault);
    }

    /// <inheritdoc/>
    public override TensorData Read(TensorInfo tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _mapByPath[tensor.File.Path].Tensor(tensor);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Diagnostic> Check() => _set.Findings;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_disposed || !disposing)
        {
            return;
        }

        _disposed = true;
        _set.Dispose();
    }
}
