namespace LlmToolkit.Formats.Shared;

/// <summary>What a reader found wrong. Of a hostile file with a fault in each of its entries, the first ones are enough.</summary>
internal sealed class Findings
{
    /// <summary>Most findings kept of one file.</summary>
    public const int Most = 64;

    private readonly List<Diagnostic> _all = [];

    /// <summary>The findings, in the order they were made.</summary>
    public IReadOnlyList<Diagnostic> All => _all;

    /// <summary>The first finding that refuses the file; null: it is fit to open.</summary>
    public Diagnostic? Fault { get; private set; }

    /// <summary>Adds a finding.</summary>
    public void Add(Diagnostic finding)
    {
        if (finding.Severity >= Severity.High)
        {
            Fault ??= finding;
        }

        if (_all.Count < Most)
        {
            _all.Add(finding);
        }
    }

    /// <summary>Throws the first finding that refuses the file.</summary>
    /// <exception cref="ModelException">There is one.</exception>
    public void ThrowIfFaulty()
    {
        if (Fault is not null)
        {
            throw new ModelException(Fault);
        }
    }
}
