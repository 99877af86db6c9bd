namespace LlmToolkit.Engine.Scan;

/// <summary>What a pass over stored values found. Facts of neighbouring pieces add up.</summary>
/// <remarks>Of block types the values are the blocks' scales: they decide whether any weight is finite, zero or far too large.</remarks>
internal struct ValueFacts
{
    /// <summary>Nothing seen yet.</summary>
    public ValueFacts()
    {
    }

    /// <summary>Values seen.</summary>
    public long Count { get; set; }

    /// <summary>Infinite values and those that are no numbers.</summary>
    public long NotFinite { get; set; }

    /// <summary>Index of the first such value, of a weight also in block types; -1: there is none.</summary>
    public long FirstNotFinite { get; set; } = -1;

    /// <summary>Largest magnitude of a finite value.</summary>
    public double MaxAbs { get; set; }

    /// <summary>Sum of the squares of the finite values.</summary>
    public double SumSquares { get; set; }

    /// <summary>True when not all values have the same bits (in block types: not all blocks have the same bytes).</summary>
    public bool Varies { get; set; }

    /// <summary>Root of the mean square of the finite values; 0 where there is none.</summary>
    public readonly double Rms => Count > NotFinite ? Math.Sqrt(SumSquares / (Count - NotFinite)) : 0;

    /// <summary>Adds the facts of the values that follow.</summary>
    /// <param name="next">Their facts, their indices counted from their own start.</param>
    /// <param name="weightsBefore">Index of their first weight.</param>
    /// <param name="sameStart">True when their first value (or block) has the same bits as this one's first.</param>
    public void Add(ValueFacts next, long weightsBefore, bool sameStart)
    {
        Varies |= next.Varies || (Count > 0 && !sameStart);
        Count += next.Count;
        NotFinite += next.NotFinite;
        FirstNotFinite = FirstNotFinite < 0 && next.FirstNotFinite >= 0 ? weightsBefore + next.FirstNotFinite : FirstNotFinite;
        MaxAbs = Math.Max(MaxAbs, next.MaxAbs);
        SumSquares += next.SumSquares;
    }
}
