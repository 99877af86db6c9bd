namespace LlmToolkit.Formats.PyTorch.Pickle;

/// <summary>What the pickles of one file were seen to do, and what they may still use up.</summary>
/// <param name="file">The file.</param>
/// <param name="entry">The entry of an archive that is read; null: the file itself, or the one pickle that counts.</param>
/// <param name="opcodes">Opcodes that others of the file have used up.</param>
internal sealed class PickleLog(string file, string? entry = null, int opcodes = 0)
{
    /// <summary>Opcodes of a file. The largest checkpoints known have some hundred thousand tensors of about 40 opcodes.</summary>
    public const int MaxOpcodes = 10_000_000;

    /// <summary>Estimated bytes of managed memory that the values of a file may take.</summary>
    public const long MaxBytes = 128L << 20;

    /// <summary>Findings kept of one file; a hostile one could make millions.</summary>
    private const int MaxFindings = 50;

    /// <summary>Globals kept by name; a hostile file could name millions.</summary>
    private const int MaxImports = 10_000;

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _imported = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private int _opcodes = opcodes;
    private long _bytes;

    public string File { get; } = file;

    /// <summary>The entry of an archive that is read; null: the file itself, or the one pickle that counts.</summary>
    public string? Entry { get; } = entry;

    /// <summary>Globals that were met and left inert, in the order met.</summary>
    public List<string> Opaque { get; } = [];

    /// <summary>Every global that was named, in the order met.</summary>
    public List<string> Imports { get; } = [];

    /// <summary>Opcodes that would have run something: calls, objects made, states set.</summary>
    public int Calls { get; set; }

    /// <summary>Opcodes seen.</summary>
    public int Opcodes => _opcodes;

    /// <summary>Reasons to refuse the file that did not stop the reading.</summary>
    public List<Diagnostic> Findings { get; } = [];

    public void CountOpcode()
    {
        if (++_opcodes > MaxOpcodes)
        {
            throw PyTorchErrors.PickleLimit(File, "The number of opcodes", _opcodes, MaxOpcodes);
        }
    }

    public void Charge(long bytes)
    {
        _bytes += bytes;
        if (_bytes > MaxBytes)
        {
            throw PyTorchErrors.PickleLimit(File, "The memory that the pickle's values need", _bytes, MaxBytes);
        }
    }

    public void Import(string name)
    {
        if (Imports.Count < MaxImports && _imported.Add(name))
        {
            Imports.Add(name);
        }
    }

    public void Inert(string name)
    {
        if (Opaque.Count < MaxImports && _names.Add(name))
        {
            Opaque.Add(name);
        }
    }

    /// <summary>Notes a fault once for each subject; what says so is made only then.</summary>
    public void Refuse(string subject, Func<Diagnostic> finding)
    {
        if (Findings.Count < MaxFindings && _refused.Add(subject))
        {
            Findings.Add(finding());
        }
    }

    /// <summary>Forgets what was named: the bytes were no pickle.</summary>
    public void Clear()
    {
        Findings.Clear();
        Opaque.Clear();
        Imports.Clear();
    }
}
