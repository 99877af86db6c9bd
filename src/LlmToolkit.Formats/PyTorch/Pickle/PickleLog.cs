namespace LlmToolkit.Formats.PyTorch.Pickle;

/// <summary>What the pickles of one file were seen to do, and what they may still use up.</summary>
internal sealed class PickleLog(string file)
{
    /// <summary>Opcodes of a file. The largest checkpoints known have some hundred thousand tensors of about 40 opcodes.</summary>
    public const int MaxOpcodes = 10_000_000;

    /// <summary>Estimated bytes of managed memory that the values of a file may take.</summary>
    public const long MaxBytes = 128L << 20;

    /// <summary>Findings kept of one file; a hostile one could make millions.</summary>
    private const int MaxFindings = 50;

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private int _opcodes;
    private long _bytes;

    public string File { get; } = file;

    /// <summary>Globals that were met and left inert, in the order met.</summary>
    public List<string> Opaque { get; } = [];

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

    public void Inert(string name)
    {
        if (_names.Add(name))
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
}
