using CsCheck;

namespace LlmToolkit.Fuzz;

/// <summary>A reader with the valid files that its inputs are made of.</summary>
internal abstract class FuzzTarget : IDisposable
{
    private readonly Lazy<IReadOnlyList<FuzzSeed>> _seeds;
    private readonly Dictionary<string, FileStream> _open = new(StringComparer.Ordinal);
    private string _folder = "";

    /// <summary>Prepares the seeds when they are first asked for.</summary>
    protected FuzzTarget() => _seeds = new(Seeds);

    /// <summary>The name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>What the inputs showed.</summary>
    public Tally Tally { get; } = new();

    /// <summary>The inputs.</summary>
    public Gen<FuzzInput> Inputs => FuzzInput.Of(_seeds.Value.Count);

    /// <summary>The valid files.</summary>
    public IReadOnlyList<FuzzSeed> All => _seeds.Value;

    /// <summary>Writes an input and reads it; says what rule the reader broke, or null.</summary>
    public string? Judge(FuzzInput input) => Judge(All[input.Seed].Files, Mutator.Apply(All, input));

    /// <summary>Writes files and reads them; says what rule the reader broke, or null.</summary>
    public string? Judge(string[] names, byte[]?[] files)
    {
        string path = Write(names, files);
        string? violation = Rules.Run(Tally, MostAllocated, () => Read(path));
        // Processor time grows on a machine that is short of caches and cores: what takes long takes long twice.
        return violation == Rules.TooSlow ? Rules.Run(Tally, MostAllocated, () => Read(path)) : violation;
    }

    /// <summary>Reads the valid files; says which of them are not accepted.</summary>
    public IEnumerable<string> RefusedSeeds()
    {
        foreach (FuzzSeed seed in All.Where(s => s.IsSound))
        {
            long accepted = Tally.Accepted;
            string? violation = Judge(seed.Files, seed.Bytes);
            if (violation is not null || Tally.Accepted == accepted)
            {
                yield return $"{Name}, {seed.Name}: {violation ?? Tally.LastRefusal?.Message}";
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FileStream stream in _open.Values)
        {
            stream.Dispose();
        }

        if (_folder.Length > 0)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Most managed bytes that reading one input, of at most 1 MiB, may allocate: in all, also what is dropped at once.</summary>
    protected virtual long MostAllocated => 256L << 20;

    /// <summary>Makes the seeds.</summary>
    protected abstract IReadOnlyList<FuzzSeed> Seeds();

    /// <summary>Reads what lies at a path; true: it was accepted.</summary>
    /// <exception cref="ModelException">It was refused.</exception>
    /// <exception cref="ViolationException">The reader broke a rule.</exception>
    protected abstract bool Read(string path);

    /// <summary>What is opened of a set of files: the first, or their folder.</summary>
    protected virtual string Entry(string folder, string[] names) => Path.Combine(folder, names[0]);

    /// <summary>Writes files into a folder of this target, in memory where the system has such a place. Files stay open between inputs: that is most of the speed.</summary>
    private string Write(string[] names, byte[]?[] files)
    {
        if (_folder.Length == 0)
        {
            string memory = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
            _folder = Directory.CreateDirectory(Path.Combine(memory, $"llmtk-fuzz-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;
        }

        // Each set of names has a folder of its own, so that its files can stay open.
        string folder = Path.Combine(_folder, string.Join('+', names));
        _ = Directory.CreateDirectory(folder);
        for (int i = 0; i < names.Length; i++)
        {
            Write(Path.Combine(folder, names[i]), files[i]);
        }

        return Entry(folder, names);
    }

    private void Write(string path, byte[]? bytes)
    {
        bool isLink = Mutator.Links.Contains(bytes);
        if (bytes is null || isLink)
        {
            if (_open.Remove(path, out FileStream? old))
            {
                old.Dispose();
            }

            File.Delete(path);
            if (isLink)
            {
                File.CreateSymbolicLink(path, System.Text.Encoding.ASCII.GetString(bytes.AsSpan(1)));
            }

            return;
        }

        if (!_open.TryGetValue(path, out FileStream? stream))
        {
            File.Delete(path);
            _open[path] = stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
        }

        RandomAccess.Write(stream.SafeFileHandle, bytes, 0);
        RandomAccess.SetLength(stream.SafeFileHandle, bytes.Length);
    }
}
