namespace LlmToolkit.Engine.Model;

/// <summary>How large the scratch has to be: the largest wish of any block.</summary>
internal sealed class ScratchSize
{
    /// <summary>Width of the hidden state.</summary>
    public int Hidden { get; set; }

    /// <summary>Queries, keys and values of one token.</summary>
    public int Heads { get; set; }

    /// <summary>Attention's result of one token.</summary>
    public int Mixed { get; set; }

    /// <summary>Feed-forward width of one token.</summary>
    public int Inner { get; set; }

    /// <summary>Experts to choose from.</summary>
    public int Experts { get; set; }

    /// <summary>Experts of one token.</summary>
    public int ExpertsUsed { get; set; }

    /// <summary>Bytes of the scratch for <paramref name="rows"/> tokens at a time.</summary>
    public long Bytes(int rows)
    {
        long token = (3L * Hidden) + Heads + (2L * Mixed) + (3L * Inner) + (Experts > 0 ? (2L * Hidden) + Experts + (3L * ExpertsUsed) : 0);
        return rows * token * sizeof(float);
    }
}
