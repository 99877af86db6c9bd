using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>An open GGUF: one file, or a split set.</summary>
internal sealed class GgufContainer : ModelContainer
{
    private readonly IReadOnlyList<MappedFile> _maps;
    private readonly Dictionary<string, MappedFile> _mapByPath;
    private readonly GgufHeader _first;
    private readonly List<Diagnostic> _warnings;
    private bool _disposed;

    private GgufContainer(ModelArtifact artifact, IReadOnlyList<MappedFile> maps, IReadOnlyList<GgufHeader> headers)
    {
        Artifact = artifact;
        _maps = maps;
        _mapByPath = maps.ToDictionary(m => m.File.Path);
        _first = headers[0];
        Files = [.. maps.Select(m => m.File)];
        Tensors = headers.Count == 1 ? headers[0].Tensors : [.. headers.SelectMany(h => h.Tensors)];
        _warnings = [.. headers.SelectMany(h => h.Findings.All)];
        if (GgufKind.NotAModel(Metadata, Tensors) is var (what, fix, isUsable))
        {
            _warnings.Add(GgufErrors.NotAModel(Files[0].Path, what, fix, isUsable));
        }

        Info = GgufModelInfo.Read(_first, Tensors, Files);
        if (Info.Tokenizer is not null)
        {
            Tokenizer = new TokenizerSource { Metadata = Metadata, Lease = LeaseMetadata };
        }
    }

    /// <inheritdoc/>
    public override ModelArtifact Artifact { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<ArtifactFile> Files { get; }

    /// <inheritdoc/>
    public override ModelInfo Info { get; }

    /// <inheritdoc/>
    public override NamingScheme Naming => NamingScheme.Gguf;

    /// <inheritdoc/>
    public override IModelMetadata Metadata => _first.Metadata;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public override TokenizerSource? Tokenizer { get; }

    /// <inheritdoc/>
    public override string? ChatTemplate => GgufModelInfo.ChatTemplate(Metadata);

    /// <inheritdoc/>
    public override GenerateOptions GenerationDefaults => GgufModelInfo.Sampling(Metadata);

    /// <inheritdoc/>
    public override IReadOnlyList<int> EndTokens => GgufModelInfo.EndTokens(Metadata);

    /// <inheritdoc/>
    public override PoolingOptions Pooling => GgufModelInfo.Pooling(Metadata);

    /// <summary>Long values of the metadata are decoded from the first file when asked for.</summary>
    private MappingLease LeaseMetadata()
    {
        _maps[0].AddReference();
        return new MappingLease(_maps[0]);
    }

    /// <summary>Opens a file with all parts of its set.</summary>
    /// <param name="artifact">What was named.</param>
    /// <param name="file">The file to open: <paramref name="artifact"/>, or the one chosen in it.</param>
    /// <exception cref="ModelException">The bytes are refused, or parts are missing.</exception>
    public static GgufContainer Open(ModelArtifact artifact, ArtifactFile file)
    {
        List<MappedFile> maps = [];
        try
        {
            MappedFile named = MappedFile.Open(file);
            maps.Add(named);
            GgufHeader header = GgufHeader.Read(named);
            header.Findings.ThrowIfFaulty();
            IReadOnlyList<ArtifactFile> parts = GgufSplit.Parts(named, header);
            if (parts.Count == 1)
            {
                return new GgufContainer(artifact, maps, [header]);
            }

            // The named part may be any: put the set in order, the named one is mapped already.
            maps.Clear();
            GgufHeader[] headers = new GgufHeader[parts.Count];
            for (int i = 0; i < parts.Count; i++)
            {
                bool isNamed = parts[i].Path == named.File.Path;
                MappedFile map = isNamed ? named : MappedFile.Open(parts[i]);
                maps.Add(map);
                headers[i] = isNamed ? header : GgufHeader.Read(map);
                headers[i].Findings.ThrowIfFaulty();
            }

            GgufSplit.Check(parts, headers);
            return new GgufContainer(artifact, maps, headers);
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
        return Read(_mapByPath[tensor.File.Path], tensor);
    }

    /// <summary>The values of a tensor in a mapping: in place, or swapped into memory of their own.</summary>
    public static TensorData Read(MappedFile map, TensorInfo tensor) => tensor.BigEndian ? GgufBigEndian.Read(map, tensor) : map.Tensor(tensor);

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
