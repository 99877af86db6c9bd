namespace LlmToolkit;

/// <summary>A tolerant view of a file: what can be known, and what is wrong.</summary>
public sealed class ModelDescription : IDisposable
{
    private readonly Func<TensorInfo, TensorData?>? _read;
    private IDisposable? _kept;

    /// <summary>Describes a container that opened.</summary>
    public ModelDescription(ModelContainer container)
    {
        Container = container ?? throw new ArgumentNullException(nameof(container));
        Artifact = container.Artifact;
        Files = container.Files;
        Info = container.Info;
        Metadata = container.Metadata;
        Tensors = container.Tensors;
        Opaque = container.Opaque;
        Imports = container.Imports;
        Findings = container.Check();
    }

    /// <summary>Describes what could be read of a file that did not open.</summary>
    /// <param name="artifact">The file.</param>
    /// <param name="findings">What is wrong; not empty.</param>
    /// <param name="read">Gives a tensor's values when its bytes can be located; null where they cannot.</param>
    public ModelDescription(ModelArtifact artifact, IReadOnlyList<Diagnostic> findings, Func<TensorInfo, TensorData?>? read = null)
    {
        Artifact = artifact ?? throw new ArgumentNullException(nameof(artifact));
        Files = artifact.Files;
        Findings = findings;
        _read = read;
    }

    /// <summary>What was named.</summary>
    public ModelArtifact Artifact { get; }

    /// <summary>Every file that belongs to it.</summary>
    public IReadOnlyList<ArtifactFile> Files { get; init; }

    /// <summary>The facts that could be had.</summary>
    public ModelInfo? Info { get; init; }

    /// <summary>The metadata that could be read.</summary>
    public IModelMetadata? Metadata { get; init; }

    /// <summary>The tensors that could be located.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; init; } = [];

    /// <summary>What is wrong or worth knowing.</summary>
    public IReadOnlyList<Diagnostic> Findings { get; init; }

    /// <summary>For PyTorch: the globals that were met and left inert, as <c>module.name</c>.</summary>
    public IReadOnlyList<string> Opaque { get; init; } = [];

    /// <summary>For PyTorch: every global that its pickles name, as <c>module.name</c>, in the order met; loading the file in Python would import them. Default: none.</summary>
    public IReadOnlyList<string> Imports { get; init; } = [];

    /// <summary>Name of the known layout that was used for a version newer than known; else null.</summary>
    public string? CompatibilityMode { get; init; }

    /// <summary>The open container, when the file is valid.</summary>
    public ModelContainer? Container { get; }

    /// <summary>The values of a tensor whose bytes lie in the file, also of a file that is refused for other reasons; null where they do not.</summary>
    public TensorData? TryRead(TensorInfo tensor) => Container is not null ? Container.Read(tensor) : _read?.Invoke(tensor);

    /// <summary>What <see cref="Metadata"/> and <see cref="TryRead"/> read from; disposed with the description.</summary>
    public IDisposable? Resource { get; init; }

    /// <summary>True when only parts of the files are on this disk: the values of tensors are not at hand.</summary>
    public bool IsPartial => _kept is not null;

    /// <summary>Keeps what the files are read through until this is disposed; it makes the description one of parts.</summary>
    public void KeepUntilDisposed(IDisposable parts) => _kept = parts;

    /// <inheritdoc/>
    public void Dispose()
    {
        Container?.Dispose();
        Resource?.Dispose();
        _kept?.Dispose();
    }
}
