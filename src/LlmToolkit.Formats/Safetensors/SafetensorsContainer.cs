using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>Open safetensors weights: one file, or all shards of a set.</summary>
internal sealed class SafetensorsContainer : ModelContainer
{
    private readonly IReadOnlyList<MappedFile> _maps;
    private readonly Dictionary<string, MappedFile> _mapByPath;
    private readonly List<Diagnostic> _warnings;
    private bool _disposed;

    private SafetensorsContainer(ModelArtifact artifact, IReadOnlyList<MappedFile> maps, IReadOnlyList<SafetensorsHeader> headers, SafetensorsIndex? index)
    {
        Artifact = artifact;
        _maps = maps;
        _mapByPath = maps.ToDictionary(m => m.File.Path);
        _warnings = [.. headers.SelectMany(h => h.Findings.All)];
        Files = [.. maps.Select(m => m.File)];
        Tensors = index is null ? headers[0].Tensors : index.Merge(headers, _warnings);
        Metadata = new SafetensorsMetadata(headers.SelectMany(h => h.Metadata));
        Info = SafetensorsModelInfo.Read(Tensors, Files);
    }

    /// <inheritdoc/>
    public override ModelArtifact Artifact { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<ArtifactFile> Files { get; }

    /// <inheritdoc/>
    public override ModelInfo Info { get; }

    /// <inheritdoc/>
    public override NamingScheme Naming => NamingScheme.HuggingFace;

    /// <inheritdoc/>
    public override IModelMetadata Metadata { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>Opens a file, an index, or any shard: the whole set is meant.</summary>
    /// <exception cref="ModelException">The bytes are refused, or files are missing.</exception>
    public static SafetensorsContainer Open(ModelArtifact artifact)
    {
        SafetensorsIndex? index = SafetensorsIndex.Of(artifact.Files[0]);
        List<MappedFile> maps = [];
        try
        {
            List<SafetensorsHeader> headers = [];
            foreach (ArtifactFile file in index?.Files ?? artifact.Files)
            {
                MappedFile map = MappedFile.Open(file);
                maps.Add(map);
                SafetensorsHeader header = SafetensorsHeader.Read(map);
                header.Findings.ThrowIfFaulty();
                headers.Add(header);
            }

            return new SafetensorsContainer(artifact, maps, headers, index);
        }
        catch
        {
            foreach (MappedFile map in maps)
            {
                map.Release();
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public override TensorData Read(TensorInfo tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _mapByPath[tensor.File.Path].Tensor(tensor);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Diagnostic> Check() => _warnings;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_disposed || !disposing)
        {
            return;
        }

        _disposed = true;
        foreach (MappedFile map in _maps)
        {
            map.Release();
        }
    }
}
