using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>One file or a set of shards, read tolerantly, with its files mapped until disposal. Without a grave finding it is fit to open.</summary>
internal sealed class SafetensorsSet : IDisposable
{
    private readonly List<MappedFile> _maps = [];
    private bool _disposed;

    private SafetensorsSet(ModelArtifact artifact) => Artifact = artifact;

    /// <summary>What was named.</summary>
    public ModelArtifact Artifact { get; }

    /// <summary>The mapped files, in the set's order.</summary>
    public IReadOnlyList<MappedFile> Maps => _maps;

    /// <summary>The tensors located: of an index, those that it lists.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; private set; } = [];

    /// <summary>The texts of <c>__metadata__</c> of all files.</summary>
    public SafetensorsMetadata Metadata { get; private set; } = new([]);

    /// <summary>What is wrong or worth knowing.</summary>
    public List<Diagnostic> Findings { get; } = [];

    /// <summary>True when every file is there and every header was read to its end.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>True when at least one file is what it should be: a length and the start of an object.</summary>
    public bool IsSafetensors { get; private set; }

    /// <summary>The facts of the set.</summary>
    public ModelInfo Info => SafetensorsModelInfo.Read(Tensors, [.. _maps.Select(m => m.File)], IsComplete);

    /// <summary>Reads a file, an index, or any shard: the whole set is meant.</summary>
    /// <exception cref="ModelException">The index that was named cannot be read, or the file cannot be opened.</exception>
    public static SafetensorsSet Read(ModelArtifact artifact)
    {
        SafetensorsSet set = new(artifact);
        try
        {
            set.Read();
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>The values of a tensor; null where its bytes do not lie in the file.</summary>
    public TensorData? TryRead(TensorInfo tensor) => _maps.Find(m => m.File.Path == tensor.File.Path) is { } map && map.Holds(tensor) ? map.Tensor(tensor) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (MappedFile map in _maps)
        {
            map.Release();
        }
    }

    private void Read()
    {
        List<SafetensorsHeader> headers = [];
        SafetensorsIndex? index = Index();
        foreach (ArtifactFile file in index?.Files ?? Artifact.Files)
        {
            MappedFile map = MappedFile.Open(file);
            _maps.Add(map);
            SafetensorsHeader header = SafetensorsHeader.Read(map);
            headers.Add(header);
            Findings.AddRange(header.Findings.All);
            IsComplete &= header.IsComplete;
            IsSafetensors |= header.DataStart > 0;
        }

        if (index?.Missing is { Count: > 0 } missing)
        {
            IsComplete = false;
            Findings.Insert(0, SafetensorsErrors.ShardsMissing(index.Path, missing, missing.Count + index.Files.Count));
        }

        Tensors = index is null ? headers[0].Tensors : index.Merge(headers, IsComplete, Findings);
        Metadata = new SafetensorsMetadata(headers.SelectMany(h => h.Metadata));
    }

    /// <summary>A faulty index beside a shard is a finding: the shard can be described without.</summary>
    private SafetensorsIndex? Index()
    {
        ArtifactFile file = Artifact.Files[0];
        try
        {
            return SafetensorsIndex.Of(file);
        }
        catch (ModelException e) when (!SafetensorsIndex.IsIndexName(file.Name))
        {
            Findings.Add(e.Diagnostic);
            return null;
        }
    }
}
