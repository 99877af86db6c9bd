using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Blocks;

/// <summary>Rotates queries and keys by their position.</summary>
internal unsafe interface IRope
{
    /// <summary>The frequencies: which angles a position has.</summary>
    RopeFrequencies Frequencies { get; }

    /// <summary>Which of the pass's tables of cosines and sines is this rope's.</summary>
    int Table { get; }

    /// <summary>Rotates one head in place.</summary>
    void Rotate(float* head, float* cos, float* sin);
}

/// <summary>Pairs (i, i + half) of the rotated part of a head: GPT-NeoX's layout, and nearly everyone's.</summary>
internal sealed unsafe class HalfSplitRope(RopeFrequencies frequencies, int table) : IRope
{
    public RopeFrequencies Frequencies => frequencies;

    public int Table => table;

    public void Rotate(float* head, float* cos, float* sin) => Elementwise.RopeHalves(Simd.Level, head, cos, sin, frequencies.Pairs);
}

/// <summary>Pairs (2i, 2i + 1): GPT-J's layout.</summary>
internal sealed unsafe class PairsRope(RopeFrequencies frequencies, int table) : IRope
{
    public RopeFrequencies Frequencies => frequencies;

    public int Table => table;

    public void Rotate(float* head, float* cos, float* sin) => Elementwise.RopePairs(Simd.Level, head, cos, sin, frequencies.Pairs);
}
