using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>One file or a set of shards, read tolerantly, with its files mapped until disposal.</summary>
internal sealed class PyTorchSet : IDisposable
{
    private PyTorchSet(ModelArtifact artifact) => Artifact = artifact;

    public ModelArtifact Artifact { get; }

    /// <summary>The files: an index first, then the shards.</summary>
    public List<ArtifactFile> Files { get; } = [];

    /// <summary>The mapped files, by path.</summary>
    public Dictionary<string, MappedFile> Maps { get; } = new(StringComparer.Ordinal);

    /// <summary>Every tensor, names unique.</summary>
    public List<PyTorchTensor> Tensors { get; } = [];

    /// <summary>What is wrong or worth knowing.</summary>
    public List<Diagnostic> Findings { get; } = [];

    /// <summary>Globals that were left inert.</summary>
    public List<string> Opaque { get; } = [];

    /// <summary>Globals that were named at all.</summary>
    public List<string> Imports { get; } = [];

    /// <summary>True when every file is there and its pickle was read to its end: then no tensor is missing from the list.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Header of the (first) file.</summary>
    public PyTorchHeader Header { get; private set; } = new();

    /// <summary>The pickled object of the (first) file.</summary>
    public object? Root { get; private set; }

    /// <summary>The first finding that forbids opening, or null.</summary>
    public Diagnostic? Refusal => Findings.Find(f => f.Severity >= Severity.High);

    /// <summary>Reads a file, or the set that an index or a shard belongs to.</summary>
    /// <exception cref="ModelException">Not even the index can be read, or the file is empty.</exception>
    public static PyTorchSet Read(ModelArtifact artifact)
    {
        if (artifact.IsDirectory)
        {
            throw PyTorchErrors.NotPyTorch(artifact.Path, []);
        }

        PyTorchSet set = new(artifact);
        try
        {
            if (PyTorchIndex.Find(artifact) is { } index)
            {
                set.ReadShards(index);
            }
            else
            {
                set.AddFile(artifact.Files[0]);
            }

            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (MappedFile map in Maps.Values)
        {
            map.Release();
        }

        Maps.Clear();
    }

    private List<PyTorchTensor> ReadFile(ArtifactFile file)
    {
        MappedFile map = MappedFile.Open(file);
        file = map.File;
        Maps.Add(file.Path, map);
        Files.Add(file);
        PyTorchFile read = PyTorchReader.Read(map, file);
        List<PyTorchTensor> tensors = PyTorchTensors.Collect(read);
        Findings.AddRange(read.Findings);
        IsComplete &= read.IsWhole;
        Imports.AddRange(read.Imports.Except(Imports, StringComparer.Ordinal).ToList());
        Opaque.AddRange(read.Opaque.Except(Opaque, StringComparer.Ordinal).ToList());
        if (Maps.Count == 1)
        {
            (Header, Root) = (read.Header, read.Root);
        }

        return tensors;
    }

    private void AddFile(ArtifactFile file) => Tensors.AddRange(ReadFile(file));

    private void ReadShards(PyTorchIndex index)
    {
        if (index.File is not null)
        {
            Files.Add(index.File);
        }

        List<string> missing = [];
        Dictionary<string, string> homes = new(StringComparer.Ordinal);
        foreach (string shard in index.Shards)
        {
            if (!ModelFolder.Exists(Artifact.Directory, shard))
            {
                missing.Add(shard);
                continue;
            }

            AddShard(ReadFile(ModelFolder.File(Artifact.Directory, shard)), shard, index, homes);
        }

        if (missing.Count > 0)
        {
            IsComplete = false;
            Findings.Insert(0, PyTorchSetErrors.MissingShard(Artifact.Path, missing, index.Shards.Count));
        }
    }

    private void AddShard(List<PyTorchTensor> tensors, string shard, PyTorchIndex index, Dictionary<string, string> homes)
    {
        List<string> foreign = [];
        HashSet<string> expected = new(index.TensorsOf(shard), StringComparer.Ordinal);
        foreach (PyTorchTensor tensor in tensors)
        {
            string name = tensor.Info.Name;
            if (!homes.TryAdd(name, shard))
            {
                Findings.Add(PyTorchSetErrors.DoubledTensor(Artifact.Path, name, homes[name], shard));
            }
            else if (index.IsComplete && !expected.Remove(name))
            {
                foreign.Add(name);
            }
            else
            {
                Tensors.Add(tensor);
            }
        }

        if (foreign.Count > 0)
        {
            Findings.Add(PyTorchSetErrors.ForeignTensor(Artifact.Path, shard, foreign));
        }

        if (index.IsComplete && expected.Count > 0)
        {
            Findings.Add(PyTorchSetErrors.MissingTensor(Artifact.Path, shard, expected));
        }
    }
}
